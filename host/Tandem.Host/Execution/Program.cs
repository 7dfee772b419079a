using System.Collections.Frozen;
using System.Runtime.InteropServices;
using Tandem.Host.Diagnostics;
using Tandem.Host.Diagnostics.Reports;
using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;
using Tandem.Host.Lowering;
using Tandem.Host.NamedData;
using Tandem.Host.Selection;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>A verified program with its external data: shared, immutable, loaded once for any number of sessions.</summary>
/// <remarks>
/// <para>Threading: all members may be called from any thread.</para>
/// <para>Lifetime: disposing it and its sessions in any order is safe; files are unmapped when the last of them is disposed.</para>
/// </remarks>
public sealed unsafe class Program : IDisposable
{
    private static long s_lastId;

    private readonly DataSource _source;
    private readonly List<DataSource> _files = [];
    private readonly List<FlatTensorModel> _externalModels = [];
    private readonly PackageDataMap _namedData;
    private readonly Dictionary<string, DataHandle> _externalConstants = new(StringComparer.Ordinal);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _indexByName = new(StringComparer.Ordinal);
    private readonly MethodCode?[] _codes;
    private readonly Lock _codeLock = new();
    private DataHandle? _constants;
    private int _references = 1;
    private int _isDisposed;

    internal Program(TandemRuntime runtime, DataSource source, IEnumerable<DataSource> externals)
        : this(runtime, source, externals, ProgramReader.Read)
    {
    }

    /// <summary>Takes any model whose indices and ranges are verified.</summary>
    internal Program(TandemRuntime runtime, DataSource source, IEnumerable<DataSource> externals, Func<DataSource, ProgramModel> read)
    {
        Runtime = runtime;
        Id = Interlocked.Increment(ref s_lastId);
        _source = source.AddReference();
        _files.Add(_source);
        try
        {
            Model = read(source);
            var namedData = new List<NamedDataSource> { new(source, Model.NamedData) };
            foreach (var external in externals)
            {
                _files.Add(external.AddReference());
                var model = FlatTensorReader.Read(external);
                _externalModels.Add(model);
                namedData.Add(new NamedDataSource(external, model.NamedData));
            }

            _namedData = new PackageDataMap(runtime.Blobs, namedData);
            MemoryPlan = new ProgramMemoryPlan(Model);
            _codes = new MethodCode?[Model.Plans.Length];
            for (var i = 0; i < Model.Plans.Length; i++)
            {
                _indexByName.Add(Model.Plans[i].Name, i);
            }

            MethodNames = [.. Model.Plans.Select(plan => plan.Name)];
            Methods = Model.Plans.ToFrozenDictionary(plan => plan.Name, plan => new MethodInfo(plan), StringComparer.Ordinal);
        }
        catch
        {
            _namedData?.Dispose();
            _files.ForEach(file => file.Release());
            throw;
        }

        TandemDiagnostics.Programs.Add(1);
    }

    /// <summary>Path, or the name of the stream or buffer.</summary>
    public string Name => _source.Name;

    /// <summary>Identity of the loaded program in this process.</summary>
    public long Id { get; }

    /// <summary>The program as it stands in the file.</summary>
    public ProgramModel Model { get; }

    /// <summary>Names of the methods, in the order of the file.</summary>
    public IReadOnlyList<string> MethodNames { get; }

    /// <summary>Inputs and outputs of each method.</summary>
    public IReadOnlyDictionary<string, MethodInfo> Methods { get; }

    /// <summary>What works, but not as its user may expect.</summary>
    public IReadOnlyList<string> Warnings => MemoryPlan.Warnings;

    /// <summary>Named data of the program and its external files.</summary>
    public NamedDataMap NamedData => _namedData;

    /// <summary>How often each key of <see cref="NamedData"/> was asked for, and how often that loaded it; read anew at each call.</summary>
    public IReadOnlyList<NamedDataUse> NamedDataUses => _namedData.Uses;

    /// <summary>Derived data (packed weights) that sessions and methods of this program share.</summary>
    public DerivedDataCache DerivedData { get; } = new DerivedDataCacheStore();

    internal TandemRuntime Runtime { get; }

    internal ProgramMemoryPlan MemoryPlan { get; }

