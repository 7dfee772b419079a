namespace Tandem.Benchmarks.Peers;

/// <summary>A process of libtorch: Tandem.TorchPeer, which is in no solution and has to be built before.</summary>
internal sealed class LibtorchServer : PeerServer
{
    private const string Name = "Tandem.TorchPeer";

    // The most that the GNU C library allows: memory of results stays with the process and is taken again by the next call, without page faults.
    private const string KeptBytes = "33554432";

    private LibtorchServer(string program, int threads)
        : base(LibtorchContender.Column, program, [], threads, ("MALLOC_MMAP_THRESHOLD_", KeptBytes), ("MALLOC_TRIM_THRESHOLD_", "1000000000"))
    {
    }

    /// <summary>Starts libtorch with so many threads.</summary>
    /// <param name="checkout">The folder of the solution; null: not known.</param>
    /// <param name="threads">Its intra-op threads.</param>
    /// <exception cref="InvalidOperationException">It is not built, or libtorch does not load.</exception>
    public static LibtorchServer Start(string? checkout, int threads)
    {
        const string folder = $"tests/benchmarks/{Name}";
        var framework = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var program = Path.Combine(checkout ?? "", folder, "bin", "Release", framework, OperatingSystem.IsWindows() ? $"{Name}.exe" : Name);
        return File.Exists(program) ? new LibtorchServer(program, threads)
            : throw new InvalidOperationException($"not built; build it before: dotnet build {folder} -c Release");
    }
}
