using System.Buffers.Binary;
using Emulator.Core.Memory;

namespace Emulator.Tests.Virtio;

/// <summary>A request to a block device as a driver lays it out: header, data, status.</summary>
internal sealed class BlockDriver(TestDriver driver, TestQueue queue)
{
    public const uint In = 0;
    public const uint Out = 1;
    public const uint Flush = 4;
    public const uint GetId = 8;
    public const uint Discard = 11;
    public const uint WriteZeroes = 13;

    public const byte Ok = 0;
    public const byte IoError = 1;
    public const byte Unsupported = 2;
    public const byte NoStatus = 0xEE;

    public static byte[] Header(uint type, ulong sector)
    {
        byte[] header = new byte[16];
        BinaryPrimitives.WriteUInt32LittleEndian(header, type);
        BinaryPrimitives.WriteUInt64LittleEndian(header.AsSpan(8), sector);
        return header;
    }

    public static byte[] Range(ulong sector, uint count, uint flags = 0)
    {
        byte[] range = new byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(range, sector);
        BinaryPrimitives.WriteUInt32LittleEndian(range.AsSpan(8), count);
        BinaryPrimitives.WriteUInt32LittleEndian(range.AsSpan(12), flags);
        return range;
    }

    /// <summary>Adds a request; its answer is there once the queue was processed.</summary>
    public Request Add(uint type, ulong sector, byte[]? output = null, int input = 0)
    {
        GuestPhysicalAddress status = driver.Put([NoStatus]);
        GuestPhysicalAddress data = driver.Allocate(input);
        var buffers = new List<TestBuffer> { new(driver.Put(Header(type, sector)), 16) };
        if (output is not null)
        {
            buffers.Add(new TestBuffer(driver.Put(output), (uint)output.Length));
        }

        if (input > 0)
        {
            buffers.Add(new TestBuffer(data, (uint)input, Writable: true));
        }

        buffers.Add(new TestBuffer(status, 1, Writable: true));
        return new Request(driver, queue.Add([.. buffers]), data, input, status);
    }

    /// <summary>Adds a request, has it done by an inline device and gives its status.</summary>
    public (byte Status, byte[] Data, uint Written) Do(uint type, ulong sector, byte[]? output = null, int input = 0)
    {
        Request request = Add(type, sector, output, input);
        queue.Kick();
        UsedElement used = queue.TakeUsed().Single();
        Assert.That(used.Id, Is.EqualTo(request.Head));
        return (request.Status, request.Data, used.Length);
    }

    internal sealed record Request(TestDriver Driver, ushort Head, GuestPhysicalAddress Input, int InputLength, GuestPhysicalAddress StatusByte)
    {
        public byte Status => Driver.Memory.At(StatusByte, 1)[0];

        public byte[] Data => Driver.Memory.At(Input, InputLength).ToArray();
    }
}
