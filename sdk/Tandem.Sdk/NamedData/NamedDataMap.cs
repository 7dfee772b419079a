using System.Diagnostics.CodeAnalysis;

namespace Tandem.Sdk;

/// <summary>Read-only data by key, over a program and its external files. Implemented by the host.</summary>
/// <remarks>
/// <para>Keys are unique over all files of the map; looking one up takes constant time. Each blob is mapped or loaded once in the process,
/// however many keys, methods, sessions and programs name it.</para>
/// <para>Threading: all members may be called from any thread. A failed load leaves nothing behind: the next call tries again.</para>
/// </remarks>
public abstract class NamedDataMap
{
    /// <summary>All keys, in the order of the files.</summary>
    public abstract IReadOnlyCollection<string> Keys { get; }

    /// <summary>Bytes of all data together, for planning ahead: nothing is loaded for it. 0 where the map does not tell.</summary>
    public virtual long ByteCount => 0;

    /// <summary>Whether the key is there, without loading anything.</summary>
    /// <param name="key">The key.</param>
    /// <returns>True if <see cref="Get"/> finds it.</returns>
    public abstract bool Contains(string key);

    /// <summary>Fetches data by key.</summary>
    /// <param name="key">The key.</param>
    /// <param name="handle">A new handle, which the caller disposes; null if there is no such key.</param>
    /// <returns>Whether the key was found.</returns>
    /// <exception cref="TandemException">The data is there and cannot be loaded.</exception>
    public abstract bool TryGet(string key, [NotNullWhen(true)] out DataHandle? handle);

    /// <summary>Element type and shape under a key, without loading the data; null for plain bytes.</summary>
    /// <param name="key">The key.</param>
    /// <returns>The layout or null.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.NamedDataNotFound"/>.</exception>
    public abstract TensorLayout? GetLayout(string key);

    /// <summary>Copies data into the caller's memory, for devices that need their own.</summary>
    /// <param name="key">The key.</param>
    /// <param name="destination">Exactly as long as the data.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.NamedDataNotFound"/>, or <see cref="ErrorCode.NamedDataMismatch"/> if the lengths differ.</exception>
    public virtual void LoadInto(string key, Span<byte> destination)
    {
        using var handle = Get(key);
        if (handle.Length != destination.Length)
        {
            throw new TandemException(ErrorCode.NamedDataMismatch, "the destination is not as long as the data",
                new ErrorDetails { Location = key, Expected = $"{handle.Length} bytes", Found = $"{destination.Length} bytes" });
        }

        handle.Span.CopyTo(destination);
    }

    /// <summary>Fetches data by key.</summary>
    /// <param name="key">The key.</param>
    /// <returns>A new handle, which the caller disposes.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.NamedDataNotFound"/>, or the data cannot be loaded.</exception>
    public DataHandle Get(string key) => TryGet(key, out var handle) ? handle
        : throw new TandemException(ErrorCode.NamedDataNotFound, "no data has this key", new ErrorDetails
        {
            Location = key,
            Expected = $"one of {Keys.Count} keys",
            NextStep = "give the external data file (.ptd) that the program was exported with",
        });
}
