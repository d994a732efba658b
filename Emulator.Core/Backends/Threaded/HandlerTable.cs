using System.Reflection.Emit;
using System.Runtime.Intrinsics;
using Emulator.Core.Backends.Cil;
using Emulator.Core.Execution;
using Emulator.Core.Ir;

namespace Emulator.Core.Backends.Threaded;

/// <summary>The handlers of tier 0: dynamic methods made from the same emitter as compiled regions, each when first needed.</summary>
internal sealed class HandlerTable(Architecture architecture, EngineOptions options)
{
    private const int MaxParts = 6;
    private const int BucketBits = 10; // programs use some hundred operations
    private const int RunBits = 14; // programs have some thousand runs of accesses, few of them often
    private readonly Handler?[] _buckets = new Handler?[1 << BucketBits];
    private readonly ushort[] _blocksWithRun = new ushort[1 << RunBits]; // by the run's hash: those who share a place are common a little sooner
    private int _numbers;

    /// <summary>Address of the code for one operation.</summary>
    public nint Get(HandlerKey key) => AddressOf(Find(key));

    /// <summary>The handler of one operation.</summary>
    public Handler Find(HandlerKey key)
    {
        ref var bucket = ref _buckets[(uint)key.GetHashCode() >> (32 - BucketBits)];
        for (var handler = bucket; handler is not null; handler = handler.NextInBucket)
        {
            if (handler.Key.Equals(key)) return handler;
        }

        return bucket = new Handler(key, key.IsInline ? _numbers++ : Handler.Alone, null) { NextInBucket = bucket };
    }

    /// <summary>The handler of a run of accesses, which a block has; null while that is not common.</summary>
    public Handler? FindRun(HandlerKey key)
    {
        ref ushort blocks = ref _blocksWithRun[(uint)key.GetHashCode() >> (32 - RunBits)];
        if (blocks < options.CommonRun && ++blocks < options.CommonRun) return null;
        return Find(key);
    }

    /// <summary>Finds the handler for the longest common sequence at the start of some operations.</summary>
    /// <param name="parts">The handlers of the operations or runs.</param>
    public Handler FindSequence(ReadOnlySpan<Handler> parts)
    {
        var handler = parts[0];
        int longest = Math.Min(parts.Length, MaxParts);
        for (int count = 1; count < longest && parts[count - 1].MayBeginSequence && parts[count].MayContinueSequence; count++)
        {
            if (handler.Longer(parts[count], options.CommonSequence) is not { } longer) break;
            handler = longer;
        }

        return handler;
    }

    /// <summary>Address of a handler's code.</summary>
    public nint AddressOf(Handler handler) => handler.Address != 0 ? handler.Address : Make(handler);

    private nint Make(Handler handler)
    {
        var keys = new HandlerKey[handler.Parts];
        for (var part = handler; part is not null; part = part.Before) keys[part.Parts - 1] = part.Key;
        handler.Code = Compile(keys, EmitHandler);
        return handler.Address = handler.Code.Address;
    }

    private static NativeCode Compile(HandlerKey[] keys, Action<HandlerKey, ThreadedEmitter, ILGenerator> emit)
    {
        string name = "t0";
        foreach (var key in keys) name += $"_{OpcodeTable.Of(key.Opcode).Name}{NameOf(key.Form)}{(key.BIsImmediate ? "_i" : "")}_{key.Detail:x}";
        var method = NativeCode.CreateMethod(name);
        var il = method.GetILGenerator();
        EmitFrom(0, 0);
        return new NativeCode(method);

        void EmitFrom(int part, int position)
        {
            var key = keys[part];
            bool isLast = part == keys.Length - 1;
            emit(key, new ThreadedEmitter(il, key.BIsImmediate, position, isLast ? null : () => EmitFrom(part + 1, position + key.Length)), il);
        }
    }

    private static string NameOf(HandlerForm form) => form switch
    {
        HandlerForm.Far => "_far",
        HandlerForm.Noting => "_noting",
        HandlerForm.Dropped => "_dropped",
        HandlerForm.Run => "_run",
        _ => "",
    };

