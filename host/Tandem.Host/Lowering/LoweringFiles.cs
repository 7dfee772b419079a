using System.Collections.Immutable;
using Tandem.Host.Lowering.Emission;
using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>Which file gets what.</summary>
internal sealed class LoweringFiles
{
    private const string Extension = ".ptd";
    private readonly LoweringOptions _options;
    private readonly string _folder;
    private readonly string? _external;
    private readonly string? _tag;

    internal LoweringFiles(LoweringOptions options, string programPath)
    {
        _options = options;
        _folder = Path.GetDirectoryName(Path.GetFullPath(programPath)) ?? "";
        if (options.ExternalData is { } external)
        {
            _external = Path.GetFullPath(Path.Combine(_folder, external));
            _tag = Path.GetFileNameWithoutExtension(external);
            if (_external == Path.GetFullPath(programPath) || _tag.Length == 0)
            {
                throw new TandemException(ErrorCode.ArgumentInvalid, "the data file needs a name of its own",
                    new ErrorDetails { File = external, Expected = "a path other than the program's", NextStep = "name it weights.ptd, for example" });
            }
        }
    }

    internal EmissionOptions EmissionOptions(CancellationToken cancellationToken) => new()
    {
        ConstantMethods = [.. _options.ConstantMethods.OrderBy(method => method.Key, StringComparer.Ordinal)
            .Select(method => new ConstantMethod(method.Key, [Argument(method.Key, method.Value)]))],
        ExternalConstantTag = input => Check(input.QualifiedName is { } name ? _options.ExternalDataOf?.Invoke(name) : null, input.QualifiedName) ?? _tag,
        ExternalDataTag = entry => entry.Key == LoweringMetadata.Key ? null : Check(entry.ExternalTag, entry.Key) ?? _tag,
        ShareMutableBuffers = true,
        CancellationToken = cancellationToken,
    };

    /// <summary>Path of a data file.</summary>
    internal string PathOf(string tag) => tag == _tag ? _external! : Path.Combine(_folder, tag + Extension);

    // A tag becomes the name of a file: it must not lead to another folder.
    private static string? Check(string? tag, string? key) =>
        tag is null || (tag.Length > 0 && tag == Path.GetFileName(tag) && tag.AsSpan().IndexOfAny("/\\:\0") < 0 && tag is not ("." or "..")) ? tag
        : throw new TandemException(ErrorCode.ArgumentInvalid, "the name of a data file is not the name of a file",
            new ErrorDetails { Location = key, Expected = "a name without folders", Found = tag });

    private static GraphArgument Argument(string method, object value) => value switch
    {
        long number => new GraphArgument.Int(number),
        int number => new GraphArgument.Int(number),
        double number => new GraphArgument.Float(number),
        bool truth => new GraphArgument.Bool(truth),
        string text => new GraphArgument.Text(text),
        _ => throw new TandemException(ErrorCode.ArgumentInvalid, "a constant method returns a long, double, bool or string",
            new ErrorDetails { Location = method, Found = value?.GetType().Name ?? "null" }),
    };
}
