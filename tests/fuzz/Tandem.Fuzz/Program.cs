using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using Tandem.Fuzz;
using Tandem.Host;
using Tandem.Host.Execution;

// tandem-fuzz [seconds] [seed] [corpus folder]: damages .pte and .ptd files, reads them, and executes the programs that are accepted
// and variants of the genuine ones.
// tandem-fuzz archives [seconds] [seed] [corpus folder]: damages archives of torch.export (.pt2), and reads, writes, quantises and lowers them.
var isArchives = args is ["archives", ..];
args = isArchives ? args[1..] : args;
var seconds = args.Length > 0 ? double.Parse(args[0]) : 60;
var seed = args.Length > 1 ? int.Parse(args[1]) : Environment.TickCount;
var folder = args.Length > 2 ? args[2] : Path.Combine("tests", "assets", isArchives ? "archives" : "programs");
const long MaxCorpusFile = 1 << 20;
var corpus = Directory.Exists(folder)
    ? Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Where(file => Path.GetExtension(file) is var extension && (isArchives ? extension == ".pt2" : extension is ".pte" or ".ptd") && new FileInfo(file).Length <= MaxCorpusFile)
        .Order(StringComparer.Ordinal).Select(File.ReadAllBytes).ToList()
    : [];
if (corpus.Count == 0)
{
    Console.Error.WriteLine($"no {(isArchives ? ".pt2" : ".pte or .ptd")} files of at most {MaxCorpusFile} bytes under {folder}");
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

var runtime = new TandemRuntime(new TandemOptions { Threads = 1, PluginFolders = [Path.Combine(AppContext.BaseDirectory, "plugins")] });
using var probe = new ProgramProbe(runtime, seed);

// Mapped, so that the input survives a crash of this process.
var lastPath = Path.Combine(Path.GetTempPath(), $"tandem-fuzz-{seed}-last.bin");
using var last = MemoryMappedFile.CreateFromFile(lastPath, FileMode.Create, null, (2 * MaxCorpusFile) + sizeof(int));
using var lastView = last.CreateViewAccessor();
void Remember(byte[] input)
{
    var length = (int)Math.Min(input.Length, lastView.Capacity - sizeof(int));
    lastView.Write(0, length);
    lastView.WriteArray(sizeof(int), input, 0, length);
}

using var archives = isArchives ? new ArchiveFuzzer(corpus, seed, runtime) { BeforeInput = Remember } : null;
FuzzerBase fuzzer = archives is not null ? archives : new Fuzzer(corpus, seed, probe) { BeforeInput = Remember };
Console.WriteLine($"{corpus.Count} files, seed {seed}, {seconds} s");
string? problem = null;
var worker = new Thread(() => problem = fuzzer.Run(TimeSpan.FromSeconds(seconds))) { IsBackground = true };
var watch = Stopwatch.StartNew();
worker.Start();
if (!worker.Join(TimeSpan.FromSeconds(seconds + 30)))
{
    problem = "the reader hangs";
}

Console.WriteLine($"{watch.Elapsed.TotalSeconds:F0} s, {fuzzer.Summary}");
if (problem is null)
{
    foreach (var (code, count) in fuzzer.Errors)
    {
        Console.WriteLine($"  {code}: {count}");
    }

    foreach (var (code, count) in archives?.LaterErrors ?? [])
    {
        Console.WriteLine($"  writing, quantising, lowering, {code}: {count}");
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
