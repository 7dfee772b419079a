using System.Buffers;
using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Tandem.Host.Lowering.Emission;
using Tandem.Host.Lowering.Inference;
using Tandem.Sdk;

namespace Tandem.Host.Quantization;

/// <summary>Quantises one weight, rows in parallel. Memory: the scales, and a piece of float rows for each thread.</summary>
internal static class WeightQuantizer
{
    // Rows of a piece; pieces do not depend on the number of threads, and neither does any sum.
    private const int PieceElements = 1 << 17;

    /// <summary>Quantises.</summary>
    /// <param name="name">Name of the layer, for messages.</param>
    /// <param name="weight">The float32 weight: [outputs, inputs], or [inputs, outputs] if it is transposed.</param>
    /// <param name="isTransposed">Whether its rows are the inputs.</param>
    /// <param name="groupSize">Inputs that share a scale.</param>
    /// <param name="grid">The integers.</param>
    /// <param name="options">Clipping and threads.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.WeightNotFinite"/>.</exception>
    internal static QuantizedWeight Quantize(
        string name, ExportedTensor weight, bool isTransposed, int groupSize, WeightGrid grid, QuantizationOptions options, CancellationToken cancellationToken)
    {
        var (outputs, inputs) = isTransposed ? (weight.Spec.Sizes[1].Value, weight.Spec.Sizes[0].Value) : (weight.Spec.Sizes[0].Value, weight.Spec.Sizes[1].Value);
        var layout = new TensorLayout(ScalarType.Float, [(int)outputs, (int)inputs]);
        var rows = TensorContent.Of(isTransposed ? Transposed(weight) : weight, layout);
        var groups = (int)(inputs / groupSize);
        var scales = new float[outputs * groups];
        var rowsOfPiece = (int)Math.Clamp(PieceElements / inputs, 1, outputs);
        var pieces = new WeightStatistics[(outputs + rowsOfPiece - 1) / rowsOfPiece];
        Run(pieces.Length, options.Threads, cancellationToken, piece =>
        {
            var first = (long)piece * rowsOfPiece;
            var count = (int)Math.Min(rowsOfPiece, outputs - first);
            var elements = count * (int)inputs;
            var values = ArrayPool<float>.Shared.Rent(elements + groupSize);
            try
            {
                var part = values.AsSpan(0, elements);
                rows.Read(first * inputs * sizeof(float), MemoryMarshal.AsBytes(part));
                CheckFinite(part, name, first, inputs);
                for (var group = 0; group < count * groups; group++)
                {
                    scales[(first * groups) + group] = GroupScale.Choose(
                        part.Slice(group * groupSize, groupSize), grid, options.Clipping, values.AsSpan(elements, groupSize), ref pieces[piece]);
                }
            }
            finally
            {
                ArrayPool<float>.Shared.Return(values);
            }
        });

        var statistics = default(WeightStatistics);
        foreach (ref readonly var piece in pieces.AsSpan())
        {
            statistics.Add(piece);
        }

        DataContent integers = new QuantizedWeightContent(rows, groupSize, scales, grid);
        if (isTransposed)
        {
            // Columns are slow to gather: once is enough.
            var bytes = new byte[integers.Length];
            integers.Read(0, bytes);
            integers = DataContent.FromMemory(bytes, rows.Origin);
        }

        return new QuantizedWeight(
            new ExportedTensor(TensorSpec.Contiguous(ScalarType.Char, outputs, inputs), integers),
            new ExportedTensor(TensorSpec.Contiguous(ScalarType.Float, outputs, groups), DataContent.FromMemory(MemoryMarshal.AsBytes(scales.AsSpan()).ToArray(), rows.Origin)),
            new ExportedTensor(TensorSpec.Contiguous(ScalarType.Char, outputs, groups), DataContent.FromMemory(new byte[scales.Length], rows.Origin)),
            groupSize, grid, statistics);
    }

    // Of several errors the one of the first rows counts, whatever thread finds which first.
    private static void Run(int pieces, int threads, CancellationToken cancellationToken, Action<int> quantize)
    {
        var failures = new TandemException?[pieces];
        var options = new ParallelOptions { MaxDegreeOfParallelism = threads == 0 ? -1 : threads, CancellationToken = cancellationToken };
        Parallel.For(0, pieces, options, piece =>
        {
            try
            {
                quantize(piece);
            }
            catch (TandemException error)
            {
                failures[piece] = error;
            }
        });

        if (failures.FirstOrDefault(error => error is not null) is { } first)
        {
            throw first;
        }
    }

    private static ExportedTensor Transposed(ExportedTensor weight)
    {
        var strides = Layouts.StridesOf(weight.Spec);
        return weight with { Spec = weight.Spec with { Sizes = [weight.Spec.Sizes[1], weight.Spec.Sizes[0]], DimOrder = [0, 1], Strides = [strides[1], strides[0]] } };
    }

    private static void CheckFinite(ReadOnlySpan<float> values, string name, long firstRow, long inputs)
    {
        if (TensorPrimitives.IsFiniteAll(values))
        {
            return;
        }

        for (var i = 0; i < values.Length; i++)
        {
            if (!float.IsFinite(values[i]))
            {
                throw new TandemException(ErrorCode.WeightNotFinite, "a weight is not a finite number", new ErrorDetails
                {
                    Location = $"layer '{name}', row {firstRow + (i / inputs)}, column {i % inputs}",
                    Found = values[i].ToString(CultureInfo.InvariantCulture),
                    NextStep = "exclude the layer, or repair the model",
                });
            }
        }
    }
}
