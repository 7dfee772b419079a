using System.Runtime.CompilerServices;

namespace Tandem.Host.Building;

/// <content>Activations.</content>
public sealed partial class GraphTensor
{
    /// <summary>The greater of x and 0.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Relu([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::relu", [], file, line);

    /// <summary>1 / (1 + e^-x).</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Sigmoid([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::sigmoid", [], file, line);

    /// <summary>Hyperbolic tangent.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Tanh([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::tanh", [], file, line);

    /// <summary>x times its sigmoid (swish).</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Silu([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::silu", [], file, line);

    /// <summary>x times the tangent of its softplus.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Mish([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::mish", [], file, line);

    /// <summary>x * relu6(x + 3) / 6.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor HardSwish([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::hardswish", [], file, line);

    /// <summary>relu6(x + 3) / 6.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor HardSigmoid([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::hardsigmoid", [], file, line);

    /// <summary>x within 0 and 6.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Relu6([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::relu6", [], file, line);

    /// <summary>Logarithm of the sigmoid.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor LogSigmoid([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::log_sigmoid", [], file, line);

    /// <summary>Gaussian error linear unit.</summary>
    /// <param name="approximate">"none", or "tanh" for the approximation by tanh.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Gelu(string approximate = "none", [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::gelu", [new("approximate", approximate)], file, line);

    /// <summary>x, or x times a slope where it is negative.</summary>
    /// <param name="negativeSlope">The slope.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor LeakyRelu(double negativeSlope = 0.01, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::leaky_relu", [new("negative_slope", negativeSlope)], file, line);

    /// <summary>x, or alpha * (e^x - 1) where it is negative.</summary>
    /// <param name="alpha">Scale of the negative part.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Elu(double alpha = 1, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::elu", [new("alpha", alpha)], file, line);

    /// <summary>Logarithm of 1 + e^x.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Softplus([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::softplus", [], file, line);

    /// <summary>x, or x times a learned slope where it is negative.</summary>
    /// <param name="weight">The slopes: [1], or one for each channel (dimension 1).</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor PRelu(TensorOperand weight, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::prelu", [new("weight", weight)], file, line);

    /// <summary>x within two bounds.</summary>
    /// <param name="minimum">Least value.</param>
    /// <param name="maximum">Greatest value.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor HardTanh(double minimum = -1, double maximum = 1, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::hardtanh", [new("min_val", GraphTensor.Number(minimum)), new("max_val", GraphTensor.Number(maximum))], file, line);

    /// <summary>e^x over the sum of e^x of a dimension.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Softmax(int dim, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::softmax.int", [new("dim", (long)dim)], file, line);

    /// <summary>Logarithm of the softmax of a dimension.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor LogSoftmax(int dim, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::log_softmax.int", [new("dim", (long)dim)], file, line);

    /// <summary>The first half of a dimension times the sigmoid of the second.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Glu(int dim = -1, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::glu", [new("dim", (long)dim)], file, line);

    /// <summary>Nothing: dropout of a model that does not train, kept for its place in the graph.</summary>
    /// <param name="p">Probability.</param>
    /// <param name="train">Always false in a model that runs.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Dropout(double p = 0.5, bool train = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::dropout", [new("p", p), new("train", train)], file, line);
}
