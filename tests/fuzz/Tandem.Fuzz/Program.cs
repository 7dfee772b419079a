using System.Diagnostics;
using Tandem.Fuzz;

// tandem-fuzz [seconds] [seed] [corpus folder]: damages .pte and .ptd files and reads them.
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

var fuzzer = new Fuzzer(corpus, seed);
Console.WriteLine($"{corpus.Count} files, seed {seed}, {seconds} s");
string? problem = null;
var worker = new Thread(() => problem = fuzzer.Run(TimeSpan.FromSeconds(seconds))) { IsBackground = true };
var watch = Stopwatch.StartNew();
worker.Start();
if (!worker.Join(TimeSpan.FromSeconds(seconds + 30)))
{
    problem = "the reader hangs";
}

Console.WriteLine($"{fuzzer.Inputs} inputs in {watch.Elapsed.TotalSeconds:F0} s: {fuzzer.Models} models");
if (problem is null)
{
    foreach (var (code, count) in fuzzer.Errors)
    {
        Console.WriteLine($"  {code}: {count}");
    }

    return 0;
}

var path = Path.Combine(Path.GetTempPath(), $"tandem-fuzz-{seed}.bin");
File.WriteAllBytes(path, fuzzer.Culprit ?? fuzzer.Current ?? []);
Console.Error.WriteLine($"{problem}\nthe input is {path}");
return 1;
