using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.PackedCache;

/// <summary>The packed cache as one load uses it: the folder, and the options of this load.</summary>
internal sealed class PackedStore(PackedCacheFolder folder, PackedCacheOptions options, ComputePool pool)
{
    /// <summary>Part of the key of packed forms in this process: programs that name different folders share none, so each is served from its own.</summary>
    public string Identity => $" cache {folder.Path}";

    /// <summary>SHA-256 of each handle's bytes.</summary>
    public string[] Digests(IReadOnlyList<DataHandle> handles) => new ContentDigests(folder, options).Of(handles, pool);

    /// <summary>Attaches the bytes of a form that an earlier start has packed.</summary>
    /// <returns>Whether there was one.</returns>
    public bool TryLoad(PackedKey key, PackedForm form)
    {
        if (folder.TryOpen(key, form.ByteCount) is not { } block)
        {
            return false;
        }

        form.Attach(block);
        return true;
    }

    /// <summary>Keeps a form for later starts, and attaches the file in place of the memory that it was packed into.</summary>
    public void Keep(PackedKey key, PackedForm form, PackedBlock packed)
    {
        if (folder.TryStore(key, packed, options.MaxBytes) is { } mapped)
        {
            form.Attach(mapped);
        }
    }
}
