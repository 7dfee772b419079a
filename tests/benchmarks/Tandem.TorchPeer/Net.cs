using System.Diagnostics;
using System.Globalization;
using static TorchSharp.torch;

namespace Tandem.TorchPeer;

/// <summary>A net of the benchmark, computed operator by operator in the layout in which it is faster.</summary>
internal sealed class Net : IDisposable
{
    private const int TrialCalls = 3;
    private readonly List<Step> _steps = [];
    private readonly List<Tensor?> _weights = [];
    private readonly Tensor?[] _values;
    private int _output;
    private Tensor? _given;
    private Tensor? _input;

    private Net(string[] lines, Stream weights)
    {
        foreach (var words in lines.Select(line => line.Split(' ')))
        {
            switch (words[0])
            {
                case "input":
                    break;
                case "output":
                    _output = int.Parse(words[1], CultureInfo.InvariantCulture);
                    break;
                default:
                    _steps.Add(ReadStep(words, weights));
                    break;
            }
        }

        _values = new Tensor?[_steps.Count + 1];
        FindLastUses();
    }

    /// <summary>Reads a description and its weights, the file PATH.weights beside it.</summary>
    public static Net Read(string path)
    {
        using var weights = File.OpenRead(path + ".weights");
        return new Net(File.ReadAllLines(path), weights);
    }

    /// <summary>Sizes written as 1x3x224x224.</summary>
    public static long[] Sizes(string text) => [.. text.Split('x').Select(size => long.Parse(size, CultureInfo.InvariantCulture))];

    /// <summary>Sets the input and chooses the layout.</summary>
    public void SetInput(long[] sizes, string path)
    {
        using (var file = File.OpenRead(path))
        {
            _given = ReadTensor(sizes, file);
        }

        var best = Layout.Contiguous;
        if (sizes.Length == 4)
        {
            // In turn, the best of each: another program may have the cores for a moment.
            Span<double> seconds = [double.MaxValue, double.MaxValue];
            for (var trial = 0; trial < 2 * TrialCalls; trial++)
            {
                var layout = (Layout)(trial % 2);
                Lay(layout);
                Time(1);
                seconds[(int)layout] = Math.Min(seconds[(int)layout], Time(1));
            }

            best = seconds[0] <= seconds[1] ? Layout.Contiguous : Layout.ChannelsLast;
        }

        Lay(best);
    }

    /// <summary>Calls once and writes the output's elements in row-major order.</summary>
    public void WriteOutput(string path)
    {
        using var output = Call();
        using var rows = output.contiguous();
        using var file = File.Create(path);
        rows.WriteBytesToStream(file);
    }

    /// <summary>Seconds of a call, the mean over several.</summary>
    public double Time(int calls)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < calls; i++)
        {
            Call().Dispose();
        }

        return Stopwatch.GetElapsedTime(start).TotalSeconds / calls;
    }

    public void Dispose()
    {
        ReleaseWeights();
        foreach (var step in _steps)
        {
            step.Weight?.Dispose();
            step.Bias?.Dispose();
        }

        _given?.Dispose();
        _input?.Dispose();
    }

    private static Step ReadStep(string[] words, Stream weights)
    {
        long[] Numbers(int from) => [.. words[from..].Select(word => long.Parse(word, CultureInfo.InvariantCulture))];
        if (words[0] is "linear" or "conv2d")
        {
            var sizes = Sizes(words[2]);
            var weight = ReadTensor(sizes, weights);
            return new Step(words[0], [int.Parse(words[1], CultureInfo.InvariantCulture)], Numbers(3), weight, ReadTensor([sizes[0]], weights));
        }

        var inputs = words[0] == "add" ? 2 : 1;
        return new Step(words[0], [.. words[1..(1 + inputs)].Select(word => int.Parse(word, CultureInfo.InvariantCulture))], Numbers(1 + inputs), null, null);
    }

    private static Tensor ReadTensor(long[] sizes, Stream stream)
    {
        var tensor = empty(sizes, ScalarType.Float32);
        stream.ReadExactly(tensor.bytes);
        return tensor;
    }

    private void FindLastUses()
    {
        var seen = new HashSet<int> { _output };
        for (var i = _steps.Count - 1; i >= 0; i--)
        {
            var step = _steps[i];
            step.Last = [.. step.Inputs.Distinct().Where(seen.Add)];
            step.IsInPlace = step.Inputs[0] != 0 && step.Last.Contains(step.Inputs[0]) && step.Inputs.Distinct().Count() == step.Inputs.Length;
        }
    }

    private void Lay(Layout layout)
    {
        ReleaseWeights();
        _weights.AddRange(_steps.Select(step => step.Weight?.In(layout)));
        _input?.Dispose();
        _input = _given!.In(layout);
    }

    private void ReleaseWeights()
    {
        _weights.ForEach(weight => weight?.Dispose());
        _weights.Clear();
    }

    // Value 0 is the input, and each step gives the next one. A value that nobody reads any more is freed at once, so that its memory serves the next ones.
    private Tensor Call()
    {
        _values[0] = _input!;
        for (var i = 0; i < _steps.Count; i++)
        {
            var step = _steps[i];
            var result = step.Run(_values, _weights[i]);
            _values[i + 1] = result;
            foreach (var last in step.Last)
            {
                if (last != 0 && !ReferenceEquals(_values[last], result))
                {
                    _values[last]!.Dispose();
                }

                _values[last] = null;
            }
        }

        return _values[_output]!;
    }
}
