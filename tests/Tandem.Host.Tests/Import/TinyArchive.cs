using System.Runtime.CompilerServices;

namespace Tandem.Host.Tests.Import;

/// <summary>Archives that PyTorch wrote; tests/assets/archives/make.py makes them.</summary>
internal static class TinyArchive
{
    internal static string[] Names => ["tiny.pt2", "tiny_2.7.pt2", "tiny_2.8.pt2", "flow.pt2"];

    internal static string Path(string name, [CallerFilePath] string here = "") =>
        System.IO.Path.Combine(System.IO.Path.GetDirectoryName(here)!, "../../assets/archives", name);

    internal static byte[] Load(string name) => File.ReadAllBytes(Path(name));
}
