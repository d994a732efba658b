using System.Reflection;
using System.Runtime.CompilerServices;
using Emulator.Core.Bus;

namespace Emulator.Tests.Devices;

/// <summary>What <see cref="IMmioDevice"/>, <see cref="IResettable"/> and <see cref="IStateful{TState}"/> promise, for every device.</summary>
[TestFixtureSource(typeof(DeviceCases), nameof(DeviceCases.All))]
internal sealed class DeviceContractTests(DeviceCase @case)
{
    private const int AccessesPerRun = 5_000;
    private static readonly int[] Seeds = [1, 2, 3, 4];
    private static readonly int[] Sizes = [1, 2, 4, 8];

    [Test]
    public void Random_accesses_never_throw([ValueSource(nameof(Seeds))] int seed)
    {
        var environment = new DeviceEnvironment();
        DeviceCase.Instance device = @case.Create(environment);
        Assert.DoesNotThrow(() => Exercise(device, environment, new Random(seed)), "seed {0}", seed);
    }

    [Test]
    public void A_refused_read_gives_zero([ValueSource(nameof(Seeds))] int seed)
    {
        var environment = new DeviceEnvironment();
        var random = new Random(seed);
        DeviceCase.Instance device = @case.Create(environment);
        for (int i = 0; i < AccessesPerRun; i++)
        {
            MmioAccess access = NextAccess(random);
            BusStatus status = device.Mmio.Read(access, out ulong value);
            ulong limit = status == BusStatus.Ok ? ulong.MaxValue >> (64 - (8 * access.Size)) : 0;
            Assert.That(value, Is.LessThanOrEqualTo(limit), $"{access} answered {status}, seed {seed}");
        }
    }

    [Test]
    public void Reset_gives_the_state_of_a_fresh_device([ValueSource(nameof(Seeds))] int seed)
    {
        var environment = new DeviceEnvironment();
        DeviceCase.Instance device = @case.Create(environment);
        Exercise(device, environment, new Random(seed));
        device.Reset();

        var other = new DeviceEnvironment(environment.Clock.Nanoseconds);
        DeviceCase.Instance fresh = @case.Create(other);
        Assert.Multiple(() =>
        {
            Assert.That(device.Save(), Is.EqualTo(fresh.Save()), $"seed {seed}");
            Assert.That(environment.Levels(), Is.EqualTo(other.Levels()), $"interrupt lines, seed {seed}");
        });
    }

    [Test]
    public void A_restored_state_is_the_saved_one([ValueSource(nameof(Seeds))] int seed)
    {
        var environment = new DeviceEnvironment();
        var random = new Random(seed);
        DeviceCase.Instance device = @case.Create(environment);
        Exercise(device, environment, random);
        object saved = device.Save();
        string levels = environment.Levels();
        Assert.That(device.Save(), Is.EqualTo(saved), $"saving changes nothing, seed {seed}");

        Exercise(device, environment, random, moveTime: false);
        device.Restore(saved);
        Assert.Multiple(() =>
        {
            Assert.That(device.Save(), Is.EqualTo(saved), $"seed {seed}");
            Assert.That(environment.Levels(), Is.EqualTo(levels), $"interrupt lines, seed {seed}");
        });
    }

    [Test]
    public void A_state_restored_into_another_device_runs_on_alike([ValueSource(nameof(Seeds))] int seed)
    {
        var environment = new DeviceEnvironment();
        var random = new Random(seed);
        DeviceCase.Instance device = @case.Create(environment);
        Exercise(device, environment, random);

        var other = new DeviceEnvironment(environment.Clock.Nanoseconds);
        DeviceCase.Instance copy = @case.Create(other);
        copy.Restore(device.Save());
        Assert.That(other.Levels(), Is.EqualTo(environment.Levels()), $"interrupt lines, seed {seed}");

        int next = random.Next();
        Exercise(device, environment, new Random(next));
        Exercise(copy, other, new Random(next));
        Assert.Multiple(() =>
        {
            Assert.That(copy.Save(), Is.EqualTo(device.Save()), $"seed {seed}");
            Assert.That(other.Levels(), Is.EqualTo(environment.Levels()), $"interrupt lines, seed {seed}");
        });
    }

    [Test]
    public void A_damaged_state_is_refused_or_harmless([ValueSource(nameof(Seeds))] int seed)
    {
        var environment = new DeviceEnvironment();
        var random = new Random(seed);
        DeviceCase.Instance device = @case.Create(environment);
        try
        {
            device.Restore(device.RandomState(random));
        }
        catch (InvalidDataException)
        {
            return;
        }

        Assert.DoesNotThrow(() => Exercise(device, environment, random), "seed {0}", seed);
    }

    [Test]
    public void A_device_keeps_its_mutable_state_in_one_field()
    {
        const BindingFlags Declared = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var offending =
            from type in AncestorsOf(@case.DeviceType)
            from field in type.GetFields(Declared)
            where !field.IsInitOnly && field.Name != "_state"
            select $"{type.Name}.{field.Name}";
        Assert.That(offending, Is.Empty, "a snapshot would miss these");
    }

    [Test]
    public void A_state_holds_no_references()
    {
        Type state = @case.DeviceType.GetInterfaces()
            .Single(static type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IStateful<>))
            .GetGenericArguments()[0];
        MethodInfo query = typeof(RuntimeHelpers).GetMethod(nameof(RuntimeHelpers.IsReferenceOrContainsReferences))!.MakeGenericMethod(state);
        Assert.That(query.Invoke(null, null), Is.False, $"{state.Name} would share something mutable with the running device");
    }

    private static IEnumerable<Type> AncestorsOf(Type type)
    {
        for (Type? current = type; current is not null && current != typeof(object); current = current.BaseType)
        {
            yield return current;
        }
    }

    private void Exercise(DeviceCase.Instance device, DeviceEnvironment environment, Random random, bool moveTime = true)
    {
        for (int i = 0; i < AccessesPerRun; i++)
        {
            MmioAccess access = NextAccess(random);
            switch (random.Next(8))
            {
                case 0:
                    device.Stir(random);
                    break;
                case 1 when moveTime:
                    environment.Clock.Advance((ulong)random.NextInt64(1L << random.Next(50)));
                    break;
                case 2 or 3:
                    device.Mmio.Read(access, out _);
                    break;
                default:
                    device.Mmio.Write(access, NextValue(random));
                    break;
            }
        }
    }

    private MmioAccess NextAccess(Random random)
    {
        int size = Sizes[random.Next(Sizes.Length)];
        uint limit = @case.WindowSize - (uint)size;
        uint offset = random.Next(4) == 0 || @case.Registers.Length == 0
            ? (uint)random.NextInt64(limit + 1L)
            : Math.Min(limit, @case.Registers[random.Next(@case.Registers.Length)]);
        return new MmioAccess(offset, size);
    }

    private static ulong NextValue(Random random) => random.Next(5) switch
    {
        0 => 0,
        1 => ulong.MaxValue,
        2 => 1UL << random.Next(64),
        3 => (ulong)random.Next(256),
        _ => (ulong)random.NextInt64() << random.Next(2),
    };
}
