// Two sessions decode while a third thread loads and unloads programs: no wrong token, no growth of memory.
//   Tandem.Soak [--minutes 30] [--threads 2]
// Runs with the sample model of the repository, and with the programs of ../shared/vectors where that folder is beside it. Ends with 1 if anything is wrong.
using System.Globalization;
using Tandem.Soak;

var minutes = double.Parse(Option("--minutes") ?? "30", CultureInfo.InvariantCulture);
var threads = int.Parse(Option("--threads") ?? "2", CultureInfo.InvariantCulture);
var (languageModels, others) = SoakPrograms.Find();
using var soak = new SoakRun(new SoakOptions(TimeSpan.FromMinutes(minutes), threads, languageModels, others, Console.WriteLine));
var result = soak.Run();
Console.WriteLine($"{result.Tokens} tokens and {result.Loads} loads in {minutes} minutes, {result.Failures.Count} failures");
foreach (var failure in result.Failures)
{
    Console.Error.WriteLine(failure);
}

return result.Failures.Count == 0 ? 0 : 1;

string? Option(string name) => Array.IndexOf(args, name) is >= 0 and var index && index + 1 < args.Length ? args[index + 1] : null;
