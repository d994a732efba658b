using Emulator.Devices.Work;

namespace Emulator.Tests.Virtio;

internal sealed class WorkQueueTests
{
    private static WorkQueue Create(bool threaded) => threaded ? WorkQueue.CreateThreaded() : WorkQueue.CreateInline();

    [Test]
    public void Inline_work_is_done_when_post_returns_and_does_not_recurse()
    {
        var work = WorkQueue.CreateInline();
        var order = new List<string>();
        work.Post(new Item(() =>
        {
            order.Add("first begins");
            work.Post(new Item(() => order.Add("second")));
            order.Add("first ends");
        }));
        Assert.That(order, Is.EqualTo(new[] { "first begins", "first ends", "second" }));
    }

    [Test]
    public async Task A_fault_ends_nothing_but_its_own_work([Values] bool threaded)
    {
        await using WorkQueue work = Create(threaded);
        int done = 0;
        for (int i = 0; i < 100; i++)
        {
            work.Post(new Item(static () => throw new InvalidOperationException("fault")));
            work.Post(new Item(() => Interlocked.Increment(ref done)));
        }

        await work.DrainAsync();
        Assert.That(done, Is.EqualTo(100));
    }

    [Test]
    public async Task Everything_posted_from_many_threads_is_done_once([Values] bool threaded)
    {
        await using WorkQueue work = Create(threaded);
        int done = 0;
        var item = new Item(() => Interlocked.Increment(ref done));
        Task[] posters = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < 5_000; i++)
            {
                work.Post(item);
            }
        }))];
        await Task.WhenAll(posters);
        await work.DrainAsync();
        Assert.That(done, Is.EqualTo(20_000));
    }

    [Test]
    public async Task A_pause_waits_for_the_work_under_way_and_holds_the_rest()
    {
        await using var work = WorkQueue.CreateThreaded();
        using var entered = new SemaphoreSlim(0);
        using var proceed = new SemaphoreSlim(0);
        int done = 0;
        work.Post(new Item(() =>
        {
            entered.Release();
            proceed.Wait();
            done++;
        }));
        await entered.WaitAsync();
        Task pause = work.PauseAsync();
        Assert.That(work.PauseRequested);
        Assert.That(pause.IsCompleted, Is.False);
        work.Post(new Item(() => done += 10));
        proceed.Release();
        await pause;
        Assert.That(done, Is.EqualTo(1));
        Task drain = work.DrainAsync();
        Assert.That(drain.IsCompleted, Is.False);
        work.Resume();
        await drain;
        Assert.That(done, Is.EqualTo(11));
    }

    [Test]
    public async Task Inline_work_posted_in_a_pause_is_done_at_the_end_of_it()
    {
        await using var work = WorkQueue.CreateInline();
        await work.PauseAsync();
        bool done = false;
        work.Post(new Item(() => done = true));
        Assert.That(done, Is.False);
        work.Resume();
        Assert.That(done);
    }

    [Test]
    public async Task Blocked_work_does_not_hold_up_other_work()
    {
        await using var work = WorkQueue.CreateThreaded(threads: 2);
        using var proceed = new SemaphoreSlim(0);
        using var other = new SemaphoreSlim(0);
        work.Post(new Item(proceed.Wait));
        work.Post(new Item(() => other.Release()));
        await other.WaitAsync();
        proceed.Release();
        await work.DrainAsync();
    }

    [Test]
    public async Task After_disposal_nothing_is_done([Values] bool threaded)
    {
        WorkQueue work = Create(threaded);
        await work.DisposeAsync();
        work.Post(new Item(Assert.Fail));
        Assert.That(work.PauseRequested, "work that asks stops");
        await work.DisposeAsync();
    }

    private sealed class Item(Action action) : IWorkItem
    {
        public void Run() => action();
    }
}
