using System.Diagnostics;
using System.Runtime.CompilerServices;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>One method of a session, loaded and ready to execute.</summary>
/// <remarks>
/// <para>Inputs stay set until they are set again. Outputs stay valid until the next execution of this method, whatever other methods of the
/// session do, except outputs that are views of intermediate values: those stay valid until the next execution in the session.</para>
/// <para>Threading: as the session, one thread at a time. Lifetime: until the session is disposed.</para>
/// </remarks>
public sealed unsafe class Method
{
    private const long InstructionLimit = 10_000_000;

    private readonly Session _session;
    private readonly MethodCode _code;
    private readonly EValue[] _boundary;
    private readonly EValue[] _results;
    private readonly IBackendDelegate[] _delegates;
    private readonly byte*[] _arenas;
    private readonly byte* _inputOutput;
    private readonly int[] _inputs;
    private readonly bool[] _inputIsSet;
    private readonly nint[] _inputHomes;
    private readonly NativeMemoryBlock?[] _inputCopies;
    private readonly TensorView[][] _inputAliases;
    private readonly TensorView[][] _outputAliases;
    private readonly DelegateCallContext _delegateContext;

    // The one of the last execution: with as many executions at once as there are frames, each finds its tensors as it left them.
    private MethodFrame _frame;

    internal Method(Session session, MethodCode code, EValue[] boundary, IBackendDelegate[] delegates, byte*[] arenas, byte* inputOutput)
    {
        _session = session;
        _code = code;
        _boundary = boundary;
        _delegates = delegates;
        _arenas = arenas;
        _inputOutput = inputOutput;
        _inputs = code.Inputs;
        _results = Array.ConvertAll(code.Outputs, slot => boundary[slot]);
        _delegateContext = new DelegateCallContext(code.Info.Name, session.Scratch);
        _inputIsSet = new bool[_inputs.Length];
        _inputHomes = new nint[_inputs.Length];
        _inputCopies = new NativeMemoryBlock?[_inputs.Length];
        for (var i = 0; i < _inputs.Length; i++)
        {
            // Where the program writes over an input, the caller's values are kept aside and copied in before each execution.
            var input = boundary[_inputs[i]];
            _inputCopies[i] = code.InputIsOverwritten[i] ? session.AllocateBlock(input.AsTensor().MaxByteCount, "inputs") : null;
            _inputHomes[i] = input.Kind == EValueKind.Tensor ? (nint)input.AsTensor().Data : 0;
            // A plain value has the value it was traced with; a constant among the inputs is its own value.
            _inputIsSet[i] = input.Kind != EValueKind.Tensor || input.AsTensor() is { IsReadOnly: true } or { MaxElementCount: 0 };
        }

        _inputAliases = Array.ConvertAll(code.InputAliases, TensorsAt);
        _outputAliases = Array.ConvertAll(code.OutputAliases, TensorsAt);
        _frame = code.Frames.ForSession();
    }

    /// <summary>Name, inputs and outputs.</summary>
    public MethodInfo Info => _code.Info;

    /// <summary>Sets a tensor input by copying contiguous elements.</summary>
    /// <typeparam name="T">Type of the elements, of the input's element size.</typeparam>
    /// <param name="index">Position of the input.</param>
    /// <param name="data">Elements in row-major order.</param>
    /// <param name="sizes">Sizes; the input's rank, within its bounds.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.InputInvalid"/> or <see cref="ErrorCode.ShapeExceedsBound"/>.</exception>
    public void SetInput<T>(int index, ReadOnlySpan<T> data, ReadOnlySpan<int> sizes)
        where T : unmanaged
    {
        var tensor = InputTensor(index);
        if (sizeof(T) != tensor.ElementSize || !ElementTypes.Matches<T>(tensor.ScalarType))
        {
            throw InputError(index, "the element type is another", $"{tensor.ScalarType.TorchName()} elements", typeof(T).Name);
        }

        fixed (T* source = data)
        {
            CopyInput(index, tensor, (byte*)source, (long)data.Length * sizeof(T), sizes);
        }
    }

    /// <summary>Sets a tensor input by copying bytes of a known layout; another dim order is rearranged.</summary>
    /// <param name="index">Position of the input.</param>
    /// <param name="layout">Element type, sizes and dim order of the bytes.</param>
    /// <param name="bytes">The elements.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.InputInvalid"/> or <see cref="ErrorCode.ShapeExceedsBound"/>.</exception>
    public void SetInput(int index, TensorLayout layout, ReadOnlySpan<byte> bytes)
    {
        var tensor = InputTensor(index);
        if (layout.ScalarType != tensor.ScalarType)
        {
            throw InputError(index, "the element type is another", tensor.ScalarType.TorchName(), layout.ScalarType.TorchName());
        }

        if (!TensorShapes.IsContiguous(layout.DimOrder.AsSpan()))
        {
            throw InputError(index, "the bytes are not in row-major order", "dim order 0, 1, 2, ...", layout.ToString());
        }

        fixed (byte* source = bytes)
        {
            CopyInput(index, tensor, source, bytes.Length, layout.Sizes.AsSpan());
        }
    }

