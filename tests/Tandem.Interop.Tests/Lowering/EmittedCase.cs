using System.Collections.Immutable;
using Tandem.Host;
using Tandem.Host.Formats;
using Tandem.Host.Import;
using Tandem.Host.Lowering;
using Tandem.Host.Lowering.Emission;
using Tandem.Host.Lowering.Passes;
using Tandem.Host.Replay;
using Tandem.Sdk;

namespace Tandem.Interop.Tests.Lowering;

/// <summary>A recorded case whose archive is imported, brought into edge dialect and emitted without a backend.</summary>
internal static class EmittedCase
{
    /// <summary>Folders of all recorded cases with an archive; empty if they are absent.</summary>
    internal static string[] Folders { get; } = SharedVectors.Folder is not { } shared ? []
        : [.. new[] { "ops", "models" }.SelectMany(kind => Directory.GetDirectories(Path.Combine(shared, kind)))
            .Where(folder => File.Exists(Path.Combine(folder, "model.pt2"))).Order(StringComparer.Ordinal)];

    /// <summary>Name below the vectors' folder: "ops/add".</summary>
    internal static string Name(string folder) => Path.GetRelativePath(SharedVectors.Folder!, folder).Replace('\\', '/');

    internal static ProgramImage Emit(string folder, string archive = "model.pt2")
    {
        var program = ExportedProgramReader.Read(Path.Combine(folder, archive));
        var context = new PassContext();
        ImmutableArray<LoweredMethod> methods = [.. program.Methods.Select(method =>
            new LoweredMethod(LoweringPasses.Run(LoweringPasses.Run(method, LoweringPasses.ToEdge, context), LoweringPasses.AfterDelegation, context), []))];
        return ProgramEmitter.Emit(new LoweredProgram(methods, new NamedDataStore()), EmissionOptions.Default);
    }

    internal static byte[] Bytes(ProgramImage image)
    {
        using var stream = new MemoryStream();
        ProgramWriter.Write(image, stream);
        return stream.ToArray();
    }

    internal static CaseResult Replay(byte[] program, string folder)
    {
        using var runtime = new TandemRuntime();
        using var loaded = runtime.LoadProgram(DataSource.FromMemory(Name(folder), program));
        using var session = loaded.CreateSession();
        return CaseReplayer.Replay(session, ReplayCase.Read(folder));
    }

    /// <summary>Planned memory of a program: each method's own, and what methods share once.</summary>
    internal static long PlannedBytes(IEnumerable<ImmutableArray<long>> sizes)
    {
        var list = sizes.ToList();
        return list.Sum(item => item.Skip(1).FirstOrDefault()) + list.Select(item => item.Skip(2).Sum()).DefaultIfEmpty().Max();
    }
}
