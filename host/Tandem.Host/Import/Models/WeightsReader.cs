using System.Collections.Immutable;
using System.Text.Json;
using Tandem.Host.Import.Archives;
using Tandem.Host.Import.Pickles;
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
    internal Dictionary<string, ImportedTensor> Read(string folder, string model)
    {
        var member = $"{folder}/{model}_{folder["data/".Length..]}_config.json";
        var tensors = new Dictionary<string, ImportedTensor>(StringComparer.Ordinal);
        if (!archive.TryGet(member, out _))
        {
            return ReadPickled($"{folder}/{model}.pt");
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

    /// <summary>Reads a pickled dictionary of tensors, as torch 2.7 and 2.8 write it.</summary>
    /// <param name="member">The member; there are no tensors if it is absent.</param>
    /// <returns>Tensors by their qualified name.</returns>
    internal Dictionary<string, ImportedTensor> ReadPickled(string member) =>
        archive.TryGet(member, out var content) ? TorchSaveReader.ReadDictionary(content, pool) : [];

    private ImportedTensor ReadEntry(string folder, JsonElement entry)
    {
        var path = $"{folder}/{entry.Get("path_name").Text()}";
        if (entry.Get("use_pickle").Boolean())
        {
            return TorchSaveReader.ReadTensor(archive.Get(path), pool);
        }

        var spec = TensorMetaReader.Read(entry.Get("tensor_meta"), _noSymbols);
        if (!_contents.TryGetValue(path, out var content))
        {
            _contents.Add(path, content = pool.Intern(archive.Get(path)));
        }

        TensorExtent.Check(spec, content);
        return new ImportedTensor(new ExportedTensor(spec, content), null);
    }
}
