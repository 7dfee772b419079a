using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <content>Reading and writing at indices.</content>
public sealed partial class GraphTensor
{
    /// <summary>Elements at indices of the first dimension.</summary>
    /// <param name="index">int64 or int32 indices; their sizes take the place of the dimension.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Index(TensorOperand index, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::index.Tensor", [new("indices", new TensorOperand?[] { index })], file, line);

    /// <summary>Elements at indices of a dimension.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="index">int64 or int32 indices, one dimension.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor IndexSelect(int dim, TensorOperand index, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::index_select", [new("dim", (long)dim), new("index", index)], file, line);

    /// <summary>For each place of an index tensor, the element at that index of a dimension.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="index">int64 indices; as many dimensions as the tensor.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Gather(int dim, TensorOperand index, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::gather", [new("dim", (long)dim), new("index", index)], file, line);

    /// <summary>The tensor with a part replaced at indices of a dimension.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="index">int64 indices, one dimension.</param>
    /// <param name="source">What is written; the size of the dimension is that of the index.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor IndexCopy(
        int dim, TensorOperand index, TensorOperand source, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::index_copy", [new("dim", (long)dim), new("index", index), new("source", source)], file, line);

    /// <summary>The tensor with a part added at indices of a dimension.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="index">int64 indices, one dimension.</param>
    /// <param name="source">What is added.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor IndexAdd(
        int dim, TensorOperand index, TensorOperand source, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::index_add", [new("dim", (long)dim), new("index", index), new("source", source)], file, line);

    /// <summary>The tensor with elements replaced at indices of a dimension.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="index">int64 indices; as many dimensions as the tensor.</param>
    /// <param name="source">What is written.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Scatter(
        int dim, TensorOperand index, TensorOperand source, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::scatter.src", [new("dim", (long)dim), new("index", index), new("src", source)], file, line);

    /// <summary>The tensor with one index of a dimension replaced.</summary>
    /// <param name="source">What is written.</param>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="index">The index.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor SelectScatter(
        TensorOperand source, int dim, SymbolicInt index, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::select_scatter", [new("src", source), new("dim", (long)dim), new("index", index)], file, line);

    /// <summary>The tensor with a slice replaced.</summary>
    /// <param name="source">What is written.</param>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="start">First index.</param>
    /// <param name="end">Behind the last index.</param>
    /// <param name="step">The step.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor SliceScatter(
        TensorOperand source, int dim = 0, SymbolicInt? start = null, SymbolicInt? end = null, int step = 1, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::slice_scatter",
        [
            new("src", source),
            new("dim", (long)dim),
            new("start", start),
            new("end", end),
            new("step", (long)step),
        ], file, line);
}
