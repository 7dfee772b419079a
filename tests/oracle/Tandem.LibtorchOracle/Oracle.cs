using Tandem.Host;
using Tandem.Host.Building;
using Tandem.Host.Lowering;
using Tandem.Sdk;
using static TorchSharp.torch;

namespace Tandem.LibtorchOracle;

/// <summary>Runs a case through libtorch and through two programs: of the host's kernels alone, and lowered for the CPU plugin.</summary>
internal sealed class Oracle : IDisposable
{
    private static readonly (string Name, string[] Order)[] Backends = [("kernels", []), ("cpu", ["tandem.cpu"])];

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"tandem-oracle-{Environment.ProcessId}.pte");

    private readonly TandemRuntime _runtime = new(new TandemOptions { PluginFolders = [Path.Combine(AppContext.BaseDirectory, "plugins")] });


    /// <summary>What disagrees, one line each; none if all agrees.</summary>
    public IReadOnlyList<string> Check(OracleCase @case)
    {
        var problems = new List<string>();
        try
        {
            using var scope = NewDisposeScope();
            using var noGradient = no_grad();
            var expected = @case.Expected([.. @case.Inputs.Select(value => value.ToTorch())], [.. @case.Parameters.Select(value => value.ToTorch())]);
            foreach (var (name, order) in Backends)
            {
                try
                {
                    problems.AddRange(Run(@case, order, expected).Select(problem => $"{name}: {problem}"));
                }
                catch (TandemException exception)
                {
                    problems.Add($"{name}: {exception.Code}: {exception.Message.ReplaceLineEndings(" ")}");
                }
            }
        }
        catch (Exception exception) when (exception is System.Runtime.InteropServices.ExternalException or ArgumentException)
        {
            problems.Add($"libtorch refuses the case: {exception.Message.Split('\n')[0]}");
        }

        return problems;
    }

    public void Dispose()
    {
        _runtime.Dispose();
        File.Delete(_path);
    }

    private List<string> Run(OracleCase @case, string[] order, Tensor[] expected)
    {
        var builder = new ExportedProgramBuilder();
        ModelTensor[] parameters = [.. @case.Parameters.Select((value, i) => value.AddTo(builder, $"p{i}"))];
        builder.Method("forward", method =>
        {
            GraphTensor[] inputs = [.. @case.Inputs.Select((value, i) => method.Input($"x{i}", value.ScalarType, [.. value.Sizes]))];
            method.Output([.. @case.Graph(inputs, parameters)]);
        });

        var options = new LoweringOptions { Backends = { Order = [.. order] } };
        new ProgramLowering(_runtime, options).Lower(builder.Build(), _path);
        using var program = _runtime.LoadProgram(_path);
        using var session = program.CreateSession();
        var forward = session.GetMethod("forward");
        for (var i = 0; i < @case.Inputs.Length; i++)
        {
            forward.SetInput(i, @case.Inputs[i].Layout, @case.Inputs[i].Bytes);
        }

        forward.Execute();
        var problems = new List<string>();
        for (var i = 0; i < expected.Length; i++)
        {
            if (Comparison.Difference(forward.GetOutput(i), expected[i], @case.Tolerance) is { } difference)
            {
                problems.Add($"output {i}: {difference}");
            }
        }

        return problems;
    }
}
