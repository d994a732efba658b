using Emulator.Cli;

return CliApplication.Run(args, CliStreams.Standard);
