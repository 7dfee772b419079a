using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Quantized;

/// <summary>Operators on quantised weights and float values: embeddings of 8, 4 or 2 bits, matrix products.</summary>
internal static unsafe class QuantizedWeightKernels
{
    internal static void Register(KernelRegistry registry)
    {
        foreach (var (name, bits) in new[] { ("byte", 8), ("4bit", 4), ("2bit", 2) })
        {
            registry.Add($"quantized_decomposed::embedding_{name}.out", (_, arguments) => Embed(arguments, bits))
                .Add($"quantized_decomposed::embedding_{name}.dtype_out", (_, arguments) => Embed(arguments, bits));
        }

        registry.Add("quantized_decomposed::mixed_mm.out", MixedProduct).Add("quantized_decomposed::mixed_linear.out", MixedLinear);
    }

    // weight, weight_scales, weight_zero_points?, quant_min, quant_max, indices, (dtype)
    private static void Embed(Arguments arguments, int bits)
    {
        var (weight, scales, zeroPoints, indices, output) =
            (arguments.Tensor(0), arguments.Tensor(1), arguments.OptionalTensor(2), arguments.Tensor(5), arguments.Tensor(arguments.Count - 1));
        Dims.Check(weight.Rank == 2 && weight.IsContiguous && scales.IsContiguous && indices.IsContiguous && output.IsContiguous, "an embedding needs a contiguous table of rank 2");
        Dims.Check(weight.ScalarType == ScalarType.Byte || (weight.ScalarType == ScalarType.Char && bits == 8), "the table is not of quantised bytes");
        var (rows, width) = (weight.Sizes[0], weight.Sizes[1] * (8 / bits));
        var groups = Groups(scales, rows, width);
        Dims.Check(zeroPoints is null || zeroPoints.Sizes.SequenceEqual(scales.Sizes), "there is not one zero point for each scale");
        Span<int> sizes = stackalloc int[indices.Rank + 1];
        indices.Sizes.CopyTo(sizes);
        sizes[^1] = width;
        output.Resize(sizes);
        var groupSize = Math.Max(width / groups, 1);
        for (long n = 0; n < indices.ElementCount; n++)
        {
            var row = Elements.LoadLong((byte*)indices.Data + (n * indices.ElementSize), indices.ScalarType);
            if (row < 0 || row >= rows)
            {
                throw Dims.Invalid("an index leaves the table", $"0 to {rows - 1}", row.ToString());
            }

            var line = (byte*)weight.Data + (row * weight.Sizes[1]);
            for (var j = 0; j < width; j++)
            {
                var group = (row * groups) + (j / groupSize);
                var zeroPoint = zeroPoints is null ? 0f : (float)Read(zeroPoints, group);
                Store(output, (n * width) + j, (Value(line, j, bits, weight.ScalarType) - zeroPoint) * (float)Read(scales, group));
            }
        }
    }

    // Four bits: the first value in the high half. Two bits: the first value in the lowest bits. Both around the middle of their range.
    private static int Value(byte* line, int index, int bits, ScalarType type) => bits switch
    {
        4 => ((index & 1) == 0 ? line[index >> 1] >> 4 : line[index >> 1] & 15) - 8,
        2 => ((line[index >> 2] >> ((index & 3) * 2)) & 3) - 2,
        _ => type == ScalarType.Char ? (sbyte)line[index] : line[index],
    };

    // input [m, k], weight int8 [k, n] with one scale for each of its rows
    private static void MixedProduct(KernelContext context, Arguments arguments)
    {
        var (input, weight, scales, output) = Check(arguments);
        var (rows, depth, columns) = (input.Sizes[0], input.Sizes[1], weight.Sizes[1]);
        Dims.Check(weight.Sizes[0] == depth && scales.ElementCount == depth, "the product's sizes do not fit");
        output.Resize([rows, columns]);
        var sums = context.Allocate<float>(columns);
        for (var i = 0; i < rows; i++)
        {
            sums.Clear();
            for (var k = 0; k < depth; k++)
            {
                var factor = (float)Read(input, ((long)i * depth) + k) * (float)Read(scales, k);
                var line = (sbyte*)weight.Data + ((long)k * columns);
                for (var j = 0; j < sums.Length; j++)
                {
                    sums[j] += factor * line[j];
                }
            }

            for (var j = 0; j < columns; j++)
            {
                Store(output, ((long)i * columns) + j, sums[j]);
            }
        }
    }

    // input [m, k], weight int8 [n, k] with one scale for each row or for groups of each row
    private static void MixedLinear(KernelContext context, Arguments arguments)
    {
        var (input, weight, scales, output) = Check(arguments);
        var (rows, depth, columns) = (input.Sizes[0], input.Sizes[1], weight.Sizes[0]);
        Dims.Check(weight.Sizes[1] == depth, "the product's sizes do not fit");
        Dims.Check(scales.Rank is 1 or 2 && scales.Sizes[0] == columns && (scales.Rank == 1 || scales.Sizes[1] > 0), "there is not one scale for each row");
        var groups = scales.Rank == 2 ? scales.Sizes[1] : 1;
        var groupSize = (depth + groups - 1) / groups;
        output.Resize([rows, columns]);
        var line = context.Allocate<float>(depth);
        for (var i = 0; i < rows; i++)
        {
            for (var k = 0; k < depth; k++)
            {
                line[k] = (float)Read(input, ((long)i * depth) + k);
            }

            for (var j = 0; j < columns; j++)
            {
                var sum = 0f;
                var values = (sbyte*)weight.Data + ((long)j * depth);
                for (var group = 0; group * groupSize < depth; group++)
                {
                    var part = 0f;
                    for (var k = group * groupSize; k < Math.Min((group + 1) * groupSize, depth); k++)
                    {
                        part += line[k] * values[k];
                    }

                    sum += part * (float)Read(scales, ((long)j * groups) + group);
                }

                Store(output, ((long)i * columns) + j, sum);
            }
        }
    }

    private static (TensorView Input, TensorView Weight, TensorView Scales, TensorView Output) Check(Arguments arguments)
    {
        var (input, weight, scales, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(2), arguments.Tensor(arguments.Count - 1));
        Dims.Check(input.Rank == 2 && weight.Rank == 2 && input.IsContiguous && weight.IsContiguous && scales.IsContiguous && output.IsContiguous, "the product needs contiguous matrices");
        Dims.Check(weight.ScalarType == ScalarType.Char, "the weight is not int8");
        Dims.Check(arguments.OptionalTensor(3) is null, "zero points of the weight are not supported, as in ExecuTorch");
        return (input, weight, scales, output);
    }

    private static int Groups(TensorView scales, int rows, int width)
    {
        Dims.Check(scales.Rank is 1 or 2 && scales.Sizes[0] == rows, "there is not one scale for each row");
        var groups = scales.Rank == 2 ? scales.Sizes[1] : 1;
        Dims.Check(groups > 0 && width % groups == 0, "the groups do not divide a row");
        return groups;
    }

    private static double Read(TensorView tensor, long index) => Elements.LoadDouble((byte*)tensor.Data + (index * tensor.ElementSize), tensor.ScalarType);

    private static void Store(TensorView tensor, long index, float value) =>
        Elements.Store((byte*)tensor.Data + (index * tensor.ElementSize), tensor.ScalarType, (double)value);
}
