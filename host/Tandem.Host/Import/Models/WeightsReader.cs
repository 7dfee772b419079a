using System.Collections.Immutable;
using System.Text.Json;
using Tandem.Host.Import.Archives;
using Tandem.Host.Import.Symbols;
using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <summary>Reads the tensors that a method's payload configs name, as views on members of the archive.</summary>
internal sealed class WeightsReader(PackageArchive archive, ContentPool pool)
{
    private readonly Dictionary<string, ArchiveContent> _contents = new(StringComparer.Ordinal);
    private readonly SymbolScope _noSymbols = new(ImmutableDictionary<string, SymbolicRange>.Empty);

    /// <summary>Reads one config.</summary>
    /// <param name="folder">"data/weights" or "data/constants".</param>
    /// <param name="model">The model's name in the archive.</param>
    /// <returns>Tensors by their qualified name.</returns>
    internal Dictionary<string, ExportedTensor> Read(string folder, string model)
    {
        var member = $"{folder}/{model}_{folder["data/".Length..]}_config.json";
        var tensors = new Dictionary<string, ExportedTensor>(StringComparer.Ordinal);
        if (!archive.TryGet(member, out _))
        {
            return tensors;
        }

        using var document = JsonMember.Read(archive, member);
        foreach (var entry in document.RootElement.Get("config").Members())
        {
            var name = entry.Text();
            try
            {
                tensors.Add(name, ReadEntry(folder, entry.Value));
            }
            catch (TandemException error)
            {
                throw error.With(new ErrorDetails { File = archive.Name, Location = $"'{name}' of {member}" });
            }
        }

        return tensors;
    }

    private ExportedTensor ReadEntry(string folder, JsonElement entry)
    {
        if (entry.Get("use_pickle").Boolean())
        {
            throw new TandemException(ErrorCode.ExportedProgramNotSupported, "the tensor is pickled", new ErrorDetails
            {
                Expected = "raw bytes",
                Found = "use_pickle",
                NextStep = "export the model with ordinary tensors",
            });
        }

        var spec = TensorMetaReader.Read(entry.Get("tensor_meta"), _noSymbols);
        var path = $"{folder}/{entry.Get("path_name").Text()}";
        if (!_contents.TryGetValue(path, out var content))
        {
            _contents.Add(path, content = pool.Intern(archive.Get(path)));
        }

        TensorExtent.Check(spec, content);
        return new ExportedTensor(spec, content);
    }
}
