using Xunit;

namespace Tandem.Interop.Tests;

/// <summary>The folder <c>shared</c> beside the repository, where there is one: files that ExecuTorch wrote, and its outputs.</summary>
internal static class SharedVectors
{
    /// <summary>Path of <c>shared/vectors</c>; null if it is absent.</summary>
    public static string? Folder { get; } = Find();

    /// <summary>A path under <c>shared/vectors</c>; skips the test if the folder is absent.</summary>
    public static string Path(params string[] parts)
    {
        Assert.SkipWhen(Folder is null, "the folder 'shared' is not beside the repository");
        return System.IO.Path.Combine([Folder!, .. parts]);
    }

    /// <summary>Files with this extension, sorted; skips the test if the folder is absent.</summary>
    public static string[] Files(string extension)
    {
        var files = Directory.GetFiles(Path(), "*" + extension, SearchOption.AllDirectories);
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(System.IO.Path.Combine(folder.FullName, "Plugins.sln")))
            {
                var shared = System.IO.Path.Combine(folder.Parent?.FullName ?? folder.FullName, "shared", "vectors");
                return Directory.Exists(shared) ? shared : null;
            }
        }

        return null;
    }
}
