using System.Diagnostics;
using System.Runtime.InteropServices;
using Tandem.Host;
using Tandem.Host.Execution;
using Tandem.Host.Generation;
using Tandem.Sdk;

namespace Tandem.Soak;

/// <summary>
/// Two sessions decode all the time; a third thread loads, runs and unloads programs, in turn with and without a packed cache on disk. Every token and
/// every output is compared with what a quiet run gave before.
/// </summary>
public sealed class SoakRun : IDisposable
{
    private const int Tokens = 60;
    private const double Tolerance = 1e-3;
    private static readonly int[] Prompt = [0, 477, 478, 258];

    private readonly SoakOptions _options;
    private readonly string _cacheFolder = Directory.CreateTempSubdirectory("tandem-soak-").FullName;
    private readonly TandemRuntime _plain;
    private readonly TandemRuntime _cached;
    private readonly Dictionary<string, int[]> _texts = [];
    private readonly Dictionary<string, double[]> _outputs = [];
    private readonly List<string> _failures = [];
    private readonly List<MemorySample> _samples = [];
    private volatile bool _isDone;
    private long _tokens;
    private long _loads;

    /// <summary>Prepares a soak.</summary>
    public SoakRun(SoakOptions options)
    {
        _options = options;
        _plain = CreateRuntime(null);
        _cached = CreateRuntime(_cacheFolder);
    }

    /// <summary>Runs it.</summary>
    /// <returns>What was found.</returns>
    public SoakResult Run()
    {
        var clock = Stopwatch.StartNew();
        foreach (var path in _options.LanguageModels)
        {
            _texts[path] = Generate(_plain, path);
            _options.Log($"{Path.GetFileName(path)}: {string.Join(' ', _texts[path].Take(12))} ...");
        }

        foreach (var path in _options.OtherPrograms)
        {
            _outputs[path] = Execute(_plain, path);
        }

        var threads = new[]
        {
            new Thread(() => Guard(() => Decode(_options.LanguageModels[0]))) { Name = "decode 1" },
            new Thread(() => Guard(() => Decode(_options.LanguageModels[^1]))) { Name = "decode 2" },
            new Thread(() => Guard(LoadAndUnload)) { Name = "load" },
        };
        Array.ForEach(threads, thread => thread.Start());
        var interval = TimeSpan.FromSeconds(Math.Clamp(_options.Duration.TotalSeconds / 24, 1, 60));
        while (clock.Elapsed < _options.Duration && !_isDone)
        {
            var rest = _options.Duration - clock.Elapsed;
            Thread.Sleep(rest < interval ? rest : interval);
            _samples.Add(MemorySample.Take(clock.Elapsed));
            _options.Log($"{_samples[^1]}  {Interlocked.Read(ref _tokens)} tokens  {Interlocked.Read(ref _loads)} loads");
        }

        _isDone = true;
        foreach (var thread in threads)
        {
            if (!thread.Join(TimeSpan.FromMinutes(1)))
            {
                Fail($"the thread '{thread.Name}' hangs");
            }
        }

        CheckEnd();
        return new SoakResult(_tokens, _loads, _samples, _failures);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _plain.Dispose();
        _cached.Dispose();
        Directory.Delete(_cacheFolder, recursive: true);
    }

    private TandemRuntime CreateRuntime(string? cache)
    {
        var options = new TandemOptions { PluginFolders = [Path.Combine(AppContext.BaseDirectory, "plugins")], Threads = _options.Threads };
        if (cache is not null)
        {
            // A bound that is too small for all programs: files come and go.
            options.Backends.Options["XnnpackBackend"] = new() { ["packed_cache"] = cache, ["packed_cache_bytes"] = "6000000" };
        }

        return new TandemRuntime(options);
    }

    private void Decode(string path)
    {
        using var program = _plain.LoadProgram(path);
        using var session = program.CreateSession();
        var generator = new TokenGenerator(session);
        var expected = _texts[path];
        while (!_isDone)
        {
            var index = 0;
            foreach (var token in generator.Generate(Prompt, new SamplingOptions(), Tokens, null))
            {
                if (token != expected[index])
                {
                    Fail($"{Path.GetFileName(path)}: token {index} is {token} and was {expected[index]}");
                    return;
                }

                index++;
                Interlocked.Increment(ref _tokens);
                if (_isDone)
                {
                    return;
                }
            }
        }
    }

