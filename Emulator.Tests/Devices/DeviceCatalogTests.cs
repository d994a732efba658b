using Emulator.Devices;

namespace Emulator.Tests.Devices;

internal sealed class DeviceCatalogTests
{
    [Test]
    public void Devices_are_listed_once_in_order() =>
        Assert.That(DeviceCatalog.All.Select(static device => device.Name), Is.Ordered.Using((IComparer<string>)StringComparer.Ordinal).And.Unique.And.Not.Empty);
}
