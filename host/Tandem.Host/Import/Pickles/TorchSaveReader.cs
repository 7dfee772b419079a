using Tandem.Host.Import.Archives;
using Tandem.Host.Import.Models;
using Tandem.Sdk;

namespace Tandem.Host.Import.Pickles;

/// <summary>Reads what torch.save wrote: an archive with one pickle and the storages that it refers to, which stay where they are.</summary>
internal sealed class TorchSaveReader
{
    // A quantised weight holds tensors, or a layout that holds them.
    private const int MaxDepth = 4;

    private readonly PackageArchive _archive;
    private readonly ContentPool _pool;
    private readonly Dictionary<string, ArchiveContent> _storages = new(StringComparer.Ordinal);

    private readonly Dictionary<object, ImportedTensor?> _converted = new(ReferenceEqualityComparer.Instance);

    private TorchSaveReader(PackageArchive archive, ContentPool pool) => (_archive, _pool) = (archive, pool);

    /// <summary>Reads a single tensor or tensor subclass.</summary>
    internal static ImportedTensor ReadTensor(ArchiveContent member, ContentPool pool)
    {
        var reader = Open(member, pool);
        return reader.Convert(reader.ReadPickle(), 0) ?? throw Invalid(member.Origin, "the pickle is no tensor");
    }

    /// <summary>Reads a dictionary of tensors. What is no tensor is left out: whoever needs it misses it by name.</summary>
    internal static Dictionary<string, ImportedTensor> ReadDictionary(ArchiveContent member, ContentPool pool)
    {
        var tensors = new Dictionary<string, ImportedTensor>(StringComparer.Ordinal);
        if (member.Length == 0)
        {
            return tensors;
        }

        var reader = Open(member, pool);
        if (reader.ReadPickle() is not PickleDictionary dictionary)
        {
            throw Invalid(member.Origin, "the pickle is no dictionary");
        }

        foreach (var (name, value) in dictionary.Items)
        {
            if (reader.Convert(value, 0) is { } tensor)
            {
                tensors.Add(name, tensor);
            }
        }

        return tensors;
    }

    private static TorchSaveReader Open(ArchiveContent member, ContentPool pool)
    {
        var (file, offset) = member.AsFile();
        return new TorchSaveReader(new PackageArchive(file, offset, member.Length, member.Origin), pool);
    }

    private object? ReadPickle()
    {
        if (_archive.ReadText("byteorder") is not ("little" or null) and var order)
        {
            throw ArchiveErrors.NotSupported(_archive.Name, "byteorder", "the archive's byte order is not supported", "little", order);
        }

        var pickle = _archive.Get("data.pkl");
        try
        {
            return PickleReader.Read(pickle.ToMemory().Span);
        }
        catch (TandemException error)
        {
            throw error.With(new ErrorDetails { File = _archive.Name, Location = "data.pkl" });
        }
    }

    // Each object is converted once, however often the pickle uses it.
    private ImportedTensor? Convert(object? value, int depth)
    {
        if (value is not (PickleTensor or PickleSubclass))
        {
            return null;
        }

        if (!_converted.TryGetValue(value, out var converted))
        {
            _converted.Add(value, converted = ConvertNew(value, depth));
        }

        return converted;
    }

    private ImportedTensor? ConvertNew(object value, int depth)
    {
        switch (value)
        {
            case PickleTensor tensor:
                return new ImportedTensor(ToTensor(tensor), null);
            case PickleSubclass subclass when depth < MaxDepth:
                var inner = new Dictionary<string, ImportedTensor>(StringComparer.Ordinal);
                foreach (var (name, item) in subclass.State.Items)
                {
                    if (Convert(item, depth + 1) is { } tensor)
                    {
                        inner.Add(name, tensor);
                    }
                }

                return new ImportedTensor(null, new TensorSubclass(subclass.Type, inner));
            default:
                return null;
        }
    }

    private ExportedTensor ToTensor(PickleTensor tensor)
    {
        var type = tensor.DataType is { } name ? PickleTypes.FindDataType(name) : PickleTypes.FindStorage(tensor.Storage.Type);
        if (type is null)
        {
            throw new TandemException(ErrorCode.ExportedProgramNotSupported, "a tensor's element type is not supported",
                new ErrorDetails { File = _archive.Name, Found = tensor.DataType ?? tensor.Storage.Type });
        }

        if (!_storages.TryGetValue(tensor.Storage.Key, out var storage))
        {
            _storages.Add(tensor.Storage.Key, storage = _pool.Intern(_archive.Get($"data/{tensor.Storage.Key}")));
        }

        try
        {
            var spec = TensorMetaReader.Create(type.Value, tensor.Sizes, tensor.Strides, tensor.Offset);
            TensorExtent.Check(spec, storage);
            return new ExportedTensor(spec, storage);
        }
        catch (TandemException error)
        {
            throw error.With(new ErrorDetails { File = _archive.Name, Location = $"storage {tensor.Storage.Key}" });
        }
    }

    private static TandemException Invalid(string name, string problem) => ArchiveErrors.Invalid(name, "data.pkl", problem, "what torch.export writes");
}
