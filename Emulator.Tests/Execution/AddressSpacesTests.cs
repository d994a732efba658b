using Emulator.Core.Execution;

namespace Emulator.Tests.Execution;

/// <summary>What caches keep when a guest goes from one address space to another, and what each kind of flush forgets.</summary>
public sealed class AddressSpacesTests
{
    private const ulong Page = 0x1_2345_6000;
    private const ulong OtherPage = 0x7_0000_0000;

    [Test]
    public void Going_back_finds_what_was_there()
    {
        var spaces = new AddressSpaces();
        spaces.Switch(1, mayShare: true);
        var first = (spaces.Targets, spaces.Data);
        spaces.Switch(2, mayShare: true);
        Assert.That((spaces.Targets, spaces.Data), Is.Not.EqualTo(first));
        spaces.Switch(1, mayShare: true);
        Assert.That((spaces.Targets, spaces.Data), Is.EqualTo(first));
    }

    [Test]
    public void Shared_targets_are_those_of_all_that_share_and_end_for_one_alone()
    {
        var spaces = new AddressSpaces();
        spaces.Switch(1, mayShare: true);
        ulong shared = spaces.SharedTargets;
        spaces.Switch(2, mayShare: true);
        Assert.That(spaces.SharedTargets, Is.EqualTo(shared));
        Assert.That(spaces.EndSharing(), Is.True);
        Assert.That(spaces.SharedTargets, Is.EqualTo(spaces.Targets).And.Not.EqualTo(shared));
        Assert.That(spaces.EndSharing(), Is.False);
        spaces.Switch(3, mayShare: false);
        Assert.That(spaces.SharedTargets, Is.EqualTo(spaces.Targets));
        spaces.Switch(1, mayShare: true);
        Assert.That(spaces.SharedTargets, Is.EqualTo(shared));
    }

    [Test]
    public void A_page_is_forgotten_where_it_was_a_target([Values] bool isShared)
    {
        var spaces = new AddressSpaces();
        spaces.Switch(1, mayShare: true);
        spaces.AddTarget(Page, isShared);
        ulong before = isShared ? spaces.SharedTargets : spaces.Targets;
        spaces.DropTargetsOn(OtherPage);
        Assert.That(isShared ? spaces.SharedTargets : spaces.Targets, Is.EqualTo(before), "another page");
        spaces.DropTargetsOn(Page);
        Assert.That(isShared ? spaces.SharedTargets : spaces.Targets, Is.Not.EqualTo(before));
    }

    [Test]
    public void A_page_is_forgotten_in_the_others_too_when_all_are_meant()
    {
        var spaces = new AddressSpaces();
        spaces.Switch(1, mayShare: true);
        spaces.AddTarget(Page, isShared: false);
        ulong before = spaces.Targets;
        spaces.Switch(2, mayShare: true);
        spaces.DropTargetsOn(Page);
        spaces.Switch(1, mayShare: true);
        Assert.That(spaces.Targets, Is.EqualTo(before));
        spaces.Switch(2, mayShare: true);
        spaces.DropAllTargetsOn(Page);
        spaces.Switch(1, mayShare: true);
        Assert.That(spaces.Targets, Is.Not.EqualTo(before));
    }

    [Test]
    public void Flushes_by_number_leave_the_others()
    {
        var spaces = new AddressSpaces();
        spaces.Switch(0x11, mayShare: true);
        ulong first = spaces.Data;
        spaces.Switch(0x22, mayShare: true);
        ulong second = spaces.Data;
        ulong shared = spaces.SharedTargets;
        spaces.Drop(0xff, 0x22);
        Assert.That(spaces.Data, Is.Not.EqualTo(second));
        Assert.That(spaces.SharedTargets, Is.EqualTo(shared), "what all share has no number");
        spaces.Switch(0x11, mayShare: true);
        Assert.That(spaces.Data, Is.EqualTo(first));
        spaces.DropAll();
        Assert.That(spaces.Data, Is.Not.EqualTo(first));
        Assert.That(spaces.SharedTargets, Is.Not.EqualTo(shared));
    }
}
