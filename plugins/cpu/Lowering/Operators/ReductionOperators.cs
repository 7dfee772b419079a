using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Operators;

/// <summary>Means and sums over dimensions: averages of whole images, or products with equal weights.</summary>
internal static class ReductionOperators
{
    public static void Register(Dictionary<string, Action<OperatorNode>> table)
    {
        table.Add("aten::mean.dim", node => Reduce(node, isMean: true));
        table.Add("aten::sum.dim_IntList", node => Reduce(node, isMean: false));
    }

    private static void Reduce(OperatorNode node, bool isMean)
    {
        var (writer, self) = (node.Writer, node.Single("self"));
        if (isMean && self is { Rank: 4, Codes: { IsConstant: false, Type.Quantization: PayloadQuantization.PerTensor own } codes }
            && node.ResultQuantization is { } quantised && own.Scale / quantised.Scale is >= 1f / 256 and < 256
            && node.Ints("dim").Select(dimension => OperatorNode.Dimension(dimension, 4)).Order().ToArray() is [2, 3])
        {
            var average = PoolingOperators.GlobalAverage(writer, codes, new ElementType(ScalarType.Char, quantised));
            node.Set(node.Bool("keepdim") ? average : Views.Squeeze(writer, average, 2, 3));
            return;
        }

        if (self.IsConstant)
        {
            throw new LoweringRefusal("the operand is a constant; the result is known ahead of time");
        }

        var dimensions = node.Ints("dim").Select(dimension => OperatorNode.Dimension(dimension, self.Rank)).Order().ToArray();
        if (dimensions.Length == 0 || dimensions.Length == self.Rank)
        {
            throw new LoweringRefusal("a mean or sum of all elements, whose result has no dimension");
        }

        if (!isMean && dimensions.Any(dimension => !self.Sizes[dimension].IsConstant))
        {
            throw new LoweringRefusal("a sum over a dimension whose size is known at run time only");
        }

        var result = self.Rank == 4 && dimensions is [2, 3] ? Scaled(writer, PoolingOperators.GlobalAverage(writer, self), self, dimensions, isMean)
            : dimensions.Length == 1 && self.Sizes[dimensions[0]].IsConstant && LastForm(self, dimensions[0]) is { } form
                ? MatrixOperators.Total(writer, self, form, isMean)
            : Average(writer, self, dimensions, isMean);
        node.Set(node.Bool("keepdim") ? result : Views.Squeeze(writer, result, dimensions));
    }

    // A form that is there and has the dimension last.
    private static int[]? LastForm(LoweredTensor self, int dimension)
    {
        var form = self.NativeForm;
        return form[^1] == dimension ? form : dimension == self.Rank - 1 ? TensorStorage.Identity(self.Rank) : null;
    }

    /// <summary>The dimensions as the height of images, what follows as their channels.</summary>
    private static LoweredTensor Average(GraphWriter writer, LoweredTensor self, int[] dimensions, bool isMean)
    {
        if (dimensions[^1] - dimensions[0] != dimensions.Length - 1)
        {
            throw new LoweringRefusal("the dimensions of the mean or sum are not adjacent");
        }

        SymbolicInt[] shape =
        [
            Product(self.Sizes[..dimensions[0]]), Product(self.Sizes[dimensions[0]..(dimensions[^1] + 1)]), 1, Product(self.Sizes[(dimensions[^1] + 1)..]),
        ];
        SymbolicInt[] kept = [.. self.Sizes.Select((size, i) => dimensions.Contains(i) ? 1 : size)];

        // [outer, reduced, 1, inner] is NHWC already: as [N, C, H, W] it is [outer, inner, reduced, 1].
        var image = Views.Reshape(writer, self, shape).Permute([0, 3, 1, 2]);
        var average = PoolingOperators.GlobalAverage(writer, image).Permute([0, 2, 3, 1]);
        return Views.Reshape(writer, Scaled(writer, average, self, dimensions, isMean), kept);
    }

    private static LoweredTensor Scaled(GraphWriter writer, LoweredTensor average, LoweredTensor self, int[] dimensions, bool isMean) => isMean ? average
        : UnaryOperators.Scale(writer, PayloadNodeKind.Multiply, average, dimensions.Aggregate(1L, (count, dimension) => count * self.Sizes[dimension].Value));

    private static SymbolicInt Product(SymbolicInt[] sizes)
    {
        long known = 1;
        SymbolicInt? open = null;
        foreach (var size in sizes)
        {
            if (size.IsConstant)
            {
                known *= size.Value;
            }
            else
            {
                open = open is null && size.IsBounded ? size : throw new LoweringRefusal("more than one size is known at run time only");
            }
        }

        return open is null ? known
            : known == 1 ? open : SymbolicInt.Symbol($"{known}*({open.Expression})", known * open.Minimum, checked(known * open.Maximum));
    }
}
