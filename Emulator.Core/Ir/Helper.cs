using System.Reflection;
using System.Runtime.Intrinsics;
using Emulator.Core.Execution;

namespace Emulator.Core.Ir;

/// <summary>A helper whose result depends on its arguments alone. A static method.</summary>
public delegate ulong PureHelper(ulong a, ulong b, ulong c);

/// <summary>
/// A helper that computes a vector from two vectors and a constant alone. A static method: marked AggressiveInlining when it is one or
/// two operations of <see cref="Vector128"/>, which then stand in generated code, else NoInlining.
/// </summary>
public delegate Vector128<byte> VectorHelper(Vector128<byte> a, Vector128<byte> b, int constant);

/// <summary>
/// As <see cref="VectorHelper"/>, of floating-point arithmetic: what it signals it adds to <paramref name="flags"/>, the hart's
/// accumulated <see cref="FloatingPoint.FloatFlags"/>. AggressiveInlining when it answers most cases in a few operations and leaves the
/// rest to a method that is not inlined.
/// </summary>
public delegate Vector128<byte> VectorFloatHelper(Vector128<byte> a, Vector128<byte> b, int constant, ref ulong flags);

/// <summary>A helper that works on a hart. A static method; it never throws, a guest's mistake is raised with <see cref="VirtualCpu.RaiseFault"/>.</summary>
public delegate ulong CpuHelper(VirtualCpu cpu, ulong a, ulong b, ulong c);

/// <summary>What a <see cref="CpuHelper"/> may do; engines arrange the registers they keep elsewhere accordingly.</summary>
[Flags]
public enum HelperEffects : byte
{
    /// <summary>Touches nothing that the IR can name (it may change fields of the hart object).</summary>
    None = 0,

    /// <summary>Reads guest slots: they are up to date when it is called.</summary>
    ReadsSlots = 1,

    /// <summary>Writes guest slots, besides the destination.</summary>
    WritesSlots = 2,

    /// <summary>May raise a guest fault; then the rest of the instruction is not executed.</summary>
    MayFault = 4,

    /// <summary>Reads or writes guest memory.</summary>
    Memory = 8,

    /// <summary>Called only when its first argument is not 0, else the result is 0: for what is rare. Neither reads nor writes slots.</summary>
    OnCondition = 16,
}

/// <summary>A C# method that translated code can call; one entry of an architecture's <see cref="HelperTable"/>.</summary>
public sealed class Helper
{
    private readonly Delegate _method;

    internal Helper(int index, HelperEffects effects, Delegate method)
    {
        Index = index;
        Effects = effects;
        Pure = method as PureHelper;
        Cpu = method as CpuHelper;
        Vector = method as VectorHelper;
        VectorFloat = method as VectorFloatHelper;
        _method = method;
        if (method.Target is not null) throw new ArgumentException($"helper '{Name}' must be a static method", nameof(method));
    }

    /// <summary>Position in its table.</summary>
    public int Index { get; }

    /// <summary>Name for printing.</summary>
    public string Name => Method.Name;

    /// <summary>Effects, for one that works on a hart.</summary>
    public HelperEffects Effects { get; }

    internal PureHelper? Pure { get; }

    internal CpuHelper? Cpu { get; }

    internal VectorHelper? Vector { get; }

    internal VectorFloatHelper? VectorFloat { get; }

    internal MethodInfo Method => _method.Method; // looked for when it is needed: most helpers are not
}

/// <summary>The helpers of one architecture, filled while its static fields are initialised and not changed afterwards.</summary>
public sealed class HelperTable
{
    private readonly List<Helper> _helpers = [];

    /// <summary>Adds a pure helper.</summary>
    /// <param name="method">A static method; give a method group, marked NoInlining.</param>
    public Helper Add(PureHelper method)
    {
        ArgumentNullException.ThrowIfNull(method);
        return Register(new Helper(_helpers.Count, HelperEffects.None, method));
    }

    /// <summary>Adds a helper on vectors.</summary>
    /// <param name="method">A static method; give a method group.</param>
    public Helper Add(VectorHelper method)
    {
        ArgumentNullException.ThrowIfNull(method);
        return Register(new Helper(_helpers.Count, HelperEffects.None, method));
    }

    /// <summary>Adds a helper of floating-point arithmetic on vectors.</summary>
    /// <param name="method">A static method; give a method group.</param>
    public Helper Add(VectorFloatHelper method)
    {
        ArgumentNullException.ThrowIfNull(method);
        return Register(new Helper(_helpers.Count, HelperEffects.None, method));
    }

    /// <summary>Adds a helper that works on a hart.</summary>
    /// <param name="method">A static method; give a method group, marked NoInlining.</param>
    /// <param name="effects">What it may do.</param>
    public Helper Add(CpuHelper method, HelperEffects effects)
    {
        ArgumentNullException.ThrowIfNull(method);
        const HelperEffects slots = HelperEffects.ReadsSlots | HelperEffects.WritesSlots;
        if (effects.HasFlag(HelperEffects.OnCondition) && (effects & slots) != 0)
        {
            throw new ArgumentException($"helper '{method.Method.Name}' is called on a condition and touches slots", nameof(effects));
        }

        return Register(new Helper(_helpers.Count, effects, method));
    }

    /// <summary>The helper with an index.</summary>
    public Helper this[int index] => _helpers[index];

    /// <summary>How many there are.</summary>
    public int Count => _helpers.Count;

    private Helper Register(Helper helper)
    {
        _helpers.Add(helper);
        return helper;
    }
}
