namespace Tandem.Benchmarks.Peers;

/// <summary>The same file as Tandem's, in ExecuTorch.</summary>
internal sealed class ExecuTorchContender : ServerContender
{
    public const string Column = "ExecuTorch";

    /// <summary>A program beside which a file may be written.</summary>
    public ExecuTorchContender(ExecuTorchServer server, string path, float[] input, int[] sizes)
        : this(server, path, path + ".values", input, sizes)
    {
    }

    /// <summary>Values go through a file at the given path.</summary>
    public ExecuTorchContender(ExecuTorchServer server, string path, string scratch, float[] input, int[] sizes)
        : base(Column, server, path, scratch, input, sizes)
    {
    }
}
