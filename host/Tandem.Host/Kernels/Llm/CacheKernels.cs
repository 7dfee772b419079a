using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Llm;

/// <summary>Writes new rows into a key-value cache [batch, position, head, head_dim].</summary>
internal static unsafe class CacheKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("llama::update_cache.out", (_, arguments) => Write(arguments.Tensor(0), arguments.Tensor(1), arguments.Int(2)))
        .Add("llama::update_cache_with_indices.out", WriteAt);

    /// <summary>Writes rows at consecutive positions.</summary>
    internal static void Write(TensorView value, TensorView cache, long start)
    {
        Check(value, cache);
        var (length, capacity) = (value.Sizes[1], cache.Sizes[1]);
        if (start < 0 || start + length > capacity)
        {
            throw Dims.Invalid("the cache is full", $"positions 0 to {capacity - 1}", $"{start} to {start + length - 1}");
        }

        var row = value.Strides[1] * value.ElementSize;
        for (var batch = 0; batch < value.Sizes[0]; batch++)
        {
            Buffer.MemoryCopy(
                (byte*)value.Data + (batch * length * row), (byte*)cache.Data + (((batch * (long)capacity) + start) * row), length * row, length * row);
        }
    }

    // value, cache, start_pos (unused), indices [batch, position]
    private static void WriteAt(KernelContext context, Arguments arguments)
    {
        var (value, cache, indices) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(3));
        Check(value, cache);
        var (length, capacity) = (value.Sizes[1], cache.Sizes[1]);
        Dims.Check(indices.Rank == 2 && indices.IsContiguous && indices.Sizes.SequenceEqual(value.Sizes[..2]) && indices.ScalarType == ScalarType.Long, "there is not one int64 index for each position");
        var row = value.Strides[1] * value.ElementSize;
        var places = (long*)indices.Data;
        for (long n = 0; n < indices.ElementCount; n++)
        {
            if (places[n] < 0 || places[n] >= capacity)
            {
                throw Dims.Invalid("an index leaves the cache", $"0 to {capacity - 1}", places[n].ToString());
            }

            Buffer.MemoryCopy((byte*)value.Data + (n * row), (byte*)cache.Data + (((n / length * capacity) + places[n]) * row), row, row);
        }
    }

    private static void Check(TensorView value, TensorView cache)
    {
        Dims.Check(value.Rank == 4 && cache.Rank == 4 && value.IsContiguous && cache.IsContiguous, "a cache and its values are contiguous tensors of rank 4");
        Dims.Check(value.ScalarType == cache.ScalarType && value.Sizes[0] == cache.Sizes[0] && value.Sizes[2..].SequenceEqual(cache.Sizes[2..]), "the values do not fit the cache");
        Dims.Check(!cache.IsReadOnly, "a constant cannot be a cache");
    }
}