    /// <summary>Creates a session: its own mutable buffers and activations over the shared weights.</summary>
    /// <returns>The session, which the caller disposes.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ObjectReleased"/>, <see cref="ErrorCode.OutOfMemory"/>, or initial data is missing.</exception>
    public Session CreateSession()
    {
        AddReference();
        try
        {
            return new Session(this);
        }
        catch
        {
            Release();
            throw;
        }
    }

    /// <summary>Finds everything that loading all methods would find missing, without loading one.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.OperatorMissing"/> with all operators, or <see cref="ErrorCode.BackendNotFound"/>.</exception>
    public void CheckLoadable()
    {
        var operators = Model.Plans.SelectMany(plan => plan.Operators).Distinct().Where(name => !Runtime.Kernels.TryGet(name, out _)).Order(StringComparer.Ordinal).ToList();
        if (operators.Count > 0)
        {
            throw new TandemException(ErrorCode.OperatorMissing, $"the program needs {operators.Count} operators that are not registered",
                new ErrorDetails { File = Name, Found = $"no kernel for {string.Join(", ", operators)}", NextStep = "register kernels for them in TandemOptions.ConfigureKernels" });
        }

        foreach (var plan in Model.Plans)
        {
            foreach (var backend in plan.Delegates.Select(item => item.BackendId).Distinct())
            {
                var choice = Runtime.Resolver.Resolve(plan.Name, backend);
                if (choice.Runtime is null)
                {
                    throw MethodLoader.NoBackend(choice, new ErrorDetails { File = Name, Location = $"method '{plan.Name}'" });
                }
            }
        }
    }

    /// <summary>Describes the program: what is inside, who serves it and why, who shares what.</summary>
    /// <returns>The report.</returns>
    public ProgramReport Inspect()
    {
        var externals = _externalModels.Select(model => (
            new FileReport(model.SourceName, "ptd", model.SourceLength, model.Version, model.IndexEnd, 40, model.SegmentBaseOffset),
            (IReadOnlyList<NamedDataEntry>)model.NamedData)).ToList();
        return new ProgramReportBuilder(Model, externals, Runtime.Kernels, Runtime.Resolver, (payload, read) =>
        {
            using var handle = OpenPayload(payload);
            return read(handle.Span);
        }).Build([.. Warnings.Concat(ReadLowering(out var lowering))], lowering);
    }

    // A record that is damaged is worth a warning: the program runs without it.
    private IEnumerable<string> ReadLowering(out LoweringRecord? lowering)
    {
        lowering = null;
        try
        {
            if (NamedData.TryGet(LoweringMetadata.Key, out var handle))
            {
                using (handle)
                {
                    lowering = LoweringMetadata.Read(handle.Span, NamedData.Keys);
                }
            }

            return [];
        }
        catch (TandemException error)
        {
            return [error.Message];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            Release();
        }
    }

    internal void Release()
    {
        if (Interlocked.Decrement(ref _references) > 0)
        {
            return;
        }

        foreach (var handle in _externalConstants.Values)
        {
            handle.Dispose();
        }

        _constants?.Dispose();
        _namedData.Dispose();
        _files.ForEach(file => file.Release());
        TandemDiagnostics.Programs.Add(-1);
    }

    internal int IndexOf(string method) => _indexByName.TryGetValue(method, out var index) ? index
        : throw new TandemException(ErrorCode.MethodNotFound, "the program has no such method", new ErrorDetails
        {
            File = Name,
            Expected = string.Join(", ", MethodNames),
            Found = method,
        });

    /// <summary>What all sessions share of a method.</summary>
    internal MethodCode GetCode(int planIndex)
    {
        lock (_codeLock)
        {
            return _codes[planIndex] ??= new MethodCodeBuilder(this, planIndex).Build();
        }
    }

    internal DataHandle OpenPayload(DelegateModel model) => Runtime.Blobs.Open(_source, model.Processed);

