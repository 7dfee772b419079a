using System.Runtime.CompilerServices;

namespace Tandem.Host.Building;

/// <content>Reductions, scans and order.</content>
public sealed partial class GraphTensor
{
    /// <summary>Sum over dimensions; of integers int64.</summary>
    /// <param name="dims">The dimensions; none named is all.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Sum(
        ReadOnlySpan<int> dims = default, bool keepDim = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::sum.dim_IntList", [new("dim", Dims(dims)), new("keepdim", keepDim)], file, line);

    /// <summary>Mean over dimensions.</summary>
    /// <param name="dims">The dimensions; none named is all.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Mean(
        ReadOnlySpan<int> dims = default, bool keepDim = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::mean.dim", [new("dim", Dims(dims)), new("keepdim", keepDim)], file, line);

    /// <summary>Greatest element over dimensions; none named is all.</summary>
    /// <param name="dims">The dimensions; none named is all.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Amax(
        ReadOnlySpan<int> dims = default, bool keepDim = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::amax", [new("dim", Dims(dims)), new("keepdim", keepDim)], file, line);

    /// <summary>Least element over dimensions; none named is all.</summary>
    /// <param name="dims">The dimensions; none named is all.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Amin(
        ReadOnlySpan<int> dims = default, bool keepDim = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::amin", [new("dim", Dims(dims)), new("keepdim", keepDim)], file, line);

    /// <summary>Product over a dimension; of integers int64.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Prod(int dim, bool keepDim = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::prod.dim_int", [new("dim", (long)dim), new("keepdim", keepDim)], file, line);

    /// <summary>Index of the greatest element, as int64; of all elements where no dimension is named.</summary>
    /// <param name="dim">The dimension.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Argmax(int? dim = null, bool keepDim = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::argmax", [new("dim", dim is { } givenDim ? (long)givenDim : OperatorArgument.None), new("keepdim", keepDim)], file, line);

    /// <summary>Index of the least element, as int64; of all elements where no dimension is named.</summary>
    /// <param name="dim">The dimension.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Argmin(int? dim = null, bool keepDim = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::argmin", [new("dim", dim is { } givenDim ? (long)givenDim : OperatorArgument.None), new("keepdim", keepDim)], file, line);

    /// <summary>Whether an element of a dimension is true.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Any(int dim, bool keepDim = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::any.dim", [new("dim", (long)dim), new("keepdim", keepDim)], file, line);

    /// <summary>Whether all elements of a dimension are true.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor All(int dim, bool keepDim = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::all.dim", [new("dim", (long)dim), new("keepdim", keepDim)], file, line);

    /// <summary>Variance over dimensions.</summary>
    /// <param name="dims">The dimensions.</param>
    /// <param name="correction">What is taken from the number of elements.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Var(
        ReadOnlySpan<int> dims, double correction = 1, bool keepDim = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::var.correction",
        [
            new("dim", OperatorArgument.OfInts(dims)),
            new("correction", correction),
            new("keepdim", keepDim),
        ], file, line);

    /// <summary>Standard deviation over dimensions.</summary>
    /// <param name="dims">The dimensions.</param>
    /// <param name="correction">What is taken from the number of elements.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Std(
        ReadOnlySpan<int> dims, double correction = 1, bool keepDim = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::std.correction",
        [
            new("dim", OperatorArgument.OfInts(dims)),
            new("correction", correction),
            new("keepdim", keepDim),
        ], file, line);

    /// <summary>Logarithm of the sum of e^x over dimensions.</summary>
    /// <param name="dims">The dimensions.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor LogSumExp(ReadOnlySpan<int> dims, bool keepDim = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::logsumexp", [new("dim", OperatorArgument.OfInts(dims)), new("keepdim", keepDim)], file, line);

    /// <summary>Running sum along a dimension; of integers int64.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor CumSum(int dim, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::cumsum", [new("dim", (long)dim)], file, line);

    /// <summary>Greatest element of a dimension, and its index.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The elements, and their indices as int64.</returns>
    public (GraphTensor Values, GraphTensor Indices) Max(
        int dim, bool keepDim = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        InvokeMany("aten::max.dim", [new("dim", (long)dim), new("keepdim", keepDim)], file, line) is [var first, var second] ? (first, second) : default;

    /// <summary>Least element of a dimension, and its index.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="keepDim">Whether the dimension stays, with size 1.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The elements, and their indices as int64.</returns>
    public (GraphTensor Values, GraphTensor Indices) Min(
        int dim, bool keepDim = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        InvokeMany("aten::min.dim", [new("dim", (long)dim), new("keepdim", keepDim)], file, line) is [var first, var second] ? (first, second) : default;

    /// <summary>The k greatest elements of a dimension, in order, and their indices.</summary>
    /// <param name="k">How many.</param>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="largest">The greatest, or the least.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The elements, and their indices as int64.</returns>
    public (GraphTensor Values, GraphTensor Indices) TopK(
        int k, int dim = -1, bool largest = true, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        InvokeMany("aten::topk", [new("k", (long)k), new("dim", (long)dim), new("largest", largest)], file, line) is [var first, var second] ? (first, second) : default;

    /// <summary>The elements of a dimension in order, and their indices.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="descending">The greatest first.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The elements, and their indices as int64.</returns>
    public (GraphTensor Values, GraphTensor Indices) Sort(
        int dim = -1, bool descending = false, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        InvokeMany("aten::sort", [new("dim", (long)dim), new("descending", descending)], file, line) is [var first, var second] ? (first, second) : default;
}
