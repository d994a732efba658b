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
    /// Lets go of what the method was built with, four fifths of what it holds: 37 KB for a region of average size. The runtime keeps that
    /// for a method that is compiled later, which this one never is.
    /// </summary>
    public void ReleaseBuilder() => Builder?.SetValue(_method, null);

    // Null in a runtime that keeps it elsewhere, where it is then not released.
    private static FieldInfo? Builder { get; } = typeof(DynamicMethod).GetField("_ilGenerator", BindingFlags.Instance | BindingFlags.NonPublic);

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
