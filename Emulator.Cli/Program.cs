using Emulator.Cli;

return await CliApplication.RunAsync(args, CliStreams.Standard);
