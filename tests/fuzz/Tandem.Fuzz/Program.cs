using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using Tandem.Fuzz;
using Tandem.Host;
using Tandem.Host.Execution;

// tandem-fuzz [seconds] [seed] [corpus folder]: damages .pte and .ptd files, reads them, and executes the programs that are accepted
// and variants of the genuine ones.
var seconds = args.Length > 0 ? double.Parse(args[0]) : 60;
var seed = args.Length > 1 ? int.Parse(args[1]) : Environment.TickCount;
var folder = args.Length > 2 ? args[2] : Path.Combine("tests", "assets", "programs");
const long MaxCorpusFile = 1 << 20;
var corpus = Directory.Exists(folder)
    ? Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Where(file => Path.GetExtension(file) is ".pte" or ".ptd" && new FileInfo(file).Length <= MaxCorpusFile)
        .Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToList()
    : [];
if (corpus.Count == 0)
{
    Console.Error.WriteLine($"no .pte or .ptd files of at most {MaxCorpusFile} bytes under {folder}");
    return 2;
}

if (OperatingSystem.IsLinux())
{
    NativeMemoryBlock.Allocator = byteCount =>
    {
        var memory = new GuardedMemory(byteCount);
        unsafe
        {
            return ((nint)memory.Pointer, memory.Free);
        }
    };
}

using var probe = new ProgramProbe(new TandemRuntime(new TandemOptions { Threads = 1, PluginFolders = [Path.Combine(AppContext.BaseDirectory, "plugins")] }), seed);

// Mapped, so that the input survives a crash of this process.
var lastPath = Path.Combine(Path.GetTempPath(), $"tandem-fuzz-{seed}-last.bin");
using var last = MemoryMappedFile.CreateFromFile(lastPath, FileMode.Create, null, (2 * MaxCorpusFile) + sizeof(int));
using var lastView = last.CreateViewAccessor();
var fuzzer = new Fuzzer(corpus, seed, probe)
{
    BeforeInput = input =>
    {
        lastView.Write(0, input.Length);
        lastView.WriteArray(sizeof(int), input, 0, input.Length);
    },
};
Console.WriteLine($"{corpus.Count} files, seed {seed}, {seconds} s");
string? problem = null;
var worker = new Thread(() => problem = fuzzer.Run(TimeSpan.FromSeconds(seconds))) { IsBackground = true };
var watch = Stopwatch.StartNew();
worker.Start();
if (!worker.Join(TimeSpan.FromSeconds(seconds + 30)))
{
    problem = "the reader hangs";
}

Console.WriteLine($"{fuzzer.Inputs} inputs in {watch.Elapsed.TotalSeconds:F0} s: {fuzzer.Models} models, {fuzzer.Variants} variants, {probe.Calls} calls");
if (problem is null)
{
    foreach (var (code, count) in fuzzer.Errors)
    {
        Console.WriteLine($"  {code}: {count}");
    }

    foreach (var (code, count) in probe.Errors)
    {
        Console.WriteLine($"  executing, {code}: {count}");
    }

    return 0;
}

var path = Path.Combine(Path.GetTempPath(), $"tandem-fuzz-{seed}.bin");
File.WriteAllBytes(path, fuzzer.Culprit ?? fuzzer.Current ?? []);
Console.Error.WriteLine($"{problem}\nthe input is {path}");
return 1;