    /// <summary>The bytes of a constant, which stay where they are while the program is loaded.</summary>
    internal byte* ConstantPointer(string method, int index, ValueModel.Tensor tensor)
    {
        if (tensor.Layout.ByteCount == 0)
        {
            return null;
        }

        if (tensor.Storage == TensorStorageKind.ExternalConstant)
        {
            return ExternalData(method, index, tensor).Pointer;
        }

        var range = Model.Constants[tensor.DataIndex];
        if (Model.ConstantSegmentIndex < 0)
        {
            return _source.Pointer + range.Offset;
        }

        var segment = Model.Segments[Model.ConstantSegmentIndex];
        lock (_lock)
        {
            _constants ??= Runtime.Blobs.Open(_source, segment);
            return _constants.Pointer + (range.Offset - segment.Offset);
        }
    }

    /// <summary>Writes the initial contents of all mutable buffers.</summary>
    internal void InitializeState(byte* state)
    {
        foreach (var region in MemoryPlan.State)
        {
            Initialize(region.Methods[0], region.Tensor, state + region.Offset);
        }
    }

    /// <summary>Clears the mutable buffers that a method keeps in its own arenas, and writes their initial contents.</summary>
    internal void InitializePlannedState(int planIndex, byte*[] arenas)
    {
        var (plan, memory) = (Model.Plans[planIndex], MemoryPlan.Methods[planIndex]);
        for (var i = 0; i < plan.Values.Length; i++)
        {
            if (memory.Placements[i].Kind == PlacementKind.Arena && plan.Values[i] is ValueModel.Tensor tensor && ProgramMemoryPlan.IsState(tensor))
            {
                var target = arenas[tensor.MemoryId] + tensor.MemoryOffset;
                NativeMemory.Clear(target, (nuint)tensor.Layout.ByteCount);
                Initialize(plan.Name, tensor, target);
            }
        }
    }

    private void Initialize(string method, ValueModel.Tensor tensor, byte* target)
    {
        var source = tensor.Storage switch
        {
            TensorStorageKind.PlannedInitialised => _source.Pointer + Model.MutableInitialData[tensor.DataIndex].Offset,
            TensorStorageKind.PlannedExternal => ExternalData(method, -1, tensor).Pointer,
            _ => null,
        };
        if (source != null)
        {
            Buffer.MemoryCopy(source, target, tensor.Layout.ByteCount, tensor.Layout.ByteCount);
        }
    }

    private DataHandle ExternalData(string method, int index, ValueModel.Tensor tensor)
    {
        lock (_lock)
        {
            if (_externalConstants.TryGetValue(tensor.Name!, out var known))
            {
                return CheckExternal(method, index, tensor, known);
            }

            if (!_namedData.TryGet(tensor.Name!, out var handle))
            {
                throw new TandemException(ErrorCode.NamedDataNotFound, "the program needs external data that was not given", new ErrorDetails
                {
                    File = Name,
                    Location = tensor.Name,
                    Expected = $"{tensor.Layout} under this key",
                    Found = _externalModels.Count == 0 ? "no data file" : $"{string.Join(", ", _externalModels.Select(model => model.SourceName))}, without it",
                    NextStep = "give the data file (.ptd) that the program was exported with",
                });
            }

            try
            {
                CheckExternal(method, index, tensor, handle);
            }
            catch
            {
                handle.Dispose();
                throw;
            }

            _externalConstants.Add(tensor.Name!, handle);
            return handle;
        }
    }

    private DataHandle CheckExternal(string method, int index, ValueModel.Tensor tensor, DataHandle handle)
    {
        if ((handle.Layout is { } layout && !layout.Equals(tensor.Layout)) || handle.Length < tensor.Layout.ByteCount)
        {
            throw new TandemException(ErrorCode.NamedDataMismatch, "external data has another layout than the program needs", new ErrorDetails
            {
                File = Name,
                Location = $"{tensor.Name} (method '{method}', value {index})",
                Expected = $"{tensor.Layout}, {tensor.Layout.ByteCount} bytes",
                Found = $"{handle.Layout?.ToString() ?? "bytes"}, {handle.Length} bytes",
                NextStep = "give the data file that the program was exported with",
            });
        }

        return handle;
    }

    private void AddReference()
    {
        while (true)
        {
            var references = Volatile.Read(ref _references);
            if (references == 0 || Volatile.Read(ref _isDisposed) != 0)
            {
                throw new TandemException(ErrorCode.ObjectReleased, "the program was disposed", new ErrorDetails { File = Name });
            }

            if (Interlocked.CompareExchange(ref _references, references + 1, references) == references)
            {
                return;
            }
        }
    }
}
