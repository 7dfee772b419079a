using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <content>Layers of networks.</content>
public sealed partial class GraphTensor
{
    /// <summary>x times the transposed weight, plus bias.</summary>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out], or none.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>[..., out].</returns>
    public GraphTensor Linear(TensorOperand weight, TensorOperand? bias = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::linear", [new("weight", weight), new("bias", bias)], file, line);

    /// <summary>Product of matrices; leading dimensions broadcast, vectors are rows or columns.</summary>
    /// <param name="other">The right factor.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor MatMul(TensorOperand other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::matmul", [new("other", other)], file, line);

    /// <summary>Product of batches of matrices.</summary>
    /// <param name="other">[batch, k, n].</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>[batch, m, n].</returns>
    public GraphTensor Bmm(TensorOperand other, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::bmm", [new("mat2", other)], file, line);

    /// <summary>Rows of a table; this tensor holds the indices.</summary>
    /// <param name="weight">The table: [rows, width].</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The sizes of the indices, then width.</returns>
    public GraphTensor Embedding(TensorOperand weight, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Graph.Single("aten::embedding", [weight, this], file, line);

    /// <summary>Convolution over a line.</summary>
    /// <param name="weight">[out, in / groups, k].</param>
    /// <param name="bias">[out], or none.</param>
    /// <param name="stride">Step of the window.</param>
    /// <param name="padding">Zeros on both sides.</param>
    /// <param name="dilation">Distance between elements of the window.</param>
    /// <param name="groups">Parts of the channels that do not mix.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>[N, out, L].</returns>
    public GraphTensor Conv1d(
        TensorOperand weight, TensorOperand? bias = null, int stride = 1, int padding = 0, int dilation = 1, int groups = 1, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::conv1d",
        [
            new("weight", weight),
            new("bias", bias),
            new("stride", (long)stride),
            new("padding", (long)padding),
            new("dilation", (long)dilation),
            new("groups", (long)groups),
        ], file, line);

    /// <summary>Convolution over an image.</summary>
    /// <param name="weight">[out, in / groups, kH, kW].</param>
    /// <param name="bias">[out], or none.</param>
    /// <param name="stride">Step of the window; 1.</param>
    /// <param name="padding">Zeros on all sides.</param>
    /// <param name="dilation">Distance between elements of the window; 1.</param>
    /// <param name="groups">Parts of the channels that do not mix; as many as channels for a depthwise convolution.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>[N, out, H, W].</returns>
    public GraphTensor Conv2d(
        TensorOperand weight, TensorOperand? bias = null, Window? stride = null, Window padding = default, Window? dilation = null, int groups = 1, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::conv2d",
        [
            new("weight", weight),
            new("bias", bias),
            new("stride", OperatorArgument.OfWindow(stride ?? 1)),
            new("padding", OperatorArgument.OfWindow(padding)),
            new("dilation", OperatorArgument.OfWindow(dilation ?? 1)),
            new("groups", (long)groups),
        ], file, line);

    /// <summary>Transposed convolution over an image.</summary>
    /// <param name="weight">[in, out / groups, kH, kW].</param>
    /// <param name="bias">[out], or none.</param>
    /// <param name="stride">Step of the window; 1.</param>
    /// <param name="padding">What is cut off on all sides.</param>
    /// <param name="outputPadding">What is added on one side.</param>
    /// <param name="groups">Parts of the channels that do not mix.</param>
    /// <param name="dilation">Distance between elements of the window; 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>[N, out, H, W].</returns>
    public GraphTensor ConvTranspose2d(
        TensorOperand weight, TensorOperand? bias = null, Window? stride = null, Window padding = default, Window outputPadding = default, int groups = 1, Window? dilation = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::conv_transpose2d.input",
        [
            new("weight", weight),
            new("bias", bias),
            new("stride", OperatorArgument.OfWindow(stride ?? 1)),
            new("padding", OperatorArgument.OfWindow(padding)),
            new("output_padding", OperatorArgument.OfWindow(outputPadding)),
            new("groups", (long)groups),
            new("dilation", OperatorArgument.OfWindow(dilation ?? 1)),
        ], file, line);

    /// <summary>Normalisation over the last dimensions.</summary>
    /// <param name="normalizedShape">Their sizes.</param>
    /// <param name="weight">Scale, of these sizes.</param>
    /// <param name="bias">Shift, of these sizes.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor LayerNorm(
        ReadOnlySpan<SymbolicInt> normalizedShape, TensorOperand? weight = null, TensorOperand? bias = null, double eps = 1e-5, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::layer_norm",
        [
            new("normalized_shape", OperatorArgument.OfSizes(normalizedShape)),
            new("weight", weight),
            new("bias", bias),
            new("eps", eps),
        ], file, line);

    /// <summary>Division by the root of the mean square of the last dimensions.</summary>
    /// <param name="normalizedShape">Their sizes.</param>
    /// <param name="weight">Scale, of these sizes.</param>
    /// <param name="eps">Added to the mean square; null for the least step of the element type.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor RmsNorm(
        ReadOnlySpan<SymbolicInt> normalizedShape, TensorOperand? weight = null, double? eps = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::rms_norm",
        [
            new("normalized_shape", OperatorArgument.OfSizes(normalizedShape)),
            new("weight", weight),
            new("eps", eps is { } givenEps ? givenEps : OperatorArgument.None),
        ], file, line);

    /// <summary>Normalisation of each channel by statistics of the training.</summary>
    /// <param name="weight">Scale: [C].</param>
    /// <param name="bias">Shift: [C].</param>
    /// <param name="runningMean">[C].</param>
    /// <param name="runningVar">[C].</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor BatchNorm(
        TensorOperand? weight, TensorOperand? bias, TensorOperand runningMean, TensorOperand runningVar, double eps = 1e-5, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::batch_norm",
        [
            new("weight", weight),
            new("bias", bias),
            new("running_mean", runningMean),
            new("running_var", runningVar),
            new("training", false),
            new("momentum", 0.1),
            new("eps", eps),
            new("cudnn_enabled", false),
        ], file, line);

