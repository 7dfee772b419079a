using System.Text.Json;
using System.Text.Unicode;
using Tandem.Host.Import.Archives;
using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <summary>Reads a JSON member of an archive, with limits on its size and depth; a name that comes twice in an object is refused.</summary>
internal static class JsonMember
{
    internal static JsonDocument Read(PackageArchive archive, string name)
    {
        var content = archive.Get(name);
        if (content.Length > ArchiveLimits.JsonBytes)
        {
            throw ArchiveErrors.TooLarge(archive.Name, name, "the member is too long", $"at most {ArchiveLimits.JsonBytes} bytes", $"{content.Length} bytes");
        }

        var text = content.ToMemory();
        if (!Utf8.IsValid(text.Span))
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "the member is not UTF-8", new ErrorDetails { File = archive.Name, Location = name });
        }

        try
        {
            return JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = ArchiveLimits.JsonDepth, AllowDuplicateProperties = false });
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "the member is no JSON that can be used", new ErrorDetails
            {
                File = archive.Name,
                Location = name,
                Expected = $"JSON, nested at most {ArchiveLimits.JsonDepth} deep, each name once in an object",
                Found = error.Message,
            }, error);
        }
    }
}