    private void EmitHandler(HandlerKey key, ThreadedEmitter emitter, ILGenerator il)
    {
        switch (key.Opcode)
        {
            case >= Opcode.Load8U and <= Opcode.Store64 when key.Form == HandlerForm.Run:
                RunHandlers.Emit(key, emitter, il, Get(AccessRun.FirstOf(key)));
                break;
            case (>= Opcode.Load8U and <= Opcode.Store64) or Opcode.VectorLoad or Opcode.VectorStore:
                EmitMemory(key, emitter, il);
                break;
            case Opcode.Fence:
                il.Emit(OpCodes.Call, typeof(Interlocked).GetMethod(nameof(Interlocked.MemoryBarrier), [])!);
                emitter.EmitNext();
                break;
            case >= Opcode.AtomicSwap and <= Opcode.StoreExclusive:
                EmitAtomic(key, emitter, il);
                break;
            case Opcode.CallCpu:
                EmitCallCpu(key, emitter, il);
                break;
            case Opcode.Enter:
                ControlHandlers.EmitEnter(key, emitter, il, options.IsDeterministic);
                break;
            case >= Opcode.BranchEq and <= Opcode.LeaveAtPc:
                ControlHandlers.Emit(key, emitter, il);
                break;
            default:
                var instruction = new IrInstruction { Opcode = key.Opcode, Immediate = key.Detail };
                emitter.EmitComputation(instruction, architecture.Helpers);
                emitter.EmitNext();
                break;
        }
    }

    private void EmitMemory(HandlerKey key, ThreadedEmitter emitter, ILGenerator il)
    {
        var (mmuIndex, traits) = MemoryDetail.Unpack(key.Detail);
        bool isStore = MemoryEmitter.IsStore(key.Opcode);
        int table = StateBlock.TlbTableOffset(mmuIndex, isStore);
        var address = il.DeclareLocal(typeof(long));
        var entry = il.DeclareLocal(typeof(nint));
        var miss = il.DefineLabel();
        LoadAddress(emitter, il, traits);
        il.Emit(OpCodes.Stloc, address);
        MemoryEmitter.EmitProbe(il, address, entry, table, MemoryEmitter.SizeOf(key.Opcode), AdmitsMisaligned(traits), miss);
        if (isStore)
        {
            LoadStored(emitter, key.Opcode);
            MemoryEmitter.EmitStore(il, key.Opcode);
        }
        else
        {
            MemoryEmitter.EmitLoad(il, key.Opcode);
            StoreLoaded(emitter, key.Opcode);
        }

        emitter.EmitNext();
        il.MarkLabel(miss);
        emitter.EmitTailTo(SlowPath(key)); // apart, so that the fast path needs no frame for a call
    }

    private nint SlowPath(HandlerKey key)
    {
        var handler = Find(key);
        handler.SlowPath ??= Compile([key], EmitSlowPath);
        return handler.SlowPath.Address;
    }

    private static void EmitSlowPath(HandlerKey key, ThreadedEmitter emitter, ILGenerator il)
    {
        var (mmuIndex, traits) = MemoryDetail.Unpack(key.Detail);
        bool isStore = MemoryEmitter.IsStore(key.Opcode);
        emitter.LoadState();
        LoadAddress(emitter, il, traits);
        if (isStore) LoadStored(emitter, key.Opcode);
        bool isVector = key.Opcode is Opcode.VectorLoad or Opcode.VectorStore;
        if (!isVector) il.Emit(OpCodes.Ldc_I4, (int)key.Opcode);
        il.Emit(OpCodes.Ldc_I4, mmuIndex | ((traits & AccessTraits.ForStore) != 0 ? SlowMemory.ForStore : 0));
        var type = !isVector ? typeof(SlowMemory) : (traits & AccessTraits.Aligned) != 0 ? typeof(AlignedVectorMemory) : typeof(VectorOperations);
        il.Emit(OpCodes.Call, type.GetMethod(isStore ? nameof(SlowMemory.Store) : nameof(SlowMemory.Load))!);
        if (isStore)
        {
            emitter.EmitExitIfRaised();
        }
        else
        {
            var value = il.DeclareLocal(isVector ? typeof(Vector128<byte>) : typeof(long));
            il.Emit(OpCodes.Stloc, value);
            emitter.EmitExitIfRaised();
            il.Emit(OpCodes.Ldloc, value);
            StoreLoaded(emitter, key.Opcode);
        }

        emitter.EmitNext();
    }

