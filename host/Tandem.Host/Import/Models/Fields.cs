using System.Text.Json;
using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <summary>Members of JSON objects that must be there and be of one kind.</summary>
internal static class Fields
{
    /// <summary>A member that must be there.</summary>
    internal static JsonElement Get(this JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Wrong($"an object with '{name}'", element);
        }

        return element.TryGetProperty(name, out var value) ? value
            : throw new TandemException(ErrorCode.ExportedProgramInvalid, "a field is missing", new ErrorDetails { Expected = $"'{name}'", Found = Short(element) });
    }

    /// <summary>A member, or null if it is absent or null.</summary>
    internal static JsonElement? Find(this JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            throw Wrong($"an object that may have '{name}'", element);
        }

        return element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    /// <summary>The one member of a union.</summary>
    internal static (string Tag, JsonElement Value) Union(this JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            var members = element.EnumerateObject();
            if (members.MoveNext())
            {
                var only = members.Current;
                if (!members.MoveNext())
                {
                    return (only.Text(), only.Value);
                }
            }
        }

        throw Wrong("an object with one member", element);
    }

    /// <summary>The members of an object.</summary>
    internal static JsonElement.ObjectEnumerator Members(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Object ? element.EnumerateObject() : throw Wrong("an object", element);

    /// <summary>The items of a list.</summary>
    internal static JsonElement.ArrayEnumerator Items(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Array ? element.EnumerateArray() : throw Wrong("a list", element);

    /// <summary>The number of items of a list.</summary>
    internal static int Count(this JsonElement element) => element.ValueKind == JsonValueKind.Array ? element.GetArrayLength() : throw Wrong("a list", element);

    /// <summary>A string.</summary>
    internal static string Text(this JsonElement element)
    {
        try
        {
            return element.ValueKind == JsonValueKind.String ? element.GetString()! : throw Wrong("a string", element);
        }
        catch (InvalidOperationException)
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "a string is not valid UTF-16", default);
        }
    }

    /// <summary>The name of a member.</summary>
    internal static string Text(this JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "a name is not valid UTF-16", default);
        }
    }

    /// <summary>An integer of 64 bits.</summary>
    internal static long Integer(this JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt64(out var value) ? value : throw Wrong("an integer of 64 bits", element);

    /// <summary>A float; those that are not finite are written as strings.</summary>
    internal static double Number(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Number when element.TryGetDouble(out var value) => value,
        JsonValueKind.String => element.Text() switch
        {
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            "NaN" => double.NaN,
            _ => throw Wrong("a number", element),
        },
        _ => throw Wrong("a number", element),
    };

    /// <summary>A truth value.</summary>
    internal static bool Boolean(this JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong("true or false", element),
    };

    /// <summary>An error over a value of the wrong kind.</summary>
    internal static TandemException Wrong(string expected, JsonElement found) =>
        new(ErrorCode.ExportedProgramInvalid, "a field has the wrong kind", new ErrorDetails { Expected = expected, Found = Short(found) });

    private static string Short(JsonElement element)
    {
        var text = element.GetRawText();
        return text.Length <= 120 ? text : text[..120] + "...";
    }
}