    /// <summary>Sets a plain input. The program was specialised for the value it was traced with: another one is refused.</summary>
    /// <param name="index">Position of the input.</param>
    /// <param name="value">An Int, Bool, Double, String or None; or a tensor, which is copied.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.InputInvalid"/>.</exception>
    public void SetInput(int index, EValue value)
    {
        CheckInputIndex(index);
        if (value.Kind == EValueKind.Tensor)
        {
            var tensor = value.AsTensor();
            SetInput(index, tensor.ToLayout(), new ReadOnlySpan<byte>(tensor.Data, checked((int)tensor.ByteCount)));
            return;
        }

        var traced = _boundary[_inputs[index]];
        var equal = traced.Kind == EValueKind.Tensor ? false : traced.Kind switch
        {
            EValueKind.Double when value.Kind is EValueKind.Double or EValueKind.Int => IsTracedDouble(value.AsDouble(), traced.AsDouble()),
            EValueKind.Int or EValueKind.Bool when value.Kind is EValueKind.Int or EValueKind.Bool => value.AsInt() == traced.AsInt(),
            EValueKind.String when value.Kind == EValueKind.String => value.AsString() == traced.AsString(),
            _ => value.Kind == traced.Kind,
        };
        if (!equal)
        {
            throw InputError(index, "a plain input is not the value that the program was traced with", Describe(traced), Describe(value));
        }
    }

    /// <summary>Points a tensor input that the program only reads at the caller's memory: nothing is copied.</summary>
    /// <param name="index">Position of the input.</param>
    /// <param name="data">The first element, in the input's dim order; kept until the input is set again. The caller keeps it alive and in place.</param>
    /// <param name="sizes">Sizes; the input's rank, within its bounds.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.InputInvalid"/> or <see cref="ErrorCode.ShapeExceedsBound"/>.</exception>
    public void BindInput(int index, void* data, ReadOnlySpan<int> sizes)
    {
        var tensor = InputTensor(index);
        if (_inputCopies[index] is not null)
        {
            throw InputError(index, "the program writes over this input", "an input that is only read", "an input that is written to; set it with SetInput");
        }

        if (tensor.IsReadOnly)
        {
            throw InputError(index, "the input is a constant of the program", "no value", TensorShapes.Describe(tensor.ScalarType, sizes));
        }

        ResizeInput(index, tensor, sizes);
        if (data == null && tensor.ElementCount != 0)
        {
            throw InputError(index, "the input has no memory", tensor.ToString(), "null");
        }

        Bind(tensor, _inputAliases[index], data);
        _inputIsSet[index] = true;
    }

    /// <summary>Points a tensor output at the caller's memory: the program writes there.</summary>
    /// <param name="index">Position of the output.</param>
    /// <param name="data">Memory for the greatest sizes; kept until it is bound again. The caller keeps it alive and in place.</param>
    /// <param name="byteCount">Bytes of that memory.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.OutputInvalid"/>.</exception>
    public void BindOutput(int index, void* data, long byteCount)
    {
        var value = GetOutputValue(index);
        if (value.Kind != EValueKind.Tensor || value.AsTensor().IsReadOnly || !_code.OutputIsBindable[index] || data == null || value.AsTensor().MaxByteCount > byteCount)
        {
            throw new TandemException(ErrorCode.OutputInvalid, "the output cannot be written to this memory", new ErrorDetails
            {
                Location = $"{Info.Name} output {index}",
                Expected = "a tensor of the program's own that fits",
                Found = $"{Describe(value)}, {byteCount} bytes",
            });
        }

        Bind(value.AsTensor(), _outputAliases[index], data);
    }

    /// <summary>A tensor output.</summary>
    /// <param name="index">Position of the output.</param>
    /// <returns>The tensor; see the class for how long its contents stay.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OutputInvalid"/>: no such output, or no tensor.</exception>
    public TensorView GetOutput(int index)
    {
        var value = GetOutputValue(index);
        return value.Kind == EValueKind.Tensor ? value.AsTensor() : throw new TandemException(ErrorCode.OutputInvalid, "the output is not a tensor",
            new ErrorDetails { Location = $"{Info.Name} output {index}", Expected = "a tensor", Found = Describe(value) });
    }

    /// <summary>An output of any kind.</summary>
    /// <param name="index">Position of the output.</param>
    /// <returns>The value.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OutputInvalid"/>: no such output.</exception>
    public EValue GetOutputValue(int index)
    {
        _session.ThrowIfDisposed();
        return (uint)index < (uint)_results.Length ? _results[index] : throw new TandemException(ErrorCode.OutputInvalid,
            "there is no such output", new ErrorDetails { Location = Info.Name, Expected = $"0 to {_results.Length - 1}", Found = index.ToString() });
    }

