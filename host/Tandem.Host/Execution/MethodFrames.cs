namespace Tandem.Host.Execution;

/// <summary>
/// The frames of a method. There are as many as executions have ever run at the same time; one that finds all of them taken makes one more, which then
/// stays.
/// </summary>
internal sealed class MethodFrames(MethodCode code)
{
    private readonly Lock _creation = new();
    private MethodFrame? _first;

    /// <summary>How many there are.</summary>
    internal int Count
    {
        get
        {
            var count = 0;
            for (var frame = Volatile.Read(ref _first); frame is not null; frame = frame.Next)
            {
                count++;
            }

            return count;
        }
    }

    /// <summary>A frame, not taken, for a session that loads the method: any, or one of its own where a frame keeps something between executions.</summary>
    internal MethodFrame ForSession()
    {
        if (!code.SharesFrames)
        {
            return Create();
        }

        lock (_creation)
        {
            if (_first is { } first)
            {
                return first;
            }

            var frame = Create();
            Add(frame);
            return frame;
        }

        MethodFrame Create()
        {
            var frame = new MethodFrame(code);
            frame.Release();
            return frame;
        }
    }

    /// <summary>Takes a frame that nobody has, or makes one.</summary>
    internal MethodFrame Take()
    {
        for (var frame = Volatile.Read(ref _first); frame is not null; frame = frame.Next)
        {
            if (frame.TryTake())
            {
                return frame;
            }
        }

        var created = new MethodFrame(code);
        Add(created);
        return created;
    }

    private void Add(MethodFrame frame)
    {
        MethodFrame? first;
        do
        {
            first = Volatile.Read(ref _first);
            frame.Next = first;
        }
        while (!ReferenceEquals(Interlocked.CompareExchange(ref _first, frame, first), first));
    }
}
