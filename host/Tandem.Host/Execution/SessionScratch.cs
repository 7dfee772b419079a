using System.Runtime.InteropServices;
using Tandem.Host.Kernels;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>What the kernels of one session are given: scratch memory that is handed out anew for each call and kept between calls.</summary>
internal sealed unsafe class SessionScratch : KernelContext, IDisposable
{
    private readonly List<NativeMemoryBlock> _blocks = [];
    private readonly SessionComputePool _pool;
    private int _block;
    private long _used;

    internal SessionScratch(ComputePool pool, int seed)
    {
        _pool = new SessionComputePool(pool);
        Random = new Random(seed);
    }

    public override ComputePool Pool => _pool;

    public override CancellationToken CancellationToken => Cancellation;

    public override Random Random { get; }

    internal CancellationToken Cancellation
    {
        get => _pool.Cancellation;
        set => _pool.Cancellation = value;
    }

    internal long ByteCount
    {
        get
        {
            long total = 0;
            foreach (var block in _blocks)
            {
                total += block.ByteCount;
            }

            return total;
        }
    }

    public override void* Allocate(long byteCount)
    {
        if (byteCount < 0)
        {
            throw new TandemException(ErrorCode.OutOfMemory, "a kernel asked for a negative number of bytes");
        }

        while (_block < _blocks.Count && _blocks[_block].ByteCount - _used < byteCount)
        {
            _block++;
            _used = 0;
        }

        if (_block == _blocks.Count)
        {
            _blocks.Add(new NativeMemoryBlock(Math.Max(byteCount, 64 * 1024), "a kernel's scratch"));
            _used = 0;
        }

        var pointer = _blocks[_block].Pointer + _used;
        _used += (byteCount + NativeMemoryBlock.Alignment - 1) & -NativeMemoryBlock.Alignment;
        return pointer;
    }

    public void Dispose()
    {
        foreach (var block in _blocks)
        {
            block.Dispose();
        }

        _blocks.Clear();
    }

    /// <summary>Takes back everything that the last kernel was given.</summary>
    internal void Reset()
    {
        // Several blocks mean that the first was too small: one of the whole size serves the next call.
        if (_blocks.Count > 1 && _block > 0)
        {
            var total = ByteCount;
            Dispose();
            _blocks.Add(new NativeMemoryBlock(total, "a kernel's scratch"));
        }

        _block = 0;
        _used = 0;
    }
}
