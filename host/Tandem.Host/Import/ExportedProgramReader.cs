using System.Collections.Immutable;
using Tandem.Host.Formats;
using Tandem.Host.Import.Archives;
using Tandem.Host.Import.Models;
using Tandem.Host.Lowering;
using Tandem.Sdk;

namespace Tandem.Host.Import;

/// <summary>Reads archives of torch.export (.pt2).</summary>
/// <remarks>
/// <para>
/// The archive is mapped and its weights are not copied: parameters, buffers and constants are views on the mapping, which lives until nobody holds
/// any of them. Tensors with equal bytes, of one method or several, share one <see cref="DataContent"/>. The checksum of each weight is verified at
/// its first use, that of everything else while reading.
/// </para>
/// <para>Archives are hostile input: whatever is wrong with one is a <see cref="TandemException"/>. Threading: all members may be called from any thread.</para>
/// </remarks>
public static class ExportedProgramReader
{
    private const string ModelFolder = "models/";
    private const string FlatModel = "serialized_exported_program.json";

    // Name that torch.export.save gives the one model of an archive, and the method that it becomes.
    private const string OnlyModel = "model";
    private const string OnlyMethod = "forward";

    /// <summary>Reads a file.</summary>
    /// <param name="path">The archive. It must not change while the program is in use.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <returns>The program: one method for each model of the archive; the model of a single-model archive is the method "forward".</returns>
    /// <exception cref="TandemException">
    /// <see cref="ErrorCode.SourceUnreadable"/>, <see cref="ErrorCode.SourceTruncated"/>, <see cref="ErrorCode.FormatNotRecognised"/>,
    /// <see cref="ErrorCode.FormatNotSupported"/>, <see cref="ErrorCode.ArchiveInvalid"/>, <see cref="ErrorCode.ExportedProgramInvalid"/>,
    /// <see cref="ErrorCode.ExportedProgramNotSupported"/>, <see cref="ErrorCode.TensorInvalid"/>, <see cref="ErrorCode.ProgramLimitExceeded"/>.
    /// </exception>
    public static ExportedProgram Read(string path, CancellationToken cancellationToken = default) => Read(DataSource.FromFile(path), cancellationToken);

    /// <summary>Reads bytes in memory.</summary>
    /// <param name="archive">The archive; it must not change while the program is in use.</param>
    /// <param name="name">Name for messages.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <returns>The program.</returns>
    /// <exception cref="TandemException">As for a file.</exception>
    public static ExportedProgram FromMemory(ReadOnlyMemory<byte> archive, string name, CancellationToken cancellationToken = default) =>
        Read(DataSource.FromMemory(name, archive), cancellationToken);

    /// <summary>Reads a stream to its end into memory.</summary>
    /// <param name="archive">The archive; not closed.</param>
    /// <param name="name">Name for messages.</param>
    /// <param name="cancellationToken">Cancels reading.</param>
    /// <returns>The program.</returns>
    /// <exception cref="TandemException">As for a file.</exception>
    public static ExportedProgram FromStream(Stream archive, string name, CancellationToken cancellationToken = default) =>
        Read(DataSource.FromStream(name, archive), cancellationToken);

    private static ExportedProgram Read(DataSource source, CancellationToken cancellationToken)
    {
        var file = new ArchiveFile(source);
        try
        {
            var archive = new PackageArchive(file, 0, file.Length, file.Name);
            if (!archive.IsFlat)
            {
                CheckMarks(archive);
            }

            var program = archive.IsFlat ? ReadFlat(archive, cancellationToken) : ReadModels(archive, cancellationToken);
            ExportedProgramChecker.Check(program);
            return program;
        }
        catch (TandemException error) when (error.Details.File is null)
        {
            file.Release();
            throw error.With(new ErrorDetails { File = file.Name });
        }
        catch
        {
            file.Release();
            throw;
        }
    }

    private static void CheckMarks(PackageArchive archive)
    {
        if (archive.ReadText("archive_format") is not "pt2" and var format)
        {
            throw new TandemException(ErrorCode.FormatNotRecognised, "this is no archive of torch.export", new ErrorDetails
            {
                File = archive.Name,
                Location = "archive_format",
                Expected = "pt2",
                Found = format ?? "no such member",
                NextStep = "write the archive with torch.export.save",
            });
        }

        if (archive.ReadText("archive_version") is not "0" and var version)
        {
            throw ArchiveErrors.NotSupported(archive.Name, "archive_version", "the archive's version is unknown", "0", version ?? "no such member");
        }

        if (archive.ReadText("byteorder") is not ("little" or null) and var order)
        {
            throw ArchiveErrors.NotSupported(archive.Name, "byteorder", "the archive's byte order is not supported", "little", order);
        }
    }

    // torch 2.7: one model, its weights pickled.
    private static ExportedProgram ReadFlat(PackageArchive archive, CancellationToken cancellationToken)
    {
        var weights = new WeightsReader(archive, new ContentPool());
        var method = ReadMethod(archive, FlatModel, OnlyMethod, weights.ReadPickled("serialized_state_dict.pt"), weights.ReadPickled("serialized_constants.pt"),
            cancellationToken);
        return new ExportedProgram([method]);
    }

    private static ExportedProgram ReadModels(PackageArchive archive, CancellationToken cancellationToken)
    {
        var models = archive.Names.Where(name => name.StartsWith(ModelFolder, StringComparison.Ordinal) && name.EndsWith(".json", StringComparison.Ordinal)).ToList();
        if (models.Count == 0)
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "the archive holds no exported program", new ErrorDetails
            {
                File = archive.Name,
                Expected = "models/model.json, or one such member for each method",
                NextStep = "write the archive with torch.export.save",
            });
        }

        var weights = new WeightsReader(archive, new ContentPool());
        var methods = ImmutableArray.CreateBuilder<ExportedMethod>(models.Count);
        foreach (var member in models)
        {
            var model = member[ModelFolder.Length..^".json".Length];
            var method = models.Count == 1 && model == OnlyModel ? OnlyMethod : model;
            methods.Add(ReadMethod(archive, member, method, weights.Read("data/weights", model), weights.Read("data/constants", model), cancellationToken));
        }

        return new ExportedProgram(methods.MoveToImmutable());
    }

    private static ExportedMethod ReadMethod(PackageArchive archive, string member, string method, Dictionary<string, ImportedTensor> weights,
        Dictionary<string, ImportedTensor> constants, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            using var document = JsonMember.Read(archive, member);
            return MethodReader.Read(document.RootElement, method, weights, constants, cancellationToken);
        }
        catch (TandemException error) when (error.Details.Location is null)
        {
            throw error.With(new ErrorDetails { File = archive.Name, Location = member });
        }
    }
}
