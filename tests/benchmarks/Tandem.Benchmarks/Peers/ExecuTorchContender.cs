using System.Runtime.InteropServices;
using Tandem.Benchmarks.Nets;

namespace Tandem.Benchmarks.Peers;

/// <summary>The same file as Tandem's, in ExecuTorch.</summary>
internal sealed class ExecuTorchContender : Contender
{
    public const string Column = "ExecuTorch";
    private static int _names;
    private readonly ExecuTorchServer _server;
    private readonly string _id = $"p{_names++}";
    private readonly string _file;

    /// <summary>A program beside which a file may be written.</summary>
    public ExecuTorchContender(ExecuTorchServer server, string path, float[] input, int[] sizes)
        : this(server, path, path + ".values", input, sizes)
    {
    }

    /// <summary>Values go through a file at the given path.</summary>
    public ExecuTorchContender(ExecuTorchServer server, string path, string scratch, float[] input, int[] sizes)
        : base(Column)
    {
        (_server, _file) = (server, scratch);
        server.Ask($"load {_id} {path}");
        File.WriteAllBytes(_file, MemoryMarshal.AsBytes(input.AsSpan()));
        server.Ask($"input {_id} {ProgramNet.MethodName} f32 {string.Join('x', sizes)} {_file}");
    }

    public override float[] Output()
    {
        _server.Ask($"output {_id} {ProgramNet.MethodName} {_file}");
        return MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(_file)).ToArray();
    }

    public override double Time(int calls) => _server.AskNumber($"time {_id} {ProgramNet.MethodName} {calls}");

    public override void Dispose()
    {
        _server.Ask($"unload {_id}");
        File.Delete(_file);
    }
}
