using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using Tandem.Host.Formats;
using Tandem.Host.Import;
using Tandem.Host.Lowering.Emission;
using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>Lowers what torch.export or the graph builder gives to a program (.pte) that this host and ExecuTorch's own runtime execute.</summary>
/// <remarks>
/// <para>
/// Passes bring every method into core operators; each backend says for every node of every method whether it takes it; only then is each backend called,
/// once, with all its partitions of all methods. Equal data is stored once, whichever methods, partitions and plain operators read it.
/// </para>
/// <para>
/// The archive is mapped and weights are streamed to the file: memory holds at most the largest single piece of data that a backend makes, beside the graphs.
/// Files appear whole or not at all. Equal input gives equal bytes, whatever machine, culture, folder and number of threads.
/// </para>
/// <para>Threading: members may be called from any thread; each call is a lowering of its own.</para>
/// </remarks>
/// <param name="runtime">Where plugins and operators come from.</param>
/// <param name="options">Options; null for the defaults: no backend. Read at each call.</param>
public sealed class ProgramLowering(TandemRuntime runtime, LoweringOptions? options = null)
{
    private readonly LoweringOptions _options = options ?? new LoweringOptions();

    /// <summary>Lowers an archive of torch.export.</summary>
    /// <param name="archivePath">The .pt2.</param>
    /// <param name="programPath">The .pte to write; a file that is there is replaced when the new one is whole.</param>
    /// <param name="progress">Who hears of progress, on the lowering's threads; null for nobody.</param>
    /// <param name="cancellationToken">Cancels; nothing is written then.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="TandemException">
    /// A code of the import (1001 to 2010), of the selection of plugins (4001 to 5003), <see cref="ErrorCode.OperatorNotLowerable"/>,
    /// <see cref="ErrorCode.BackendResultInvalid"/> or <see cref="ErrorCode.BackendLoweringFailed"/> with the backend's name,
    /// <see cref="ErrorCode.NamedDataConflict"/>, <see cref="ErrorCode.TargetUnwritable"/>. Nothing is written.
    /// </exception>
    public LoweringReport LowerFile(
        string archivePath, string programPath, IProgress<LoweringProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        progress?.Report(new LoweringProgress(LoweringStage.Import, archivePath));
        var clock = Stopwatch.StartNew();
        var program = ExportedProgramReader.Read(archivePath, cancellationToken);
        return Lower(program, programPath, progress, new FileInfo(archivePath).Length, clock.Elapsed, cancellationToken);
    }

    /// <summary>Lowers a program in memory.</summary>
    /// <param name="program">The program, as the reader of archives or the graph builder gives it.</param>
    /// <param name="programPath">The .pte to write; a file that is there is replaced when the new one is whole.</param>
    /// <param name="progress">Who hears of progress, on the lowering's threads; null for nobody.</param>
    /// <param name="cancellationToken">Cancels; nothing is written then.</param>
    /// <returns>What was done.</returns>
    /// <exception cref="TandemException">As for an archive.</exception>
    public LoweringReport Lower(
        ExportedProgram program, string programPath, IProgress<LoweringProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Lower(program, programPath, progress, 0, TimeSpan.Zero, cancellationToken);

    private LoweringReport Lower(
        ExportedProgram program, string programPath, IProgress<LoweringProgress>? progress, long archiveBytes, TimeSpan importTime, CancellationToken cancellationToken)
    {
        // Text of numbers depends on the culture of the thread; a program must not.
        var culture = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        try
        {
            var times = new StageClock(progress);
            var calls = new BackendCalls(_options.BackendLimit, times, cancellationToken);
            using var backends = LoweringBackends.Create(runtime.Plugins, _options.Backends, program.Methods.Select(method => method.Name));
            var passes = new PassRunner(LoweringPasses.ToEdge, LoweringPasses.AfterDelegation, runtime.Kernels, calls, DumpOption());
            var run = new LoweringRun(backends, calls, passes);
            var lowered = run.Run(program, new NamedDataStore(_options.ShareData));
            if (!_options.Strip)
            {
                lowered.NamedData.Add(LoweringMetadata.Key, DataContent.FromMemory(LoweringMetadata.Write(run.Record), "record of the lowering"));
            }

            var files = new LoweringFiles(_options, programPath);
            calls.Report(LoweringStage.Emit, programPath);
            var image = ProgramEmitter.Emit(lowered, files.EmissionOptions(cancellationToken));
            calls.Report(LoweringStage.Write, programPath);
            ProgramWriter.Write(image, programPath, files.PathOf);
            return new LoweringReport
            {
                Record = run.Record,
                Files = [.. image.DataFiles.Select(file => files.PathOf(file.Tag)).Prepend(programPath).Select(path => new LoweringFile(path, new FileInfo(path).Length))],
                Sizes = LoweringSizeCount.Count(image, run.Record),
                ArchiveBytes = archiveBytes,
                Times = times.Finish(importTime),
            };
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    private Action<IGraphPass, ExportedMethod>? DumpOption()
    {
        if (_options.DumpAfter is not { } name || _options.Dump is not { } dump)
        {
            return null;
        }

        var known = LoweringPasses.ToEdge.Concat(LoweringPasses.AfterDelegation).Select(pass => pass.Name).Distinct(StringComparer.Ordinal).ToList();
        if (name != "all" && !known.Contains(name))
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "no pass has this name",
                new ErrorDetails { Found = name, Expected = $"all, {string.Join(", ", known)}" });
        }

        return (pass, method) =>
        {
            if (name == "all" || pass.Name == name)
            {
                dump(pass.Name, method, ExportedProgramText.Write(method));
            }
        };
    }
}
