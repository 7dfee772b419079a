using System.Runtime.InteropServices;
using Tandem.Benchmarks.Peers;

namespace Tandem.Benchmarks.Llama;

/// <summary>The same file as Tandem's, in ExecuTorch.</summary>
internal sealed class ExecuTorchLlama : Contender
{
    private static int _names;
    private readonly ExecuTorchServer _server;
    private readonly LlamaCall _call;
    private readonly string _id = $"l{_names++}";
    private readonly string _file;

    public ExecuTorchLlama(ExecuTorchServer server, string path, string scratch, LlamaCall call)
        : base(ExecuTorchContender.Column)
    {
        (_server, _call, _file) = (server, call, scratch);
        server.Ask($"load {_id} {path}");
    }

    public override float[] Output()
    {
        _server.Ask($"logits {_id} {_call.Method} {_call.Tokens} {_call.Position} {_file}");
        return MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(_file)).ToArray();
    }

    public override double Time(int calls) => _server.AskNumber($"tokens {_id} {_call.Method} {_call.Tokens} {_call.Position} {_call.Wrap} {calls}");

    public override void Dispose()
    {
        _server.Ask($"unload {_id}");
        File.Delete(_file);
    }
}