    /// <summary>
    /// Runs the method. Allocates nothing and takes no lock; only where more sessions execute it at the same time than ever before, the one that is too many
    /// makes itself a value table, which then stays for all.
    /// </summary>
    /// <param name="cancellation">Looked at between instructions, and by long kernels and delegates.</param>
    /// <exception cref="TandemException">
    /// <see cref="ErrorCode.InputInvalid"/> if an input was never set, <see cref="ErrorCode.SessionBusy"/> if another thread executes in this
    /// session, or whatever an operator or delegate reports. The session stays usable.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled; outputs and state are undefined.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Execute(CancellationToken cancellation = default)
    {
        _session.Enter();
        try
        {
            for (var i = 0; i < _inputIsSet.Length; i++)
            {
                if (!_inputIsSet[i])
                {
                    throw InputError(i, "an input was never set", Info.Inputs[i].ToString(), "nothing");
                }
            }

            for (var i = 0; i < _inputCopies.Length; i++)
            {
                if (_inputCopies[i] is { } copy)
                {
                    var bytes = _boundary[_inputs[i]].AsTensor().ByteCount;
                    Buffer.MemoryCopy(copy.Pointer, (void*)_inputHomes[i], bytes, bytes);
                }
            }

            _session.Scratch.Reset();
            _session.Scratch.Cancellation = cancellation;
            _delegateContext.Listener = _session.Listener;
            var executionPool = _session.Program.Runtime.Pool as ComputeThreadPool;
            executionPool?.EnterExecution();
            var measurement = ExecutionMeasurement.Start(_session.Program, Info.Name);
            var isDone = false;
            var frame = _frame.TryTake() ? _frame : _frame = _code.Frames.Take();
            try
            {
                frame.Enter(_session, _boundary, _arenas, _inputOutput);
                Run(frame.Values, cancellation);
                TakeResults(frame.Values);
                isDone = true;
            }
            finally
            {
                frame.Release();
                measurement.Stop(isDone);
                executionPool?.LeaveExecution();
            }
        }
        finally
        {
            _session.Exit();
        }
    }

    private void TakeResults(EValue[] values)
    {
        for (var i = 0; i < _results.Length; i++)
        {
            ref var value = ref values[_code.Outputs[i]];
            if (_code.SharesFrames && value.Kind == EValueKind.Tensor && !ReferenceEquals(value.AsTensor(), OwnOutput(i)))
            {
                throw new TandemException(ErrorCode.InstructionInvalid, "an operator has put another tensor in an output's place", new ErrorDetails
                {
                    File = _session.Program.Name,
                    Location = $"{Info.Name} output {i}",
                    Expected = "operators that write into their output",
                    Found = value.ToString(),
                });
            }

            _results[i] = value;
        }
    }

    private TensorView? OwnOutput(int index) => _boundary[_code.Outputs[index]] is { Kind: EValueKind.Tensor } own ? own.AsTensor() : null;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Run(EValue[] values, CancellationToken cancellation)
    {
        var code = _code.Instructions;
        var constants = _code.Constants;
        var delegates = _delegates;
        var scratch = _session.Scratch;
        var listener = _session.Listener;
        var canBeCancelled = cancellation.CanBeCanceled;
        var executed = 0L;
        var next = 0;
        try
        {
            while ((uint)next < (uint)code.Length)
            {
                // Only jumps make a chain longer than its code, but counting is cheaper than asking which it is.
                if (++executed > InstructionLimit)
                {
                    throw new TandemException(ErrorCode.InstructionLimitExceeded, "the call runs too many instructions",
                        new ErrorDetails { Expected = $"at most {InstructionLimit}", NextStep = "the program may loop for ever" });
                }

                if (canBeCancelled)
                {
                    cancellation.ThrowIfCancellationRequested();
                }

                ref readonly var item = ref code[next];
                var start = listener is null ? 0 : Stopwatch.GetTimestamp();
                switch (item.Kind)
                {
                    case InstructionKind.Kernel:
                        item.Kernel!(scratch, new Arguments(values, constants, item.Arguments));
                        scratch.Reset();
                        break;
                    case InstructionKind.Delegate:
                        delegates[item.Value].Execute(_delegateContext, new Arguments(values, item.Arguments));
                        break;
                    case InstructionKind.Move:
                        values[item.Target] = values[item.Value];
                        break;
                    case InstructionKind.JumpFalse:
                        if (IsFalse(values[item.Value]))
                        {
                            next = item.Target;
                            continue;
                        }

                        break;
                    case InstructionKind.Free:
                        // Tensors live in planned memory, which is there as long as the session.
                        break;
                }

                listener?.Instruction(Info.Name, next, item.Name, start, Stopwatch.GetTimestamp());
                next++;
            }
        }
        catch (TandemException error)
        {
            scratch.Reset();
            throw error.With(new ErrorDetails { File = _session.Program.Name, Location = Where(next) });
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            scratch.Reset();
            var isDelegate = next < code.Length && code[next].Kind == InstructionKind.Delegate;
            throw new TandemException(isDelegate ? ErrorCode.DelegateFailed : ErrorCode.OperatorArgumentInvalid,
                isDelegate ? "a delegate threw" : "an operator threw",
                new ErrorDetails { File = _session.Program.Name, Location = Where(next), Found = $"{error.GetType().Name}: {error.Message}" }, error);
        }
    }

