using System.Runtime.InteropServices;
using Tandem.Benchmarks.Nets;

namespace Tandem.Benchmarks.Peers;

/// <summary>A net in a peer's process.</summary>
internal abstract class ServerContender : Contender
{
    private static int _names;
    private readonly PeerServer _server;
    private readonly string _id = $"p{_names++}";
    private readonly string _file;

    /// <param name="column">The column.</param>
    /// <param name="server">The process.</param>
    /// <param name="path">The net's file, in the peer's own form.</param>
    /// <param name="scratch">A file through which values go.</param>
    /// <param name="input">Elements of the input.</param>
    /// <param name="sizes">Its sizes.</param>
    protected ServerContender(string column, PeerServer server, string path, string scratch, float[] input, int[] sizes)
        : base(column)
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
