using System.Security.Cryptography;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>SHA-256 of constants: a file cannot claim the identity of another's weights with less than the weights.</summary>
/// <remarks>
/// Reading all weights only to name them would cost a start more than mapping their packed forms. What was hashed is noted in the cache's folder under
/// the state of the file that the bytes are mapped from (<see cref="DataHandle.FileStamp"/>): while that file is untouched, the note stands. Bytes that
/// come from elsewhere are hashed each time.
/// </remarks>
internal sealed unsafe class ContentDigests(PackedCacheFolder folder, PackedCacheOptions options)
{
    /// <summary>Bytes that were hashed.</summary>
    public long HashedBytes { get; private set; }

    /// <summary>Finds or computes the digests of handles.</summary>
    /// <param name="handles">The handles.</param>
    /// <param name="pool">Threads for hashing.</param>
    /// <returns>64 hexadecimal digits for each.</returns>
    public string[] Of(IReadOnlyList<DataHandle> handles, ComputePool? pool)
    {
        var digests = new string[handles.Count];
        var stamps = new string?[handles.Count];
        var missing = new List<int>();
        for (var i = 0; i < digests.Length; i++)
        {
            stamps[i] = handles[i].FileStamp;
            if (stamps[i] is { } stamp && folder.Digests.Find(stamp, handles[i].FileOffset, handles[i].Length) is { } digest)
            {
                digests[i] = digest;
            }
            else
            {
                missing.Add(i);
            }
        }

        if (missing.Count == 0)
        {
            return digests;
        }

        var work = new HashWork(handles, digests, missing);
        if (pool is null)
        {
            ((IParallelWork)work).Execute(0, missing.Count, 0);
        }
        else
        {
            pool.Run(missing.Count, 1, work);
        }

        var written = new HashSet<string>(StringComparer.Ordinal);
        foreach (var i in missing)
        {
            HashedBytes += handles[i].Length;

            // The file was not written while it was read.
            if (stamps[i] is { } stamp && handles[i].FileStamp == stamp && folder.Digests.Add(stamp, handles[i].FileOffset, handles[i].Length, digests[i]))
            {
                written.Add(stamp);
            }
        }

        foreach (var stamp in written)
        {
            folder.Digests.Write(stamp, options.MaxBytes);
        }

        return digests;
    }

    private sealed class HashWork(IReadOnlyList<DataHandle> handles, string[] digests, List<int> missing) : IParallelWork
    {
        void IParallelWork.Execute(int start, int end, int worker)
        {
            for (var i = start; i < end; i++)
            {
                var handle = handles[missing[i]];
                using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
                for (long done = 0; done < handle.Length;)
                {
                    var step = (int)Math.Min(handle.Length - done, 1 << 24);
                    hash.AppendData(new ReadOnlySpan<byte>(handle.Pointer + done, step));
                    done += step;
                }

                digests[missing[i]] = Convert.ToHexStringLower(hash.GetHashAndReset());
            }
        }
    }
}
