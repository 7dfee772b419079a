// Compares Tandem's operators with libtorch's over drawn values and edge shapes: dotnet run --project tests/oracle/Tandem.LibtorchOracle -c Release -- --seed 1 --rounds 3
using System.Globalization;
using Tandem.LibtorchOracle;
using Tandem.LibtorchOracle.Cases;

int seed = 1, rounds = 1;
string? only = null;
for (var i = 0; i < args.Length; i++)
{
    var value = i + 1 < args.Length ? args[i + 1] : "";
    var isRead = args[i++] switch
    {
        "--seed" => int.TryParse(value, CultureInfo.InvariantCulture, out seed),
        "--rounds" => int.TryParse(value, CultureInfo.InvariantCulture, out rounds) && rounds > 0,
        "--only" => (only = value).Length > 0,
        _ => false,
    };
    if (!isRead)
    {
        Console.Error.WriteLine("usage: [--seed NUMBER] [--rounds NUMBER] [--only PART-OF-A-NAME]");
        return 2;
    }
}

TorchSharp.torch.set_num_threads(1);
using var oracle = new Oracle();
int agreed = 0, count = 0;
for (var round = 0; round < rounds; round++)
{
    var values = new ValueSource(unchecked(seed + round));
    IEnumerable<OracleCase> cases =
    [
        .. PointwiseCases.All(values), .. BinaryCases.All(values), .. LayerCases.All(values), .. PoolingCases.All(values),
        .. ReductionCases.All(values), .. ShapeCases.All(values), .. IndexingCases.All(values),
    ];
    foreach (var @case in cases.Where(@case => only is null || @case.Name.Contains(only, StringComparison.Ordinal)))
    {
        var problems = oracle.Check(@case);
        count++;
        agreed += problems.Count == 0 ? 1 : 0;
        Console.WriteLine($"{(problems.Count == 0 ? "agrees   " : "DISAGREES")} seed {seed + round} {@case.Name}{string.Concat(problems.Select(problem => $"; {problem}"))}");
    }
}

Console.WriteLine($"{agreed} of {count} agree");
return agreed == count && count > 0 ? 0 : 1;
