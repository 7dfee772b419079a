using Tandem.Plugins.Cpu.Lowering.Constants;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Operators;

/// <summary>Products of matrices.</summary>
internal static class MatrixOperators
{
    private const uint TransposeWeights = 1;

    public static void Register(Dictionary<string, Action<OperatorNode>> table)
    {
        table.Add("aten::linear", node => node.Set(Linear(
            node.Writer, node.Tensor("input"), Matrix(node.Tensor("weight")), node.OptionalTensor("bias"), node.ResultQuantization)));
        table.Add("aten::mm", node => node.Set(Multiply(node.Writer, node.Tensor("self"), node.Tensor("mat2"), node.ResultQuantization)));
        table.Add("aten::bmm", node => node.Set(Multiply(node.Writer, node.Tensor("self"), node.Tensor("mat2"))));
        table.Add("aten::matmul", node => node.Set(Multiply(node.Writer, node.Tensor("self"), node.Tensor("other"), node.ResultQuantization)));
        table.Add("aten::addmm", node => AddProduct(node, "mat1", "mat2"));
        table.Add("aten::baddbmm", node => AddProduct(node, "batch1", "batch2"));
        table.Add("aten::scaled_dot_product_attention", AttentionLowering.Lower);
    }

    /// <summary>self times other, with NumPy's rules for leading dimensions; each of rank 2 or more.</summary>
    public static LoweredTensor Multiply(GraphWriter writer, LoweredTensor self, LoweredTensor other, PayloadQuantization.PerTensor? result = null)
    {
        if (self.Rank < 2 || other.Rank < 2)
        {
            return WithVector(writer, self, other);
        }

        if (other is { IsConstant: true, Rank: 2 })
        {
            return Linear(writer, self, other.Permute([1, 0]), null, result);
        }

        var rank = Math.Max(3, Math.Max(self.Rank, other.Rank));
        var (first, second) = (WithRank(writer, self, rank), WithRank(writer, other, rank));
        if (first.IsConstant && second.IsConstant)
        {
            throw new LoweringRefusal("both operands are constants; the result is known ahead of time");
        }

        var plain = TensorStorage.Identity(rank);
        int[] swapped = [.. plain[..^2], rank - 1, rank - 2];
        var isTransposed = !second.Has(plain) && second.Has(swapped);
        SymbolicInt[] sizes = [.. Broadcast.Sizes(first, second)[..^2], first.Sizes[^2], second.Sizes[^1]];
        var product = writer.AddNode(
            PayloadNodeKind.BatchMatrixMultiply, [writer.Read(first, plain), writer.Read(second, isTransposed ? swapped : plain)], self.Type, sizes, plain,
            isTransposed ? TransposeWeights : 0);
        var extra = rank - Math.Max(self.Rank, other.Rank);
        return extra == 0 ? product : Views.Squeeze(writer, product, [.. Enumerable.Range(0, extra)]);
    }

    // A vector is a row before a matrix and a column behind it; that dimension goes again.
    private static LoweredTensor WithVector(GraphWriter writer, LoweredTensor self, LoweredTensor other)
    {
        if (self.Rank + other.Rank < 3 || self.Rank == 0 || other.Rank == 0)
        {
            throw new LoweringRefusal("a product of two vectors, whose result has no dimension");
        }

        return self.Rank == 1
            ? Views.Squeeze(writer, Multiply(writer, Views.Unsqueeze(writer, self, 0), other), other.Rank - 2)
            : Views.Squeeze(writer, Multiply(writer, self, Views.Unsqueeze(writer, other, 1)), self.Rank - 1);
    }

    /// <summary>input times the transposed weight, plus the bias.</summary>
    /// <param name="writer">The payload.</param>
    /// <param name="input">[..., K].</param>
    /// <param name="weight">[N, K].</param>
    /// <param name="bias">[N], or null.</param>
    /// <param name="result">How the result is quantised, if nothing needs it as numbers.</param>
    public static LoweredTensor Linear(
        GraphWriter writer, LoweredTensor input, LoweredTensor weight, LoweredTensor? bias, PayloadQuantization.PerTensor? result = null)
    {
        if (input.Rank < 1)
        {
            throw new LoweringRefusal("a product with a tensor of rank 0");
        }

        if (input.IsConstant)
        {
            throw new LoweringRefusal("the input is a constant");
        }

        if (input.Rows is not null)
        {
            return DynamicLinear(writer, input, weight, bias);
        }

        if (result is not null && input.Codes is { Type.Quantization: PayloadQuantization.PerTensor parameters } codes && weight.Weight is { } quantised
            && QuantisedProducts.Refuse(parameters, quantised, 0, bias, result) is null)
        {
            var (codesForm, codesSizes) = (RowForm(codes), (SymbolicInt[])[.. codes.Sizes[..^1], weight.Sizes[0]]);
            return LoweredTensor.Dequantise(writer, writer.AddNode(
                PayloadNodeKind.FullyConnected,
                [writer.Read(codes, codesForm), QuantisedProducts.StaticFilter(writer, quantised, 0), QuantisedProducts.StaticBias(writer, bias, parameters, quantised, 0)],
                new ElementType(ScalarType.Char, result), codesSizes, codesForm), input.Type.Scalar);
        }

        if (!weight.IsConstant && input.Type != ScalarType.Float)
        {
            throw new LoweringRefusal("the weight is computed at run time, in float16");
        }

        var (filter, flags) = Filter(writer, weight);
        // Beside a weight that is packed at each call, ExecuTorch's XNNPACK reads a constant bias from memory that it has given back.
        var fused = weight.IsConstant && bias is { IsConstant: true, Rank: 1 } && bias.Constant.Sizes[0] == weight.Sizes[0].Maximum ? bias : null;
        var form = RowForm(input);
        SymbolicInt[] sizes = [.. input.Sizes[..^1], weight.Sizes[0]];
        var product = writer.AddNode(
            PayloadNodeKind.FullyConnected, [writer.Read(input, form), filter, fused is null ? PayloadValue.NoId : writer.Read(fused)], input.Type, sizes, form, flags);
        return bias is null || fused is not null ? product : Broadcast.Binary(writer, PayloadNodeKind.Add, product, bias, sizes);
    }

