namespace Emulator.Devices.Host;

/// <summary>
/// Takes the emulator's own keys out of what is typed: Ctrl-A X leaves, Ctrl-A A types Ctrl-A. Any other key after Ctrl-A is
/// typed without it.
/// </summary>
internal sealed class EscapeKeyFilter
{
    private const byte Prefix = 0x01;
    private bool _afterPrefix;

    /// <summary>Filters in place.</summary>
    /// <param name="typed">What was typed; the part for the guest moves to the front.</param>
    /// <param name="leave">True when the user wants to leave; what was typed after that is dropped.</param>
    /// <returns>How many characters are for the guest.</returns>
    public int Filter(Span<byte> typed, out bool leave)
    {
        int kept = 0;
        foreach (byte key in typed)
        {
            switch (_afterPrefix, key)
            {
                case (false, Prefix):
                    _afterPrefix = true;
                    continue;
                case (true, (byte)'x' or (byte)'X'):
                    _afterPrefix = false;
                    leave = true;
                    return kept;
                case (true, (byte)'a' or (byte)'A'):
                    typed[kept++] = Prefix;
                    break;
                default:
                    typed[kept++] = key;
                    break;
            }

            _afterPrefix = false;
        }

        leave = false;
        return kept;
    }
}
