using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;
using Tandem.Host.NamedData;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.NamedData;

/// <summary>Sources and maps over made-up bytes.</summary>
internal static class Sources
{
    internal static byte[] Bytes(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    internal static DataSource OfStream(string name, params byte[][] parts) => DataSource.FromStream(name, new MemoryStream(Concat(parts)));

    internal static byte[] Concat(params byte[][] parts)
    {
        using var all = new MemoryStream();
        foreach (var part in parts)
        {
            all.Write(part);
        }

        return all.ToArray();
    }

    internal static NamedDataSource Named(DataSource source, params (string Key, long Offset, long Length)[] entries) =>
        new(source, [.. entries.Select(entry => new NamedDataEntry(entry.Key, new DataRange(entry.Offset, entry.Length), 0, null))]);

    internal static NamedDataSource Named(DataSource source, string key, TensorLayout layout) =>
        new(source, [new NamedDataEntry(key, new DataRange(0, source.Length), 0, layout)]);

    internal static bool IsFreed(DataSource source)
    {
        try
        {
            source.AddReference().Release();
            return false;
        }
        catch (TandemException error) when (error.Code == ErrorCode.ObjectReleased)
        {
            return true;
        }
    }

    internal static TandemException Throws(ErrorCode code, Action action)
    {
        var error = Assert.Throws<TandemException>(action);
        Assert.Equal(code, error.Code);
        return error;
    }
}