    private static void Bind(TensorView tensor, TensorView[] aliases, void* data)
    {
        tensor.Bind(data);
        foreach (var alias in aliases)
        {
            alias.Bind(data);
        }
    }

    private TensorView[] TensorsAt(int[] slots) => slots.Length == 0 ? [] : Array.ConvertAll(slots, slot => _boundary[slot].AsTensor());

    private static bool IsFalse(in EValue condition)
    {
        if (condition.Kind is EValueKind.Bool or EValueKind.Int)
        {
            return !condition.AsBool();
        }

        var tensor = condition.AsTensor();
        if (tensor.ScalarType != ScalarType.Bool || tensor.Data == null)
        {
            throw new TandemException(ErrorCode.InstructionInvalid, "a jump's condition is not a truth value",
                new ErrorDetails { Expected = "a Bool or a bool tensor", Found = tensor.ToString() });
        }

        return tensor.AsReadOnlySpan<byte>().Contains((byte)0);
    }

    private string Where(int instruction) => instruction < _code.Instructions.Length
        ? $"method '{Info.Name}', instruction {instruction} {_code.Instructions[instruction].Name}" : $"method '{Info.Name}'";

    private TensorView InputTensor(int index)
    {
        CheckInputIndex(index);
        var value = _boundary[_inputs[index]];
        return value.Kind == EValueKind.Tensor ? value.AsTensor() : throw InputError(index, "the input is not a tensor", Describe(value), "a tensor");
    }

    private void CheckInputIndex(int index)
    {
        _session.ThrowIfDisposed();
        if ((uint)index >= (uint)_inputs.Length)
        {
            throw new TandemException(ErrorCode.InputInvalid, "there is no such input", new ErrorDetails
            {
                Location = Info.Name,
                Expected = _inputs.Length == 0 ? "no input" : $"0 to {_inputs.Length - 1}",
                Found = index.ToString(),
            });
        }
    }

    private void ResizeInput(int index, TensorView tensor, ReadOnlySpan<int> sizes)
    {
        try
        {
            tensor.Resize(sizes);
        }
        catch (TandemException error)
        {
            throw error.With(new ErrorDetails { File = _session.Program.Name, Location = $"{Info.Name} input {index}" });
        }
    }

    private void CopyInput(int index, TensorView tensor, byte* source, long byteCount, ReadOnlySpan<int> sizes)
    {
        if (tensor.IsReadOnly)
        {
            throw InputError(index, "the input is a constant of the program", "no value", TensorShapes.Describe(tensor.ScalarType, sizes));
        }

        ResizeInput(index, tensor, sizes);
        if (byteCount != tensor.ByteCount)
        {
            throw InputError(index, "the data is not as long as the sizes say", $"{tensor.ByteCount} bytes for {tensor}", $"{byteCount} bytes");
        }

        var home = (void*)_inputHomes[index];
        if (_inputCopies[index] is { } copy)
        {
            tensor.Bind(copy.Pointer);
            StridedCopy.FromContiguous(source, tensor);
            tensor.Bind(home);
        }
        else
        {
            Bind(tensor, _inputAliases[index], home);
            StridedCopy.FromContiguous(source, tensor);
        }

        _inputIsSet[index] = true;
    }

    // ExecuTorch's own tolerance for traced floats: 1e-4 + 1e-5 |reference|.
    private static bool IsTracedDouble(double value, double traced) =>
        value == traced || (double.IsNaN(value) && double.IsNaN(traced))
        || (double.IsFinite(traced) && Math.Abs(value - traced) <= 1e-4 + (1e-5 * Math.Abs(traced)));

    private static string Describe(EValue value) => $"{value.Kind} {value}";

    private TandemException InputError(int index, string problem, string expected, string found) => new(ErrorCode.InputInvalid, problem, new ErrorDetails
    {
        File = _session.Program.Name,
        Location = $"{Info.Name} input {index}",
        Expected = expected,
        Found = found,
        NextStep = "give inputs as 'tandem inspect' lists them",
    });
}
