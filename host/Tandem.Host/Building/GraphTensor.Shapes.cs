using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <content>Views, slices and repetition.</content>
public sealed partial class GraphTensor
{
    /// <summary>The same elements under other sizes; -1 stands for what follows from the rest.</summary>
    /// <param name="sizes">The sizes.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Reshape(ReadOnlySpan<SymbolicInt> sizes, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::reshape", [new("shape", OperatorArgument.OfSizes(sizes))], file, line);

    /// <summary>The same elements in the same memory under other sizes; refused where that needs a copy.</summary>
    /// <param name="sizes">The sizes; -1 stands for what follows from the rest.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor View(ReadOnlySpan<SymbolicInt> sizes, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::view", [new("size", OperatorArgument.OfSizes(sizes))], file, line);

    /// <summary>Several dimensions as one.</summary>
    /// <param name="startDim">The first.</param>
    /// <param name="endDim">The last.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Flatten(int startDim = 0, int endDim = -1, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::flatten.using_ints", [new("start_dim", (long)startDim), new("end_dim", (long)endDim)], file, line);

    /// <summary>One dimension as several.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="sizes">Their sizes.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Unflatten(int dim, ReadOnlySpan<SymbolicInt> sizes, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::unflatten.int", [new("dim", (long)dim), new("sizes", OperatorArgument.OfSizes(sizes))], file, line);

    /// <summary>The dimensions in another order.</summary>
    /// <param name="dims">The order.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Permute(ReadOnlySpan<int> dims, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::permute", [new("dims", OperatorArgument.OfInts(dims))], file, line);

    /// <summary>Two dimensions exchanged.</summary>
    /// <param name="dim0">One.</param>
    /// <param name="dim1">The other.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Transpose(int dim0, int dim1, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::transpose.int", [new("dim0", (long)dim0), new("dim1", (long)dim1)], file, line);

    /// <summary>A matrix transposed.</summary>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor T([CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::t", [], file, line);

    /// <summary>A new dimension of size 1.</summary>
    /// <param name="dim">Where it stands in the result.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Unsqueeze(int dim, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::unsqueeze", [new("dim", (long)dim)], file, line);

    /// <summary>A dimension of size 1 removed; others stay.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Squeeze(int dim, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::squeeze.dim", [new("dim", (long)dim)], file, line);

    /// <summary>Dimensions of size 1 repeated without copying; -1 leaves a size.</summary>
    /// <param name="sizes">The sizes.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Expand(ReadOnlySpan<SymbolicInt> sizes, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::expand", [new("size", OperatorArgument.OfSizes(sizes))], file, line);

    /// <summary>Every step-th element of a dimension from start to before end.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="start">First index, counted from the end if negative.</param>
    /// <param name="end">Behind the last index; null for all that follow.</param>
    /// <param name="step">The step.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Slice(
        int dim, SymbolicInt start, SymbolicInt? end = null, int step = 1, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::slice.Tensor", [new("dim", (long)dim), new("start", start), new("end", end), new("step", (long)step)], file, line);

    /// <summary>Elements of a dimension from start on.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="start">First index.</param>
    /// <param name="length">How many.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Narrow(int dim, SymbolicInt start, SymbolicInt length, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::narrow", [new("dim", (long)dim), new("start", start), new("length", length)], file, line);

    /// <summary>One index of a dimension, which goes away.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="index">The index, counted from the end if negative.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Select(int dim, SymbolicInt index, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::select.int", [new("dim", (long)dim), new("index", index)], file, line);

    /// <summary>The whole tensor again and again.</summary>
    /// <param name="repeats">How often, for each dimension of the result.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Repeat(ReadOnlySpan<SymbolicInt> repeats, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::repeat", [new("repeats", OperatorArgument.OfSizes(repeats))], file, line);

    /// <summary>Each element of a dimension again and again.</summary>
    /// <param name="repeats">How often.</param>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor RepeatInterleave(SymbolicInt repeats, int dim, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::repeat_interleave.self_int", [new("repeats", repeats), new("dim", (long)dim)], file, line);

    /// <summary>Dimensions turned around.</summary>
    /// <param name="dims">The dimensions.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Flip(ReadOnlySpan<int> dims, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::flip", [new("dims", OperatorArgument.OfInts(dims))], file, line);

    /// <summary>Elements shifted along dimensions; what leaves comes in at the other end.</summary>
    /// <param name="shifts">How far.</param>
    /// <param name="dims">The dimensions.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Roll(ReadOnlySpan<int> shifts, ReadOnlySpan<int> dims, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::roll", [new("shifts", OperatorArgument.OfInts(shifts)), new("dims", OperatorArgument.OfInts(dims))], file, line);

    /// <summary>Parts of equal size along a dimension; the last may be smaller.</summary>
    /// <param name="splitSize">Size of a part.</param>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The parts.</returns>
    public GraphTensor[] Split(SymbolicInt splitSize, int dim = 0, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        InvokeMany("aten::split.Tensor", [new("split_size", splitSize), new("dim", (long)dim)], file, line);

    /// <summary>Parts of given sizes along a dimension.</summary>
    /// <param name="sizes">The sizes; together the dimension.</param>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The parts.</returns>
    public GraphTensor[] SplitWithSizes(
        ReadOnlySpan<SymbolicInt> sizes, int dim = 0, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        InvokeMany("aten::split_with_sizes", [new("split_sizes", OperatorArgument.OfSizes(sizes)), new("dim", (long)dim)], file, line);

    /// <summary>At most so many parts of equal size along a dimension; the last may be smaller.</summary>
    /// <param name="chunks">How many.</param>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The parts.</returns>
    public GraphTensor[] Chunk(int chunks, int dim = 0, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        InvokeMany("aten::chunk", [new("chunks", (long)chunks), new("dim", (long)dim)], file, line);

    /// <summary>Every index of a dimension by itself.</summary>
    /// <param name="dim">The dimension, counted from the end if negative.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The parts.</returns>
    public GraphTensor[] Unbind(int dim = 0, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        InvokeMany("aten::unbind.int", [new("dim", (long)dim)], file, line);

    /// <summary>The lower triangle of matrices; the rest is 0.</summary>
    /// <param name="diagonal">The diagonal that still counts.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Tril(int diagonal = 0, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::tril", [new("diagonal", (long)diagonal)], file, line);

    /// <summary>The upper triangle of matrices; the rest is 0.</summary>
    /// <param name="diagonal">The diagonal that still counts.</param>
    /// <param name="file">Filled in by the compiler.</param>
    /// <param name="line">Filled in by the compiler.</param>
    /// <returns>The result.</returns>
    public GraphTensor Triu(int diagonal = 0, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0) =>
        Invoke("aten::triu", [new("diagonal", (long)diagonal)], file, line);
}
