namespace Tandem.Benchmarks.Peers;

/// <summary>A net as <see cref="Nets.TorchNet"/> writes it, in libtorch.</summary>
internal sealed class LibtorchContender(LibtorchServer server, string path, float[] input, int[] sizes)
    : ServerContender(Column, server, path, path + ".values", input, sizes)
{
    public const string Column = "libtorch";
}
