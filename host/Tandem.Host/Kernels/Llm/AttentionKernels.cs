using System.Numerics.Tensors;
using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Llm;

/// <summary>ExecuTorch's attention over a key-value cache: softmax(q k^T * scale + mask) v, where several query heads may share one of the cache.</summary>
internal static unsafe class AttentionKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("llama::sdpa_with_kv_cache.out", WithCache)
        .Add("llama::custom_sdpa.out", Custom)
        .Add("llama::custom_quantized_sdpa.out", Quantized);

    // query, key, value, key_cache, value_cache, start_pos, seq_len, attn_mask?, dropout_p, is_causal, scale?
    private static void WithCache(KernelContext context, Arguments arguments)
    {
        var (keys, values, start) = (arguments.Tensor(3), arguments.Tensor(4), arguments.Int(5));
        Dims.Check(arguments.Tensor(1).Rank == 4 && arguments.Int(6) == arguments.Tensor(1).Sizes[1], "seq_len is another than that of the keys");
        CacheKernels.Write(arguments.Tensor(1), keys, start);
        CacheKernels.Write(arguments.Tensor(2), values, start);
        Attend(
            context, new AttentionOperand(arguments.Tensor(0), null, null, false), new AttentionOperand(keys, null, null, false), new AttentionOperand(values, null, null, false),
            start, arguments.OptionalTensor(7), arguments.Bool(9), arguments.OptionalDouble(10), arguments.Tensor(0).Sizes, false, arguments.Tensor(arguments.Count - 1));
    }

    // query, key, value, start_pos, attn_mask?, dropout_p, is_causal, scale?
    private static void Custom(KernelContext context, Arguments arguments) => Attend(
        context, new AttentionOperand(arguments.Tensor(0), null, null, false), new AttentionOperand(arguments.Tensor(1), null, null, false),
        new AttentionOperand(arguments.Tensor(2), null, null, false),
        arguments.Int(3), arguments.OptionalTensor(4), arguments.Bool(6), arguments.OptionalDouble(7), arguments.Tensor(0).Sizes, false, arguments.Tensor(arguments.Count - 1));

    // as custom_sdpa, then zero points and scales of query, key and value, is_seq_at_dim_2
    private static void Quantized(KernelContext context, Arguments arguments)
    {
        var isSequenceThird = arguments.Bool(14);
        Attend(
            context, new AttentionOperand(arguments.Tensor(0), arguments.OptionalTensor(8), arguments.OptionalTensor(9), isSequenceThird),
            new AttentionOperand(arguments.Tensor(1), arguments.OptionalTensor(10), arguments.OptionalTensor(11), isSequenceThird),
            new AttentionOperand(arguments.Tensor(2), arguments.OptionalTensor(12), arguments.OptionalTensor(13), isSequenceThird),
            arguments.Int(3), arguments.OptionalTensor(4), arguments.Bool(6), arguments.OptionalDouble(7), arguments.Tensor(0).Sizes, isSequenceThird,
            arguments.Tensor(arguments.Count - 1));
    }

    private static void Attend(
        KernelContext context, AttentionOperand queries, AttentionOperand keys, AttentionOperand values, long start, TensorView? mask, bool isCausal, double? scale,
        ReadOnlySpan<int> outputSizes, bool isSequenceThird, TensorView output)
    {
        mask = mask is { ElementCount: > 0 } ? mask : null;
        Dims.Check(mask is null || !isCausal, "attention takes a mask or is causal, not both");
        Dims.Check(keys.Width == queries.Width && values.Width == queries.Width && keys.Batches == queries.Batches && values.Batches == queries.Batches
            && keys.Heads == values.Heads && keys.Length == values.Length, "query, key and value do not fit");
        Dims.Check(keys.Heads > 0 && queries.Heads % keys.Heads == 0, "the heads of the query are not a multiple of those of the key");

        // A mask says over how many keys it goes (a ring buffer shows all of them); without one, keys past the sequence are not yet written.
        var count = mask is null ? start + queries.Length : mask.Sizes[^1];
        Dims.Check(start >= 0 && count <= keys.Length, "the sequence leaves the cache");
        Dims.Check(mask is null || (mask.Rank == 2 && mask.Sizes[0] == queries.Length && mask.IsContiguous), "a mask has one row for each query");
        output.Resize(outputSizes);
        Dims.Check(output.IsContiguous && output.ScalarType.IsFloatingPoint(), "attention writes contiguous floats");
        var width = queries.Width;
        var factor = (float)(scale ?? (1 / Math.Sqrt(width)));
        var weights = context.Allocate<float>((int)count);
        var sums = context.Allocate<float>(width);
        var queryScratch = context.Allocate<float>(width);
        var scratch = context.Allocate<float>(width);
        var target = new AttentionTarget(queries.Heads, queries.Length, isSequenceThird);
        for (var batch = 0; batch < queries.Batches; batch++)
        {
            for (var head = 0; head < queries.Heads; head++)
            {
                context.CancellationToken.ThrowIfCancellationRequested();
                var shared = head / (queries.Heads / keys.Heads);
                for (var position = 0; position < queries.Length; position++)
                {
                    var seen = weights[..(int)(isCausal ? Math.Min(count, start + position + 1) : count)];
                    var query = queries.Load(batch, head, position, queryScratch);
                    for (var i = 0; i < seen.Length; i++)
                    {
                        seen[i] = (TensorPrimitives.Dot(query, keys.Load(batch, shared, i, scratch)) * factor) + MaskAt(mask, position, i);
                    }

                    Softmax(seen);
                    sums.Clear();
                    for (var i = 0; i < seen.Length; i++)
                    {
                        // A masked row may hold anything, NaN too.
                        if (seen[i] != 0)
                        {
                            TensorPrimitives.MultiplyAdd(values.Load(batch, shared, i, scratch), seen[i], sums, sums);
                        }
                    }

                    Store(output, target.Row(batch, head, position) * width, sums);
                }
            }
        }
    }

    private static float MaskAt(TensorView? mask, int row, int column)
    {
        if (mask is null)
        {
            return 0;
        }

        var at = (byte*)mask.Data + ((((long)row * mask.Sizes[1]) + column) * mask.ElementSize);
        return mask.ScalarType == ScalarType.Bool ? *at != 0 ? 0 : float.NegativeInfinity : (float)Elements.LoadDouble(at, mask.ScalarType);
    }

    private static void Softmax(Span<float> row)
    {
        if (row.IsEmpty)
        {
            return;
        }

        var greatest = TensorPrimitives.Max<float>(row);
        if (float.IsNegativeInfinity(greatest))
        {
            // Nothing is seen: PyTorch's attention gives zeros.
            row.Clear();
            return;
        }

        TensorPrimitives.Subtract(row, greatest, row);
        TensorPrimitives.Exp<float>(row, row);
        TensorPrimitives.Divide(row, TensorPrimitives.Sum<float>(row), row);
    }

    private static void Store(TensorView output, long first, ReadOnlySpan<float> row)
    {
        if (output.ScalarType == ScalarType.Float)
        {
            row.CopyTo(new Span<float>((float*)output.Data + first, row.Length));
            return;
        }

        for (var i = 0; i < row.Length; i++)
        {
            Elements.Store((byte*)output.Data + ((first + i) * output.ElementSize), output.ScalarType, (double)row[i]);
        }
    }

    private readonly struct AttentionTarget(int heads, int length, bool isSequenceThird)
    {
        internal long Row(int batch, int head, int position) => isSequenceThird
            ? (((((long)batch * heads) + head) * length) + position)
            : (((((long)batch * length) + position) * heads) + head);
    }
}
