using Emulator.Benchmarks;

return args is ["guests", .. var rest] ? await GuestComparison.RunAsync(rest) : PartBenchmarks.Run(args);
