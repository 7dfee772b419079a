using System.Collections.Immutable;
using System.Text.Json;
using Tandem.Host.Import.Symbols;
using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <summary>Reads what an archive says of a tensor, and finds the dim order behind its strides.</summary>
internal static class TensorMetaReader
{
    // Each symbol stands for two numbers in turn; strides that follow from the sizes for both follow from them for all.
    private const int Samples = 2;

    private static readonly SymbolScope NoSymbols = new(ImmutableDictionary<string, SymbolicRange>.Empty);

    internal static TensorSpec Read(JsonElement meta, SymbolScope symbols)
    {
        var scalarType = ArchiveCodes.ScalarType(meta.Get("dtype").Integer());
        if (meta.Get("layout").Integer() is var layout && layout != ArchiveCodes.Strided)
        {
            throw new TandemException(ErrorCode.ExportedProgramNotSupported, "a tensor is not strided",
                new ErrorDetails { Expected = "strided", Found = ArchiveCodes.Layout(layout), NextStep = "export the model with dense tensors" });
        }

        var sizes = ReadIntegers(meta.Get("sizes"), symbols);
        var strides = ReadIntegers(meta.Get("strides"), symbols);
        if (sizes.Length != strides.Length)
        {
            throw RanksDiffer(sizes.Length, strides.Length);
        }

        return Create(scalarType, sizes, strides, ReadInteger(meta.Get("storage_offset"), symbols), symbols);
    }

    /// <summary>The spec of a tensor of known sizes.</summary>
    internal static TensorSpec Create(ScalarType scalarType, long[] sizes, long[] strides, long offset)
    {
        CheckRank(sizes.Length);
        return sizes.Length == strides.Length
            ? Create(scalarType, Array.ConvertAll(sizes, Number), Array.ConvertAll(strides, Number), Number(offset), NoSymbols)
            : throw RanksDiffer(sizes.Length, strides.Length);

        static SymbolicExpression Number(long value) => new SymbolicExpression.Number(value);
    }

    private static TensorSpec Create(
        ScalarType scalarType, SymbolicExpression[] sizes, SymbolicExpression[] strides, SymbolicExpression offset, SymbolScope symbols)
    {
        var (dimOrder, isDense) = DimOrder(sizes, strides);
        return new TensorSpec(scalarType, [.. sizes.Select(size => ToInteger(size, "size"))], dimOrder)
        {
            Strides = isDense ? default : [.. strides.Select(stride => ToInteger(stride, "stride"))],
            StorageOffset = ToInteger(offset, "storage offset"),
        };

        SymbolicInt ToInteger(SymbolicExpression value, string what) => value is SymbolicExpression.Number { Value: < 0 } number
            ? throw new TandemException(ErrorCode.TensorInvalid, $"a {what} is negative", new ErrorDetails { Found = number.Value.ToString() })
            : symbols.ToInteger(value, isSize: true);
    }

    /// <summary>Reads a symbolic integer: {"as_int": n} or {"as_expr": {...}}.</summary>
    internal static SymbolicExpression ReadInteger(JsonElement element, SymbolScope symbols)
    {
        var (tag, value) = element.Union();
        return tag switch
        {
            "as_int" => new SymbolicExpression.Number(value.Integer()),
            "as_expr" => symbols.Parse(value.Get("expr_str").Text()),
            _ => throw Fields.Wrong("'as_int' or 'as_expr'", element),
        };
    }

    /// <summary>The dimensions from the slowest to the fastest, and whether the strides follow from sizes and that order.</summary>
    internal static (ImmutableArray<byte> DimOrder, bool IsDense) DimOrder(
        ReadOnlySpan<SymbolicExpression> sizes, ReadOnlySpan<SymbolicExpression> strides)
    {
        var rank = sizes.Length;
        var (sizeValues, strideValues) = (new Int128[Samples][], new Int128[Samples][]);
        for (var sample = 0; sample < Samples; sample++)
        {
            if (Values(sizes, sample) is not { } sizeSample || Values(strides, sample) is not { } strideSample)
            {
                return (Identity(rank), false);
            }

            (sizeValues[sample], strideValues[sample]) = (sizeSample, strideSample);
        }

        // Where several orders fit (sizes of one, no elements), the plainest is taken.
        if (IsDense(Identity(rank)))
        {
            return (Identity(rank), true);
        }

        if (rank is 4 or 5)
        {
            ImmutableArray<byte> channelsLast = rank == 4 ? [0, 2, 3, 1] : [0, 2, 3, 4, 1];
            if (IsDense(channelsLast))
            {
                return (channelsLast, true);
            }
        }

        var first = strideValues[0];
        ImmutableArray<byte> sorted = [.. Enumerable.Range(0, rank).OrderByDescending(dim => first[dim]).Select(dim => (byte)dim)];
        return (sorted, IsDense(sorted));

        bool IsDense(ImmutableArray<byte> order)
        {
            for (var sample = 0; sample < Samples; sample++)
            {
                if (sizeValues[sample].Contains(0))
                {
                    continue;
                }

                Int128 expected = 1;
                for (var i = rank - 1; i >= 0; i--)
                {
                    var dim = order[i];
                    if (sizeValues[sample][dim] == 1)
                    {
                        continue;
                    }

                    if (strideValues[sample][dim] != expected)
                    {
                        return false;
                    }

                    expected *= sizeValues[sample][dim];
                    if (expected > long.MaxValue)
                    {
                        return false;
                    }
                }
            }

            return true;
        }
    }

    private static Int128[]? Values(ReadOnlySpan<SymbolicExpression> expressions, int sample)
    {
        var values = new Int128[expressions.Length];
        for (var i = 0; i < values.Length; i++)
        {
            if (expressions[i].Evaluate(name => Sample(name, sample)) is not { } value || value < 0)
            {
                return null;
            }

            values[i] = value;
        }

        return values;
    }

    // Odd numbers that differ between symbols, and are no sizes that a model would have.
    private static long Sample(string symbol, int sample)
    {
        uint hash = sample == 0 ? 2166136261u : 40389u;
        foreach (var c in symbol)
        {
            hash = (hash ^ c) * 16777619;
        }

        return 101 + (2 * (hash % 5003));
    }

    private static ImmutableArray<byte> Identity(int rank) => [.. Enumerable.Range(0, rank).Select(dim => (byte)dim)];

    private static SymbolicExpression[] ReadIntegers(JsonElement list, SymbolScope symbols)
    {
        CheckRank(list.Count());
        var values = new SymbolicExpression[list.Count()];
        var i = 0;
        foreach (var item in list.Items())
        {
            values[i++] = ReadInteger(item, symbols);
        }

        return values;
    }

    private static void CheckRank(int rank)
    {
        if (rank > TensorLayout.MaxRank)
        {
            throw new TandemException(ErrorCode.TensorInvalid, "a tensor has too many dimensions",
                new ErrorDetails { Expected = $"at most {TensorLayout.MaxRank}", Found = $"{rank}" });
        }
    }

    private static TandemException RanksDiffer(int sizes, int strides) => new(ErrorCode.TensorInvalid, "sizes and strides differ in number",
        new ErrorDetails { Expected = $"{sizes} strides", Found = $"{strides} strides" });
}
