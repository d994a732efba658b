namespace Emulator.Arch.RiscV.Privileged;

/// <summary>Numbers of the argument registers in the calling convention.</summary>
internal static class AbiRegister
{
    public const int Ra = 1;
    public const int T0 = 5; // the alternate link register
    public const int A0 = 10;
    public const int A1 = 11;
    public const int A6 = 16;
    public const int A7 = 17;
}
