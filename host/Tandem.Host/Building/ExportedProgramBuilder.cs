using System.Globalization;
using System.Numerics.Tensors;
using Tandem.Host.Lowering;
using Tandem.Sdk;

namespace Tandem.Host.Building;

/// <summary>Makes an <see cref="ExportedProgram"/> from C#: the same graphs that torch.export writes, checked as strictly. Not thread-safe.</summary>
/// <example>
/// <code>
/// var program = new ExportedProgramBuilder();
/// var weight = program.Parameter&lt;float&gt;("fc.weight", weights, [10, 64]);
/// program.Method("forward", method =&gt;
/// {
///     var x = method.Input("x", ScalarType.Float, program.Dim("batch", 1, 32), 64);
///     method.Output(x.Linear(weight).Softmax(-1));
/// });
/// ExportedProgram exported = program.Build();
/// </code>
/// </example>
public sealed class ExportedProgramBuilder
{
    private readonly Dictionary<string, ModelTensor> _tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SymbolicInt> _dims = new(StringComparer.Ordinal);
    private readonly List<MethodBuilder> _methods = [];
    private bool _isBuilt;
    private int _symbols;

    /// <summary>Names a dynamic size. The same object in several places says that they are equal.</summary>
    /// <param name="name">Name of the symbol ("batch"); letters, digits and underscores, no digit first.</param>
    /// <param name="minimum">Least size, 1 or more.</param>
    /// <param name="maximum">Greatest size: memory is planned for it.</param>
    /// <returns>The size; arithmetic on it gives sizes that follow from it.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: the name is taken or impossible, or the range is.</exception>
    public SymbolicInt Dim(string name, int minimum, int maximum)
    {
        CheckNew(name, "dim");
        if (name.Length == 0 || char.IsAsciiDigit(name[0]) || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_')
            || name is "Min" or "Max" || _dims.ContainsKey(name) || minimum < 1 || maximum < minimum)
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "a dynamic size is impossible", new ErrorDetails
            {
                Location = $"'{name}'",
                Expected = "a new name of letters, digits and underscores, and a range of 1 or more",
                Found = $"{minimum} to {maximum}",
            });
        }

        return _dims[name] = minimum == maximum ? minimum : SymbolicInt.Symbol(name, minimum, maximum);
    }

    /// <summary>Adds a parameter: a weight that no call changes.</summary>
    /// <param name="name">Fully qualified name ("layers.0.weight").</param>
    /// <param name="tensor">Its bytes, from <see cref="ModelData"/>.</param>
    /// <returns>The parameter, for operators of any method.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: the name is taken, or the bytes do not fit.</exception>
    public ModelTensor Parameter(string name, ExportedTensor tensor) => Add(name, GraphInputKind.Parameter, tensor, true);

    /// <summary>Adds a parameter from elements, which are copied.</summary>
    /// <typeparam name="T">Type of an element.</typeparam>
    /// <param name="name">Fully qualified name.</param>
    /// <param name="elements">The elements, last dimension fastest.</param>
    /// <param name="sizes">Size of each dimension.</param>
    /// <returns>The parameter.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: the name is taken, or the sizes do not fit.</exception>
    public ModelTensor Parameter<T>(string name, ReadOnlySpan<T> elements, ReadOnlySpan<int> sizes)
        where T : unmanaged => Parameter(name, ModelData.FromElements(elements, sizes, $"parameter '{name}'"));

    /// <summary>Adds a parameter from a tensor, which is copied.</summary>
    /// <typeparam name="T">Type of an element.</typeparam>
    /// <param name="name">Fully qualified name.</param>
    /// <param name="tensor">The tensor.</param>
    /// <returns>The parameter.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: the name is taken.</exception>
    public ModelTensor Parameter<T>(string name, Tensor<T> tensor)
        where T : unmanaged => Parameter(name, ModelData.FromTensor(tensor, $"parameter '{name}'"));

    /// <summary>Adds all tensors of a .safetensors file as parameters. Their bytes stay in the file, which is read when the program is lowered.</summary>
    /// <param name="path">The file.</param>
    /// <param name="prefix">Put before each name.</param>
    /// <returns>The parameters by the names of the file.</returns>
    /// <exception cref="TandemException">
    /// <see cref="ErrorCode.SourceUnreadable"/>, <see cref="ErrorCode.TensorFileInvalid"/>, or <see cref="ErrorCode.ArgumentInvalid"/>: a name is taken.
    /// </exception>
    public IReadOnlyDictionary<string, ModelTensor> Parameters(string path, string prefix = "") =>
        ModelData.FromSafetensors(path).OrderBy(entry => entry.Key, StringComparer.Ordinal).ToDictionary(entry => entry.Key, entry => Parameter(prefix + entry.Key, entry.Value));

    /// <summary>Adds a buffer: state that methods read and may change with <see cref="MethodBuilder.Assign"/>.</summary>
    /// <param name="name">Fully qualified name.</param>
    /// <param name="tensor">Its value before the first call.</param>
    /// <returns>The buffer, saved with the model.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: the name is taken, or the bytes do not fit.</exception>
    public ModelTensor Buffer(string name, ExportedTensor tensor) => Buffer(name, tensor, true);

    /// <summary>Adds a buffer that may be left out of what is saved with the model.</summary>
    /// <param name="name">Fully qualified name.</param>
    /// <param name="tensor">Its value before the first call.</param>
    /// <param name="isPersistent">Whether it is saved with the model.</param>
    /// <returns>The buffer.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: the name is taken, or the bytes do not fit.</exception>
    public ModelTensor Buffer(string name, ExportedTensor tensor, bool isPersistent) => Add(name, GraphInputKind.Buffer, tensor, isPersistent);

    /// <summary>Adds a buffer from elements, which are copied.</summary>
    /// <typeparam name="T">Type of an element.</typeparam>
    /// <param name="name">Fully qualified name.</param>
    /// <param name="elements">Its elements before the first call.</param>
    /// <param name="sizes">Size of each dimension.</param>
    /// <returns>The buffer, saved with the model.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: the name is taken, or the sizes do not fit.</exception>
    public ModelTensor Buffer<T>(string name, ReadOnlySpan<T> elements, ReadOnlySpan<int> sizes)
        where T : unmanaged => Buffer(name, ModelData.FromElements(elements, sizes, $"buffer '{name}'"));

    /// <summary>Adds a buffer without first value: a method assigns it before it is read, or it holds zeros.</summary>
    /// <param name="name">Fully qualified name.</param>
    /// <param name="scalarType">Element type.</param>
    /// <param name="sizes">Size of each dimension; numbers.</param>
    /// <returns>The buffer; it is not saved with the model.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: the name is taken.</exception>
    public ModelTensor EmptyBuffer(string name, ScalarType scalarType, params ReadOnlySpan<int> sizes) =>
        Add(name, GraphInputKind.Buffer, ModelData.SpecOf(new TensorLayout(scalarType, sizes)), null, false);

    /// <summary>Adds a constant: a tensor that the model's code holds.</summary>
    /// <param name="name">Fully qualified name.</param>
    /// <param name="tensor">Its bytes.</param>
    /// <returns>The constant.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: the name is taken, or the bytes do not fit.</exception>
    public ModelTensor Constant(string name, ExportedTensor tensor) => Add(name, GraphInputKind.Constant, tensor, true);

    /// <summary>Adds a constant from elements, which are copied.</summary>
    /// <typeparam name="T">Type of an element.</typeparam>
    /// <param name="name">Fully qualified name.</param>
    /// <param name="elements">The elements, last dimension fastest.</param>
    /// <param name="sizes">Size of each dimension.</param>
    /// <returns>The constant.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: the name is taken, or the sizes do not fit.</exception>
    public ModelTensor Constant<T>(string name, ReadOnlySpan<T> elements, ReadOnlySpan<int> sizes)
        where T : unmanaged => Constant(name, ModelData.FromElements(elements, sizes, $"constant '{name}'"));

    /// <summary>Adds a method.</summary>
    /// <param name="name">Its name ("forward", "prefill").</param>
    /// <param name="build">Adds its inputs, operators and outputs.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: the name is taken or empty; what <paramref name="build"/> throws.</exception>
    public void Method(string name, Action<MethodBuilder> build)
    {
        CheckNew(name, "method");
        if (name.Length == 0 || _methods.Any(method => method.Name == name))
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "the name of a method is taken or empty", new ErrorDetails { Expected = "a new name", Found = $"'{name}'" });
        }

        var method = new MethodBuilder(this, name);
        build(method);
        _methods.Add(method);
    }

    /// <summary>Gives the program. The builder takes nothing more afterwards.</summary>
    /// <returns>The program.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: there is no method, or one returns nothing.</exception>
    public ExportedProgram Build()
    {
        CheckNew("", "program");
        if (_methods.Count == 0)
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "the program has no method", new ErrorDetails { NextStep = "call Method" });
        }

        var program = new ExportedProgram([.. _methods.Select(method => method.Build())]);
        ExportedProgramChecker.Check(program);
        _isBuilt = true;
        return program;
    }

    internal SymbolicInt NewSymbol(long minimum, long maximum)
    {
        string name;
        do
        {
            name = string.Create(CultureInfo.InvariantCulture, $"u{_symbols++}");
        }
        while (_dims.ContainsKey(name));
        return _dims[name] = SymbolicInt.Symbol(name, minimum, maximum);
    }

    internal void CheckNew(string name, string kind)
    {
        if (_isBuilt)
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "the program is built, and takes nothing more", new ErrorDetails
            {
                Found = $"{kind} '{name}'",
                NextStep = "start a new ExportedProgramBuilder",
            });
        }
    }

    internal void CheckSize(SymbolicInt size, string input)
    {
        if (size.IsConstant ? size.Value < 0 : !_dims.ContainsKey(size.Expression!))
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "the size of an input is impossible", new ErrorDetails
            {
                Location = $"input '{input}'",
                Expected = "0 or more, or a size that Dim made",
                Found = size.ToString(),
            });
        }
    }

    private ModelTensor Add(string name, GraphInputKind kind, ExportedTensor tensor, bool isPersistent)
    {
        var bytes = tensor.Spec.IsStatic && tensor.Spec.Strides.IsDefault && tensor.Spec.StorageOffset.IsConstant
            ? tensor.Spec.ToUpperBound().ByteCount + (tensor.Spec.StorageOffset.Value * tensor.Spec.ScalarType.Size()) : -1;
        return bytes >= 0 && bytes <= tensor.Storage.Length ? Add(name, kind, tensor.Spec, tensor, isPersistent)
            : throw new TandemException(ErrorCode.ArgumentInvalid, "the bytes of a tensor do not fit its sizes", new ErrorDetails
            {
                Location = $"'{name}'",
                Expected = bytes < 0 ? "sizes that are numbers, and no strides of its own" : $"{bytes} bytes for {tensor.Spec}",
                Found = bytes < 0 ? tensor.Spec.ToString() : $"{tensor.Storage.Length} bytes",
            });
    }

    private ModelTensor Add(string name, GraphInputKind kind, TensorSpec spec, ExportedTensor? value, bool isPersistent)
    {
        CheckNew(name, kind.ToString().ToLowerInvariant());
        if (name.Length == 0 || _tensors.ContainsKey(name))
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "the name of a tensor is taken or empty", new ErrorDetails { Expected = "a new name", Found = $"'{name}'" });
        }

        return _tensors[name] = new ModelTensor(this, name, kind, spec, value, isPersistent);
    }
}
