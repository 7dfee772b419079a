using System.Numerics.Tensors;
using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Llm;

/// <summary>The gated delta rule of linear attention, token by token, with a decay for each key channel.</summary>
internal static unsafe class GatedDeltaRuleKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("llama::gated_delta_rule.out", Run)
        .Add("llama::channelwise_gated_delta_rule.out", Run);

    // q, k, v, decay, beta, initial_state -> out, final_state_out
    private static void Run(KernelContext context, Arguments arguments)
    {
        var (queries, keys, values) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(2));
        var (decay, beta, initial) = (arguments.Tensor(3), arguments.Tensor(4), arguments.Tensor(5));
        var outputs = arguments.TensorList(arguments.Count - 1);
        Dims.Check(outputs.Length == 2, "there are two outputs, values and the final state");
        var (output, final) = (outputs[0]!, outputs[1]!);
        Dims.Check(queries.Rank == 4 && keys.Rank == 4 && values.Rank == 4 && decay.Rank == 4 && beta.Rank == 3 && initial.Rank == 4, "the gated delta rule's ranks do not fit");
        var (batches, heads, length, depth) = (queries.Sizes[0], queries.Sizes[1], queries.Sizes[2], queries.Sizes[3]);
        var (states, width) = (keys.Sizes[1], values.Sizes[3]);
        Dims.Check(
            keys.Sizes.SequenceEqual([batches, states, length, depth]) && values.Sizes.SequenceEqual([batches, states, length, width]) && decay.Sizes.SequenceEqual(keys.Sizes)
            && beta.Sizes.SequenceEqual([batches, states, length]) && initial.Sizes.SequenceEqual([batches, states, depth, width]), "the gated delta rule's sizes do not fit");
        Dims.Check(states > 0 && heads % states == 0, "the heads of the query are not a multiple of those of the state");
        output.Resize([batches, heads, length, width]);
        final.Resize(initial.Sizes);
        Dims.Check(IsPlain(queries) && IsPlain(keys) && IsPlain(values) && IsPlain(decay) && IsPlain(beta) && IsPlain(initial) && IsPlain(output) && IsPlain(final), "the gated delta rule needs contiguous float32");
        Buffer.MemoryCopy(initial.Data, final.Data, final.ByteCount, final.ByteCount);
        var delta = context.Allocate<float>(width);
        var group = heads / states;
        for (var n = 0; n < batches * states; n++)
        {
            var state = (float*)final.Data + ((long)n * depth * width);
            for (var token = 0; token < length; token++)
            {
                var place = ((long)n * length) + token;
                var key = Row(keys, place, depth);
                var fade = Row(decay, place, depth);

                // What the decayed state already says of the key is taken off the value.
                delta.Clear();
                for (var k = 0; k < depth; k++)
                {
                    var line = new Span<float>(state + ((long)k * width), width);
                    TensorPrimitives.Multiply(line, fade[k], line);
                    TensorPrimitives.MultiplyAdd(line, key[k], delta, delta);
                }

                TensorPrimitives.Subtract(Row(values, place, width), delta, delta);
                TensorPrimitives.Multiply(delta, ((float*)beta.Data)[place], delta);
                for (var k = 0; k < depth; k++)
                {
                    var line = new Span<float>(state + ((long)k * width), width);
                    TensorPrimitives.MultiplyAdd(delta, key[k], line, line);
                }

                for (var member = 0; member < group; member++)
                {
                    var target = ((((long)n * group) + member) * length) + token;
                    var query = Row(queries, target, depth);
                    var sums = Row(output, target, width);
                    sums.Clear();
                    for (var k = 0; k < depth; k++)
                    {
                        TensorPrimitives.MultiplyAdd(new ReadOnlySpan<float>(state + ((long)k * width), width), query[k], sums, sums);
                    }
                }
            }
        }
    }

    private static bool IsPlain(TensorView tensor) => tensor.IsContiguous && tensor.ScalarType == ScalarType.Float;

    private static Span<float> Row(TensorView tensor, long row, int width) => new((float*)tensor.Data + (row * width), width);
}
