using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Graph;
using Tandem.Plugins.Cpu.Kernels;
using Tandem.Plugins.Cpu.PackedCache;
using Tandem.Plugins.Cpu.Payload;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu;

/// <summary>The run-time half: payload to delegate.</summary>
internal sealed class CpuRuntime(HostServices services) : IBackendRuntime, IPayloadDescriber, IBackendWarmUp
{
    /// <summary>The id of the payloads that this plugin runs.</summary>
    public const string BackendId = "XnnpackBackend";

    private const string WarmUpFile = "warm-up.pte";

    /// <summary>Version of the compiled form; part of the cache's key.</summary>
    private const string GraphVersion = "graph v1";

    private static readonly DerivedDataKey ArenaKey = new(BackendId, default, default, "packed arena");

    private readonly Dictionary<string, PackedCacheFolder> _folders = new(StringComparer.Ordinal);
    private readonly WorkspaceTable _workspaces = new();
    private readonly KernelWarmUp _warmUp = new(services.Pool.ThreadCount);

    /// <inheritdoc/>
    public IReadOnlyList<string> Programs => [Path.Combine(services.PluginFolder, WarmUpFile)];

    /// <inheritdoc/>
    public long GetSessionBytes(long sessionId) => _workspaces.ByteCountOf(sessionId);

    /// <inheritdoc/>
    public BackendAvailability GetAvailability() =>
        new(true, $"{RuntimeInformation.ProcessArchitecture}, best instruction set {CpuFeatures.Best}, {services.Pool.ThreadCount} threads");

    /// <inheritdoc/>
    public unsafe IBackendDelegate Initialize(DelegateInitializeContext context)
    {
        var instructionSet = CpuOptions.GetInstructionSet(context.Options);
        var winograd = CpuOptions.GetWinograd(context.Options);
        var payload = context.Processed;
        var graph = PayloadReader.Read(payload.Span);
        var store = OpenStore(context.Options);
        using var constants = new ConstantTable(graph.Constants, payload, context.NamedData, store);
        var key = new DerivedDataKey(
            BackendId, constants.PayloadId, default, $"{GraphVersion} {(int)instructionSet} {context.ArgumentCount} {winograd}{constants.Identity}");
        var lease = context.ProgramCache.GetOrCreate(
            key,
            new GraphSource(graph, constants, instructionSet, services.ProcessCache, store, context.ArgumentCount, services.Pool, winograd, context.ProgramCache, context.NamedData.ByteCount),
            static source =>
            {
                // With a store a packed form is replaced by the file that it is written to.
                var arena = source.Store is null
                    ? source.ProgramCache.GetOrCreate(ArenaKey, source, static source => (new PackedArena(source.NamedBytes), 0)) : null;
                var compiled = GraphCompiler.Compile(
                    source.Payload, source.Constants, source.InstructionSet, source.Cache, source.ArgumentCount, source.Store, source.Pool, source.Winograd, arena);
                return (compiled, compiled.ByteCount);
            });
        try
        {
            return new CpuDelegate(lease, _workspaces, context.SessionId, _warmUp);
        }
        catch
        {
            lease.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public PayloadDescription Describe(ReadOnlySpan<byte> processed, IReadOnlyList<CompileSpec> compileSpecs) => PayloadDescriber.Describe(processed);

    /// <inheritdoc/>
    public void WarmUp(CancellationToken cancellationToken) => KernelPreparation.Run(CpuFeatures.Best, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _warmUp.Dispose();

    /// <summary>The packed cache in a folder, if a load has used it.</summary>
    internal PackedCacheFolder? PackedCache(string folder)
    {
        lock (_folders)
        {
            return _folders.GetValueOrDefault(folder);
        }
    }

    private PackedStore? OpenStore(BackendOptions options)
    {
        if (CpuOptions.GetPackedCache(options) is not { } cache)
        {
            return null;
        }

        lock (_folders)
        {
            if (!_folders.TryGetValue(cache.Folder, out var folder))
            {
                _folders[cache.Folder] = folder = new PackedCacheFolder(cache.Folder, services.Log, services.Pool);
            }

            return new PackedStore(folder, cache, services.Pool);
        }
    }

    // A class, because the cache's generic method is compiled once for all classes.
    private sealed record GraphSource(
        PayloadGraph Payload, ConstantTable Constants, InstructionSet InstructionSet, DerivedDataCache Cache, PackedStore? Store, int ArgumentCount,
        ComputePool Pool, bool Winograd, DerivedDataCache ProgramCache, long NamedBytes);
}