    private void LoadAndUnload()
    {
        for (var round = 0; !_isDone; round++)
        {
            var runtime = round % 2 == 0 ? _plain : _cached;
            foreach (var (path, expected) in _texts)
            {
                if (!Generate(runtime, path).SequenceEqual(expected))
                {
                    Fail($"{Path.GetFileName(path)}: another text after loading it anew (round {round})");
                    return;
                }

                Interlocked.Increment(ref _loads);
            }

            foreach (var (path, expected) in _outputs)
            {
                if (_isDone)
                {
                    return;
                }

                var found = Execute(runtime, path);
                if (found.Length != expected.Length || found.Zip(expected).Any(pair => Differs(pair.First, pair.Second)))
                {
                    Fail($"{path}: other outputs after loading it anew (round {round})");
                    return;
                }

                Interlocked.Increment(ref _loads);
            }
        }
    }

    private static bool Differs(double left, double right) =>
        !(left.Equals(right) || Math.Abs(left - right) <= Tolerance * Math.Max(1, Math.Abs(right)));

    private static int[] Generate(TandemRuntime runtime, string path)
    {
        using var program = runtime.LoadProgram(path);
        using var session = program.CreateSession();
        return [.. new TokenGenerator(session).Generate(Prompt, new SamplingOptions(), Tokens, null)];
    }

    // All methods, with inputs that are the same each time.
    private static double[] Execute(TandemRuntime runtime, string path)
    {
        using var program = runtime.LoadProgram(path);
        using var session = program.CreateSession();
        var outputs = new List<double>();
        foreach (var name in program.MethodNames)
        {
            var method = session.GetMethod(name);
            for (var i = 0; i < method.Info.Inputs.Count; i++)
            {
                if (method.Info.Inputs[i] is { Kind: EValueKind.Tensor, Layout: { } layout })
                {
                    var bytes = new byte[layout.ByteCount];
                    if (layout.ScalarType == ScalarType.Float)
                    {
                        var values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan());
                        for (var k = 0; k < values.Length; k++)
                        {
                            values[k] = ((k * 37 % 101) / 50f) - 1;
                        }
                    }

                    method.SetInput(i, layout, bytes);
                }
            }

            method.Execute();
            for (var i = 0; i < method.Info.Outputs.Count; i++)
            {
                if (method.GetOutputValue(i) is { Kind: EValueKind.Tensor } value && value.AsTensor() is { ScalarType: ScalarType.Float } tensor)
                {
                    foreach (var element in tensor.AsReadOnlySpan<float>())
                    {
                        outputs.Add(element);
                    }
                }
            }
        }

        return [.. outputs];
    }

    // Everything that the programs held is given back, and memory did not grow once everything had run.
    private void CheckEnd()
    {
        foreach (var (runtime, name) in new[] { (_plain, "without cache"), (_cached, "with cache") })
        {
            if (runtime.DerivedData.Count != 0)
            {
                Fail($"{runtime.DerivedData.Count} packed forms are still held by the runtime {name}");
            }
        }

        if (_plain.LoadStatistics.LiveHandles != 0)
        {
            Fail($"{_plain.LoadStatistics.LiveHandles} handles on named data are still open");
        }

        var bytes = Directory.GetFiles(_cacheFolder).Sum(file => new FileInfo(file).Length);
        if (bytes > 6_000_000)
        {
            Fail($"the packed cache has {bytes} bytes, which is over its bound");
        }

        if (_samples.Count < 8)
        {
            return;
        }

        // Medians of the second and of the last quarter: the first is warm-up.
        var quarter = _samples.Count / 4;
        Compare("private memory", sample => sample.Private, 12e6);
        Compare("resident memory", sample => sample.Resident, 16e6);
        Compare("managed memory", sample => sample.Managed, 2e6);
        Compare("open files", sample => sample.Handles, 8);

        void Compare(string what, Func<MemorySample, double> of, double slack)
        {
            var before = Median(_samples.Skip(quarter).Take(quarter).Select(of));
            var after = Median(_samples.TakeLast(quarter).Select(of));
            if (after > (before * 1.03) + slack)
            {
                Fail($"{what} grew from {before} to {after}");
            }
        }
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        return sorted[sorted.Length / 2];
    }

    private void Guard(Action action)
    {
        try
        {
            action();
        }
        catch (Exception error)
        {
            Fail($"{Thread.CurrentThread.Name}: {error}");
        }
    }

    private void Fail(string message)
    {
        lock (_failures)
        {
            _failures.Add(message);
        }

        _isDone = true;
    }
}
