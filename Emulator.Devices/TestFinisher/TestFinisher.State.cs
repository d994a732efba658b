namespace Emulator.Devices;

/// <summary>What a snapshot carries of a <see cref="TestFinisher"/>: nothing, it only passes requests on.</summary>
public readonly record struct TestFinisherState;
