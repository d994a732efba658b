namespace Emulator.Devices;

/// <summary>
/// Brings a device's outputs up to its state from any thread without holding the device's lock. Two threads that each compute a
/// level and drive it after releasing the lock can drive in the wrong order and leave the old level standing; here one thread at a
/// time drives, and a request made meanwhile makes that thread look at the state once more. So the level driven last always comes
/// from a state at least as new as the last request. Belongs to a device like its lock: it carries nothing a snapshot needs.
/// </summary>
/// <param name="drive">Reads the state under the device's lock, releases it, and drives every output.</param>
internal sealed class OutputSequencer(Action drive)
{
    private int _requests;

    /// <summary>Call after a change of state, with no lock held. May be called by the outputs themselves.</summary>
    public void Update()
    {
        if (Interlocked.Increment(ref _requests) != 1)
        {
            return; // the thread at work sees the count and drives again
        }

        int served = 1;
        do
        {
            drive();
            served = Interlocked.Add(ref _requests, -served);
        }
        while (served != 0);
    }
}
