using System.Collections.Immutable;
using Tandem.Host.Formats;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Emission;

/// <summary>Constants, first contents of buffers and external constants of all methods, each content once.</summary>
/// <param name="options">Says which constants go to data files.</param>
internal sealed class ConstantPool(EmissionOptions options)
{
    private readonly ImmutableArray<DataContent>.Builder _constants = ImmutableArray.CreateBuilder<DataContent>();
    private readonly ImmutableArray<DataContent>.Builder _mutableData = ImmutableArray.CreateBuilder<DataContent>();
    private ContentIndex _constantIndex = new();
    private readonly ContentIndex _mutableIndex = new();
    private readonly Dictionary<(DataContent Storage, TensorSpec Spec, TensorLayout Layout), DataContent> _contents = [];

    /// <summary>Constants of the program.</summary>
    internal ImmutableArray<DataContent> Constants => _constants.ToImmutable();

    /// <summary>First contents of buffers.</summary>
    internal ImmutableArray<DataContent> MutableData => _mutableData.ToImmutable();

    /// <summary>Constants in data files, under their qualified names.</summary>
    internal NamedDataStore External { get; } = new();

    /// <summary>Begins a method: without sharing, it has constants of its own.</summary>
    internal void BeginMethod()
    {
        if (!options.ShareContent)
        {
            _constantIndex = new ContentIndex();
        }
    }

    /// <summary>The storage of a parameter, constant or buffer that no method mutates.</summary>
    internal TensorStorage Constant(GraphInputSpec input, TensorLayout layout)
    {
        var content = Content(input, layout);
        if (input.QualifiedName is { } name && options.ExternalConstantTag?.Invoke(input) is { } tag)
        {
            External.Add(name, content, 1, tag, layout);
            return new TensorStorage(StorageKind.ExternalConstant, layout.ByteCount) { Name = name };
        }

        return new TensorStorage(StorageKind.Constant, layout.ByteCount) { DataIndex = IndexOf(content, _constants, _constantIndex) };
    }

    /// <summary>Index of a buffer's first contents; 0 where there are none, or only zeros, which is what planned memory holds at first.</summary>
    internal int FirstContents(GraphInputSpec input, TensorLayout layout)
    {
        if (input.Tensor is null)
        {
            return 0;
        }

        var content = Content(input, layout);
        return IsZero(content) ? 0 : IndexOf(content, _mutableData, _mutableIndex);
    }

    private DataContent Content(GraphInputSpec input, TensorLayout layout)
    {
        if (input.Tensor is not { } tensor)
        {
            throw new TandemException(ErrorCode.ProgramFieldMissing, "a parameter or constant has no data",
                new ErrorDetails { Location = input.QualifiedName ?? input.ValueName, Expected = $"bytes of {layout}", Found = "nothing" });
        }

        // Methods share tensors: a view of the same storage is the same content, so that it is hashed once.
        var key = (tensor.Storage, tensor.Spec, layout);
        if (!_contents.TryGetValue(key, out var content))
        {
            content = TensorContent.Of(tensor, layout);
            _contents.Add(key, content);
        }

        return content;
    }

    private static int IndexOf(DataContent content, ImmutableArray<DataContent>.Builder list, ContentIndex known)
    {
        if (!known.TryGet(content, out var index))
        {
            list.Add(content);
            index = list.Count;
            known.Add(content, index);
        }

        return index;
    }

    private static bool IsZero(DataContent content)
    {
        var buffer = new byte[Math.Min(content.Length, 1 << 16)];
        for (long done = 0; done < content.Length;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, content.Length - done));
            content.Read(done, part);
            if (part.ContainsAnyExcept((byte)0))
            {
                return false;
            }

            done += part.Length;
        }

        return true;
    }
}
