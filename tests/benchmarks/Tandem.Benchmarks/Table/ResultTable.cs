using System.Text;
using Tandem.Benchmarks.Peers;

namespace Tandem.Benchmarks.Table;

/// <summary>Prints rows as Markdown, group by group, as they come.</summary>
internal sealed class ResultTable : IDisposable
{
    private readonly StreamWriter? _file;
    private string? _group;

    public ResultTable(string? path) => _file = path is null ? null : new StreamWriter(path);

    /// <summary>Columns beside Tandem's.</summary>
    public List<string> Peers { get; } = [OnnxContender.Column, ExecuTorchContender.Column];

    /// <summary>Rows that missed what they were to reach.</summary>
    public int Missed { get; private set; }

    /// <summary>Rows that were to reach something.</summary>
    public int WithGoal { get; private set; }

    public void Print(ResultRow row)
    {
        if (_group != row.Group)
        {
            _group = row.Group;
            Line("");
            Line($"### {row.Group}");
            Line("");
            Line($"| row | threads | Tandem | {string.Join(" | ", Peers)} | {string.Join(" | ", Peers.Select(peer => $"x {peer}"))} | of limit | goal |");
            Line($"|---|---|---|{string.Concat(Enumerable.Repeat("---|", (2 * Peers.Count) + 2))}");
        }

        var line = new StringBuilder($"| {row.Name} | {row.Threads} | {row.Times.GetValueOrDefault(TandemContender.Column, "")} |");
        foreach (var cells in new[] { row.Times, row.Ratios })
        {
            foreach (var peer in Peers)
            {
                line.Append($" {cells.GetValueOrDefault(peer, "")} |");
            }
        }

        Line(line.Append($" {row.Limit} | {row.Goal} |").ToString());
        WithGoal += row.Goal.Length > 0 ? 1 : 0;
        Missed += row.IsReached ? 0 : 1;
    }

    public void Line(string text)
    {
        Console.WriteLine(text);
        _file?.WriteLine(text);
        _file?.Flush();
    }

    public void Dispose() => _file?.Dispose();
}