    /// <summary>Normalisation of groups of channels.</summary>
    /// <param name="numGroups">How many.</param>
    /// <param name="weight">Scale: [C].</param>
    /// <param name="bias">Shift: [C].</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor GroupNorm(
        int numGroups, TensorOperand? weight = null, TensorOperand? bias = null, double eps = 1e-5, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::group_norm", [new("num_groups", (long)numGroups), new("weight", weight), new("bias", bias), new("eps", eps)], file, line);

    /// <summary>Greatest element of each window.</summary>
    /// <param name="kernelSize">Size of the window.</param>
    /// <param name="stride">Step of the window; its size.</param>
    /// <param name="padding">Padding on all sides.</param>
    /// <param name="dilation">Distance between elements of the window; 1.</param>
    /// <param name="ceilMode">Whether the last window may stand out.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor MaxPool2d(
        Window kernelSize, Window? stride = null, Window padding = default, Window? dilation = null, bool ceilMode = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::max_pool2d",
        [
            new("kernel_size", OperatorArgument.OfWindow(kernelSize)),
            new("stride", OperatorArgument.OfWindow(stride ?? kernelSize)),
            new("padding", OperatorArgument.OfWindow(padding)),
            new("dilation", OperatorArgument.OfWindow(dilation ?? 1)),
            new("ceil_mode", ceilMode),
        ], file, line);

    /// <summary>Mean of each window.</summary>
    /// <param name="kernelSize">Size of the window.</param>
    /// <param name="stride">Step of the window; its size.</param>
    /// <param name="padding">Zeros on all sides.</param>
    /// <param name="ceilMode">Whether the last window may stand out.</param>
    /// <param name="countIncludePad">Whether padding counts as elements.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor AvgPool2d(
        Window kernelSize, Window? stride = null, Window padding = default, bool ceilMode = false, bool countIncludePad = true, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::avg_pool2d",
        [
            new("kernel_size", OperatorArgument.OfWindow(kernelSize)),
            new("stride", OperatorArgument.OfWindow(stride ?? kernelSize)),
            new("padding", OperatorArgument.OfWindow(padding)),
            new("ceil_mode", ceilMode),
            new("count_include_pad", countIncludePad),
        ], file, line);

    /// <summary>Mean of windows that make an image of a given size.</summary>
    /// <param name="outputSize">The size.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor AdaptiveAvgPool2d(Window outputSize, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::adaptive_avg_pool2d", [new("output_size", OperatorArgument.OfWindow(outputSize))], file, line);

    /// <summary>Greatest element of windows that make an image of a given size.</summary>
    /// <param name="outputSize">The size.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The elements, and their places as int64.</returns>
    public (GraphTensor Values, GraphTensor Indices) AdaptiveMaxPool2d(
        Window outputSize, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        InvokeMany("aten::adaptive_max_pool2d", [new("output_size", OperatorArgument.OfWindow(outputSize))], file, line) is [var first, var second] ? (first, second) : default;

    /// <summary>An image enlarged by repeating its pixels.</summary>
    /// <param name="scaleFactors">Height and width, each so many times.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor UpsampleNearest2d(
        (double Height, double Width) scaleFactors, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::upsample_nearest2d.vec", [new("output_size", OperatorArgument.None), new("scale_factors", new[] { scaleFactors.Height, scaleFactors.Width })], file, line);

    /// <summary>An image enlarged by mixing its pixels.</summary>
    /// <param name="scaleFactors">Height and width, each so many times.</param>
    /// <param name="alignCorners">Whether the corners of the two images lie on each other.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor UpsampleBilinear2d(
        (double Height, double Width) scaleFactors, bool alignCorners = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::upsample_bilinear2d.vec",
        [
            new("output_size", OperatorArgument.None), new("scale_factors", new[] { scaleFactors.Height, scaleFactors.Width }),
            new("align_corners", alignCorners),
        ], file, line);

    /// <summary>Channels spread over a larger image.</summary>
    /// <param name="upscaleFactor">How many times higher and wider.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor PixelShuffle(int upscaleFactor, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::pixel_shuffle", [new("upscale_factor", (long)upscaleFactor)], file, line);

    /// <summary>Elements around the last dimensions.</summary>
    /// <param name="pad">Before and behind the last dimension, then before and behind the one in front of it, and so on.</param>
    /// <param name="mode">"constant", "reflect", "replicate" or "circular".</param>
    /// <param name="value">The elements, for "constant"; 0.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Pad(
        ReadOnlySpan<SymbolicInt> pad, string mode = "constant", double? value = null, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::pad",
        [
            new("pad", OperatorArgument.OfSizes(pad)),
            new("mode", mode),
            new("value", value is { } givenValue ? givenValue : OperatorArgument.None),
        ], file, line);

    /// <summary>Attention: softmax(query * key^T * scale + mask) * value; this tensor is the query.</summary>
    /// <param name="key">[..., S, E].</param>
    /// <param name="value">[..., S, Ev].</param>
    /// <param name="attentionMask">Added to the scores, or truth values that let through; null for none.</param>
    /// <param name="isCausal">Whether each query sees only keys up to its place.</param>
    /// <param name="scale">Scale of the scores; null for 1 over the root of E.</param>
    /// <param name="enableGqa">Whether several query heads share a key head.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>[..., L, Ev].</returns>
    public GraphTensor ScaledDotProductAttention(
        TensorOperand key, TensorOperand value, TensorOperand? attentionMask = null, bool isCausal = false, double? scale = null, bool enableGqa = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::scaled_dot_product_attention",
        [
            new("key", key),
            new("value", value),
            new("attn_mask", attentionMask),
            new("is_causal", isCausal),
            new("scale", scale is { } givenScale ? givenScale : OperatorArgument.None),
            new("enable_gqa", enableGqa),
        ], file, line);
}
