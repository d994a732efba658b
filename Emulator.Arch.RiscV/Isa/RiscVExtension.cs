namespace Emulator.Arch.RiscV.Isa;

/// <summary>
/// Instruction-set extensions and privileged features that a configuration can have, in the canonical order of ISA strings
/// (Unpriv. spec, "ISA Extension Naming Conventions"). <see cref="ExtensionTable"/> has a row for each.
/// </summary>
public enum RiscVExtension
{
#pragma warning disable CS1591 // one row of ExtensionTable each, documented there
    I, M, A, F, D, C, B, S, U,

    Zicbom, Zicbop, Zicboz, Zicntr, Zicond, Zicsr, Zifencei, Zihintntl, Zihintpause, Zihpm, Zimop,
    Zaamo, Zabha, Zacas, Zalrsc, Zawrs,
    Zfa, Zfh, Zfhmin,
    Zca, Zcb, Zcd, Zcf, Zcmop,
    Zba, Zbb, Zbc, Zbkb, Zbkc, Zbkx, Zbs,
    Zk, Zkn, Zknd, Zkne, Zknh, Zkr, Zks, Zksed, Zksh, Zkt,

    Ssstateen, Sstc,
    Sv32, Sv39, Sv48, Sv57, Svade, Svadu, Svinval, Svnapot, Svpbmt,
    Smstateen,
#pragma warning restore CS1591
}