    private bool AdmitsMisaligned(AccessTraits traits) => architecture.ExpectsMisalignedAccesses && (traits & AccessTraits.Aligned) == 0;

    private static void LoadStored(ThreadedEmitter emitter, Opcode opcode)
    {
        if (opcode == Opcode.VectorStore) emitter.LoadVectorB();
        else emitter.LoadB();
    }

    private static void StoreLoaded(ThreadedEmitter emitter, Opcode opcode)
    {
        if (opcode == Opcode.VectorLoad) emitter.StoreVectorResult();
        else emitter.StoreResult();
    }

    private static void LoadAddress(ThreadedEmitter emitter, ILGenerator il, AccessTraits traits)
    {
        emitter.LoadA();
        emitter.LoadImmediate();
        il.Emit(OpCodes.Add);
        if ((traits & AccessTraits.Address32) == 0) return;
        il.Emit(OpCodes.Conv_U4);
        il.Emit(OpCodes.Conv_U8);
    }

    private static void EmitAtomic(HandlerKey key, ThreadedEmitter emitter, ILGenerator il)
    {
        var operands = OpcodeTable.Of(key.Opcode).Operands;
        emitter.LoadState();
        emitter.LoadA();
        if (operands.HasFlag(OpcodeOperands.B)) emitter.LoadB();
        else il.Emit(OpCodes.Ldc_I8, 0L);
        if (operands.HasFlag(OpcodeOperands.C)) emitter.LoadC();
        else il.Emit(OpCodes.Ldc_I8, 0L);
        il.Emit(OpCodes.Ldc_I4, (int)key.Detail);
        il.Emit(OpCodes.Call, typeof(AtomicOperations).GetMethod(nameof(AtomicOperations.Execute))!);
        var value = il.DeclareLocal(typeof(long));
        il.Emit(OpCodes.Stloc, value);
        emitter.EmitExitIfRaised();
        il.Emit(OpCodes.Ldloc, value);
        emitter.StoreResult();
        emitter.EmitNext();
    }

    private void EmitCallCpu(HandlerKey key, ThreadedEmitter emitter, ILGenerator il)
    {
        var helper = architecture.Helpers[checked((int)key.Detail)];
        var value = il.DeclareLocal(typeof(long));
        var done = il.DefineLabel();
        if (helper.Effects.HasFlag(HelperEffects.OnCondition))
        {
            il.Emit(OpCodes.Ldc_I8, 0L);
            il.Emit(OpCodes.Stloc, value);
            emitter.LoadA();
            il.Emit(OpCodes.Brfalse, done);
        }

        emitter.SetStateField(StateOffsets.ProgramCounter, emitter.LoadProgramCounter);
        emitter.LoadState();
        il.Emit(OpCodes.Call, typeof(VirtualCpu).GetMethod(nameof(VirtualCpu.FromState), System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.NonPublic)!);
        emitter.LoadA();
        emitter.LoadB();
        emitter.LoadC();
        il.Emit(OpCodes.Call, helper.Method);
        il.Emit(OpCodes.Stloc, value);
        if (helper.Effects.HasFlag(HelperEffects.MayFault)) emitter.EmitExitIfRaised();
        il.MarkLabel(done);
        il.Emit(OpCodes.Ldloc, value);
        emitter.StoreResult();
        emitter.EmitNext();
    }
}
