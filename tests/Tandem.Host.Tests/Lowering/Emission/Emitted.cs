using Tandem.Host.Execution;
using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Tests.Lowering.Emission;

/// <summary>An emitted program, written, read back by the verifying reader, and loaded.</summary>
internal sealed class Emitted : IDisposable
{
    private readonly TandemRuntime _runtime;
    private readonly Session _session;

    internal Emitted(ProgramImage image, Action<TandemOptions>? configure = null)
    {
        Image = image;
        Bytes = EdgeGraph.Bytes(image);
        using var source = DataSource.FromMemory("emitted.pte", Bytes);
        Model = ProgramReader.Read(source);
        var options = new TandemOptions { Threads = 1 };
        configure?.Invoke(options);
        _runtime = new TandemRuntime(options);
        Program = _runtime.LoadProgram(source, [.. image.DataFiles.Select(DataFile)]);
        _session = Program.CreateSession();
    }

    internal ProgramImage Image { get; }

    internal byte[] Bytes { get; }

    internal ProgramModel Model { get; }

    internal Program Program { get; }

    internal ExecutionPlanModel Plan(string method = "forward") => Model.Plans.Single(plan => plan.Name == method);

    /// <summary>Names of the operators that a method's chain calls, in order.</summary>
    internal string[] Calls(string method = "forward")
    {
        var plan = Plan(method);
        return [.. plan.Chains[0].OfType<InstructionModel.KernelCall>().Select(call => plan.Operators[call.OperatorIndex])];
    }

    internal Method Method(string method = "forward") => _session.GetMethod(method);

    /// <summary>Runs a method on float inputs of given sizes, and gives its float outputs.</summary>
    internal float[][] Run(string method, params (float[] Data, int[] Sizes)[] inputs)
    {
        var loaded = Method(method);
        for (var i = 0; i < inputs.Length; i++)
        {
            loaded.SetInput<float>(i, inputs[i].Data, inputs[i].Sizes);
        }

        loaded.Execute();
        return [.. Enumerable.Range(0, loaded.Info.Outputs.Count).Select(i => loaded.GetOutput(i).AsReadOnlySpan<float>().ToArray())];
    }

    public void Dispose()
    {
        _session.Dispose();
        Program.Dispose();
        _runtime.Dispose();
    }

    private static DataSource DataFile((string Tag, System.Collections.Immutable.ImmutableArray<NamedDataImage> Data) file)
    {
        using var stream = new MemoryStream();
        FlatTensorWriter.Write(stream, file.Data);
        return DataSource.FromMemory(file.Tag + ".ptd", stream.ToArray());
    }
}
