using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using Emulator.Core.Execution;

namespace Emulator.Core.Backends.Cil;

/// <summary>
/// A compiled dynamic method and the raw address of its machine code. The address stays good as long as this object is reachable, so
/// whoever stores the address keeps the object too.
/// </summary>
internal sealed class NativeCode
{
    private readonly DynamicMethod _method;

    /// <summary>Compiles a method of the signature <see cref="CreateMethod"/> gives.</summary>
    public NativeCode(DynamicMethod method)
    {
        _method = method;
        var handle = Descriptor(method);
        RuntimeHelpers.PrepareMethod(handle);
        Address = handle.GetFunctionPointer();
    }

    /// <summary>
    /// Lets go of what the method was built with: 45 of the 47 KB of managed memory that a region of average size holds. The runtime keeps
    /// that for a method that is compiled later, which this one never is.
    /// </summary>
    public void ReleaseBuilder()
    {
        BuilderField?.SetValue(_method, null);
        if (ResolverField?.GetValue(_method) is not { } resolver) return;
        foreach (var field in ResolverFields) field.SetValue(resolver, null);
    }

    // Private fields of the runtime: one that keeps things elsewhere does not release them.
    private static FieldInfo? BuilderField { get; } = FieldOf(typeof(DynamicMethod), "_ilGenerator");

    private static FieldInfo? ResolverField { get; } = FieldOf(typeof(DynamicMethod), "_resolver");

    private static FieldInfo[] ResolverFields { get; } = // CIL, tokens, signature of the locals
        [.. new[] { "m_code", "m_scope", "m_localSignature" }.Select(name => FieldOf(ResolverField?.FieldType, name)).OfType<FieldInfo>()];

    private static FieldInfo? FieldOf(Type? type, string name) => type?.GetField(name, BindingFlags.Instance | BindingFlags.NonPublic);

    /// <summary>Address of the machine code.</summary>
    public nint Address { get; }

    /// <summary>Name given when it was created.</summary>
    public string Name => _method.Name;

    /// <summary>A method (state, operation) -> operation.</summary>
    public static DynamicMethod CreateMethod(string name) =>
        new(name, typeof(nint), [typeof(nint), typeof(nint)], typeof(StateBlock).Module, skipVisibility: true) { InitLocals = false };

    /// <summary>Emits an explicit tail call through a function pointer: (state, operation, address) -> return.</summary>
    public static void EmitTailCall(ILGenerator il)
    {
        il.Emit(OpCodes.Tailcall);
        il.EmitCalli(OpCodes.Calli, CallingConventions.Standard, typeof(nint), [typeof(nint), typeof(nint)], null);
        il.Emit(OpCodes.Ret);
    }

    /// <summary>Emits the way into the block whose entry operation a local has the address of.</summary>
    public static void EmitEnter(ILGenerator il, LocalBuilder entry)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldloc, entry);
        il.Emit(OpCodes.Ldloc, entry);
        il.Emit(OpCodes.Ldind_I);
        EmitTailCall(il);
    }

    [UnsafeAccessor(UnsafeAccessorKind.Method, Name = "GetMethodDescriptor")]
    private static extern RuntimeMethodHandle Descriptor(DynamicMethod method);
}
