using System.Globalization;
using Tandem.TorchPeer;
using static TorchSharp.torch;

// libtorch as a contender: Tandem.TorchPeer THREADS; one request a line on stdin, one answer a line on stdout, as executorch_server.py has them.
//
// load ID NET                      -> ok; a net as TorchNet describes it
// input ID METHOD f32 SIZES FILE   -> ok; the input: raw elements, SIZES 1x3x224x224
// output ID METHOD FILE            -> ok; calls once and writes the output, raw
// time ID METHOD CALLS             -> seconds of a call, the mean
// unload ID                        -> ok
var requests = Console.In;

// Libraries write to the console too: answers have a writer of their own.
using var answers = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
Console.SetOut(Console.Error);
var nets = new Dictionary<string, Net>();
if (args is not [var text] || !int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var threads) || threads < 1)
{
    Console.Error.WriteLine("Tandem.TorchPeer THREADS: answers the benchmark table's requests on stdin");
    return 2;
}

try
{
    set_num_threads(threads);
    answers.WriteLine(FormattableString.Invariant($"ready {get_num_threads()}"));
}
catch (Exception error)
{
    // The package is for one system only, and a library can be missing there.
    answers.WriteLine($"error {Problem(error)}");
    return 1;
}

using var inference = inference_mode();
while (requests.ReadLine() is { } request)
{
    string answer;
    try
    {
        answer = Answer(request.Split(' '));
    }
    catch (Exception error)
    {
        // The benchmark's process decides what an error means.
        answer = $"error {Problem(error)}";
    }

    answers.WriteLine(answer);
}

return 0;

string Answer(string[] request)
{
    switch (request)
    {
        case ["load", var id, var path]:
            nets[id] = Net.Read(path);
            return "ok";
        case ["input", var id, _, "f32", var sizes, var path]:
            nets[id].SetInput(Net.Sizes(sizes), path);
            return "ok";
        case ["output", var id, _, var path]:
            nets[id].WriteOutput(path);
            return "ok";
        case ["time", var id, _, var calls]:
            return nets[id].Time(int.Parse(calls, CultureInfo.InvariantCulture)).ToString("R", CultureInfo.InvariantCulture);
        case ["unload", var id]:
            nets.Remove(id, out var net);
            net?.Dispose();
            return "ok";
        default:
            throw new ArgumentException($"no request '{string.Join(' ', request)}'");
    }
}

static string Problem(Exception error)
{
    var inner = error.GetBaseException();
    return $"{inner.GetType().Name}: {inner.Message.Split('\n')[0].Trim()}";
}
