using Tandem.Host;
using Tandem.Host.Execution;
using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Fuzz;

/// <summary>Loads and executes damaged programs that the reader accepts: each method on inputs of the shapes it declares.</summary>
internal sealed class ProgramProbe(TandemRuntime runtime, int seed) : IDisposable
{
    // Larger plans are genuine for large models; running them would measure only the machine.
    private const long MaxPlannedBytes = 1 << 20;
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(1);

    private readonly Random _random = new(seed);

    /// <summary>Methods that ran to their end.</summary>
    public long Calls { get; private set; }

    /// <summary>Calls and loads that ended with each error.</summary>
    public SortedDictionary<ErrorCode, long> Errors { get; } = [];

    /// <summary>Runs a program; what broke a promise, or null.</summary>
    public string? Run(DataSource source, ProgramModel model)
    {
        if (model.Plans.SelectMany(plan => plan.PlannedBufferSizes).Aggregate(0L, (sum, size) => Math.Min(MaxPlannedBytes + 1, sum + size)) > MaxPlannedBytes
            || model.Plans.SelectMany(plan => plan.Values).OfType<ValueModel.Tensor>().Any(tensor => tensor.Layout.ByteCount > MaxPlannedBytes))
        {
            return null;
        }

        GuardedMemory.Describe = () => string.Join(", ", model.Plans.SelectMany(plan => plan.Operators));
        try
        {
            using var program = new Host.Execution.Program(runtime, source, [], _ => model);
            using var session = program.CreateSession();
            foreach (var name in program.MethodNames)
            {
                Call(session, name);
            }
        }
        catch (TandemException error)
        {
            Errors[error.Code] = Errors.GetValueOrDefault(error.Code) + 1;
        }
        catch (Exception error)
        {
            return $"a foreign exception: {error}";
        }

        return null;
    }

    public void Dispose() => runtime.Dispose();

    // Indices must be small to reach anything, and anything else to leave it.
    private void Fill(byte[] bytes, int elementSize)
    {
        switch (_random.Next(4))
        {
            case 0:
                _random.NextBytes(bytes);
                break;
            case 1:
                break;
            default:
                for (var at = 0; at < bytes.Length; at += elementSize)
                {
                    bytes[at] = (byte)_random.Next(4);
                }

                break;
        }
    }

    private void Call(Session session, string name)
    {
        using var limit = new CancellationTokenSource(CallLimit);
        try
        {
            var method = session.GetMethod(name);
            for (var i = 0; i < method.Info.Inputs.Count; i++)
            {
                var input = method.Info.Inputs[i];
                if (input.Layout is { } layout)
                {
                    var bytes = new byte[layout.ByteCount];
                    Fill(bytes, layout.ScalarType.Size());
                    method.SetInput(i, layout, bytes);
                }
                else
                {
                    method.SetInput(i, input.Default switch
                    {
                        long value => EValue.FromInt(value),
                        double value => EValue.FromDouble(value),
                        bool value => EValue.FromBool(value),
                        string value => EValue.FromString(value),
                        _ => EValue.None,
                    });
                }
            }

            method.Execute(limit.Token);
            Calls++;
        }
        catch (TandemException error)
        {
            Errors[error.Code] = Errors.GetValueOrDefault(error.Code) + 1;
        }
        catch (OperationCanceledException)
        {
            // A loop that the program asks for.
        }
    }
}
