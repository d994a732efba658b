using System.Reflection.Emit;
using Emulator.Cli.Listing;

namespace Emulator.Tests.Guards;

/// <summary>The runtime stops optimising methods with too many uses of locals; that it did can be seen, which `emu bench` counts.</summary>
[TestFixture]
public sealed class OptimisationTests
{
    [TestCase(1_000, true)]
    [TestCase(60_000, false)]
    public void A_method_that_is_too_large_is_seen(int uses, bool isOptimized)
    {
        using var methods = new CompiledMethods();
        string name = $"guard_{uses}";
        var method = new DynamicMethod(name, typeof(long), [typeof(long)]);
        var il = method.GetILGenerator();
        var local = il.DeclareLocal(typeof(long));
        for (int i = 0; i < uses / 2; i++)
        {
            il.Emit(OpCodes.Ldloc, local);
            il.Emit(OpCodes.Ldarg_0);
            il.Emit(OpCodes.Xor);
            il.Emit(OpCodes.Stloc, local);
        }

        il.Emit(OpCodes.Ldloc, local);
        il.Emit(OpCodes.Ret);
        Assert.That(method.CreateDelegate<Func<long, long>>()(1), Is.Zero);
        Assert.That(methods.Find(name)?.IsOptimized, Is.EqualTo(isOptimized));
    }
}
