using System.Collections.Concurrent;
using System.Diagnostics.Tracing;

namespace Emulator.Cli.Listing;

/// <summary>A method as the runtime has compiled it.</summary>
/// <param name="Start">Where its machine code is.</param>
/// <param name="Size">Bytes of it.</param>
/// <param name="IsOptimized">False when the runtime gave optimisation up: the method was too large for it.</param>
internal sealed record CompiledMethod(nint Start, int Size, bool IsOptimized);

/// <summary>Listens to the runtime for the size of methods that it compiles, which nothing else tells.</summary>
internal sealed class CompiledMethods : EventListener
{
    private const string Runtime = "Microsoft-Windows-DotNETRuntime";
    private const EventKeywords JitKeyword = (EventKeywords)0x10;
    private const string MethodLoaded = "MethodLoadVerbose";
    private const int TierShift = 7; // three bits of MethodFlags are the tier (dotnet/runtime, ClrEtwAll.man: MethodFlagsMap)
    private const uint TierMask = 7;
    private const uint MinOptJitted = 1;
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(5); // events come some time after the fact

    private readonly ConcurrentDictionary<string, TaskCompletionSource<CompiledMethod>> _methods = new();

    /// <summary>Where a method's machine code is; null when the runtime does not say.</summary>
    /// <param name="name">The method.</param>
    public CompiledMethod? Find(string name)
    {
        try
        {
            return Entry(name).Task.WaitAsync(LongestDelay).GetAwaiter().GetResult();
        }
        catch (TimeoutException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    protected override void OnEventSourceCreated(EventSource eventSource)
    {
        if (eventSource.Name == Runtime) EnableEvents(eventSource, EventLevel.Verbose, JitKeyword);
    }

    /// <inheritdoc/>
    protected override void OnEventWritten(EventWrittenEventArgs eventData)
    {
        if (eventData.EventName?.StartsWith(MethodLoaded, StringComparison.Ordinal) != true || eventData.Payload is null) return;
        if (Value("MethodName") is string name && Value("MethodStartAddress") is ulong start && Value("MethodSize") is uint size)
        {
            Entry(name).TrySetResult(new CompiledMethod((nint)start, (int)size, !WasGivenUp(Value("MethodFlags"))));
        }

        object? Value(string field) => eventData.PayloadNames?.IndexOf(field) is int index and >= 0 ? eventData.Payload[index] : null;
    }

    private static bool WasGivenUp(object? flags) => flags is uint bits && ((bits >> TierShift) & TierMask) == MinOptJitted;

    private TaskCompletionSource<CompiledMethod> Entry(string name) =>
        _methods.GetOrAdd(name, static _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
}
