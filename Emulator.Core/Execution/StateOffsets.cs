namespace Emulator.Core.Execution;

/// <summary>Byte offsets of <see cref="StateBlock"/>'s fields, for generated code. A test compares them with the struct.</summary>
internal static class StateOffsets
{
    public const int ProgramCounter = 0;
    public const int Attention = 8;
    public const int ExitReason = 12;
    public const int InstructionCount = 16;
    public const int InstructionLimit = 24;
    public const int LinkTable = 32;
    public const int JumpCacheSalt = 40;
    public const int MissAddress = 96;
    public const int DirectLimit = 104;
    public const int DirectHost = 112;
}