    // Rows are quantised when called; the bias and the result are float32 whatever the activations are.
    private static LoweredTensor DynamicLinear(GraphWriter writer, LoweredTensor input, LoweredTensor weight, LoweredTensor? bias)
    {
        var quantised = weight.Weight ?? throw new LoweringRefusal("the input is quantised when called, and the weight is not quantised");
        var fused = bias is { IsConstant: true, Rank: 1 } && bias.Constant.Sizes[0] == weight.Constant.Sizes[0] ? bias.Constant.To(ScalarType.Float) : null;
        var filter = QuantisedProducts.DynamicFilter(writer, quantised, takesFourBits: true);
        var form = RowForm(input);
        SymbolicInt[] sizes = [.. input.Sizes[..^1], weight.Sizes[0]];
        var product = writer.AddNode(
            PayloadNodeKind.FullyConnected,
            [writer.ReadRows(input, form, 1), filter, fused is null ? PayloadValue.NoId : writer.Read(new LoweredTensor(fused))], ScalarType.Float, sizes, form);
        return bias is null || fused is not null ? product : bias.Type == ScalarType.Float ? Broadcast.Binary(writer, PayloadNodeKind.Add, product, bias, sizes)
            : throw new LoweringRefusal("a bias of float16 that is computed when called");
    }

    // The form in which the tensor is produced, if that keeps rows together.
    private static int[] RowForm(LoweredTensor input)
    {
        var form = input.NativeForm;
        return form[^1] == input.Rank - 1 ? form : TensorStorage.Identity(input.Rank);
    }

    private static LoweredTensor Matrix(LoweredTensor weight) => weight.Rank == 2 ? weight : throw new LoweringRefusal($"the weight has rank {weight.Rank}");

    // The weight as it is stored, whichever way round: its bytes then are the ones that others use too.
    private static (uint Id, uint Flags) Filter(GraphWriter writer, LoweredTensor weight)
    {
        var isTransposed = weight.IsConstant ? !weight.Constant.IsDense && weight.Constant.Permute([1, 0]).IsDense
            : !weight.Has([0, 1]) && weight.Has([1, 0]);
        return isTransposed ? (writer.Read(weight, [1, 0]), TransposeWeights) : (writer.Read(weight), 0u);
    }

    private static LoweredTensor WithRank(GraphWriter writer, LoweredTensor tensor, int rank) => tensor.Rank == rank ? tensor
        : Views.Reshape(writer, tensor, [.. Enumerable.Repeat((SymbolicInt)1, rank - tensor.Rank), .. tensor.Sizes]);

    private static void AddProduct(OperatorNode node, string firstName, string secondName)
    {
        var (writer, self, first, second) = (node.Writer, node.Tensor("self"), node.Tensor(firstName), node.Tensor(secondName));
        var (alpha, beta) = (node.Number("alpha", 1), node.Number("beta", 1));
        if (alpha == 1 && beta == 1 && second is { IsConstant: true, Rank: 2 })
        {
            node.Set(Linear(writer, first, second.Permute([1, 0]), self, node.ResultQuantization));
            return;
        }

        var product = Multiply(writer, first, second);
        if (alpha != 1)
        {
            product = UnaryOperators.Scale(writer, PayloadNodeKind.Multiply, product, alpha);
        }

        if (beta != 0)
        {
            var added = beta == 1 ? self
                : self.IsConstant ? throw new LoweringRefusal("a constant is scaled; the result is known ahead of time")
                : UnaryOperators.Scale(writer, PayloadNodeKind.Multiply, self, beta);
            product = Broadcast.Binary(writer, PayloadNodeKind.Add, product, added, product.Sizes);
        }

        node.Set(product);
    }

    /// <summary>The mean, or the sum, over the last dimension of a form, as a product with equal weights.</summary>
    /// <param name="writer">The payload.</param>
    /// <param name="input">The tensor.</param>
    /// <param name="form">Position i holds dimension form[i]; the last has a size that is known ahead of time.</param>
    /// <param name="isMean">Whether the sum is divided by the size.</param>
    public static LoweredTensor Total(GraphWriter writer, LoweredTensor input, int[] form, bool isMean)
    {
        var count = checked((int)input.Sizes[form[^1]].Value);
        var weight = new LoweredTensor(ConstantTensor.Fill(isMean ? 1.0 / count : 1, input.Type.Scalar, 1, count));
        SymbolicInt[] sizes = [.. input.Sizes];
        sizes[form[^1]] = 1;
        return writer.AddNode(
            PayloadNodeKind.FullyConnected, [writer.Read(input, form), writer.Read(weight), PayloadValue.NoId], input.Type, sizes, form);
    }
}
