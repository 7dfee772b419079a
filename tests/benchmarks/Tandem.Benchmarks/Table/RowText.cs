using System.Globalization;
using Tandem.Benchmarks.Limits;
using Tandem.Benchmarks.Peers;

namespace Tandem.Benchmarks.Table;

/// <summary>Turns measurements into printed rows.</summary>
internal static class RowText
{
    /// <summary>Minimum and median of a time in the unit that suits it.</summary>
    public static string Times(double minimum, double median) => minimum switch
    {
        >= 2e-3 => Text($"{minimum * 1e3:0.00} / {median * 1e3:0.00} ms"),
        >= 2e-6 => Text($"{minimum * 1e6:0.0} / {median * 1e6:0.0} us"),
        _ => Text($"{minimum * 1e9:0} / {median * 1e9:0} ns"),
    };

    /// <summary>Best and median of a rate.</summary>
    public static string Rates(double minimum, double median, double each) => Text($"{each / minimum:0} / {each / median:0} tok/s");

    /// <summary>The row of a measurement; a ratio over 1 is in Tandem's favour.</summary>
    /// <param name="group">The group.</param>
    /// <param name="name">The row.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="measurement">The samples.</param>
    /// <param name="times">Text of a minimum and a median.</param>
    /// <param name="limitSeconds">What the machine's limit allows, for one call; 0: none.</param>
    /// <param name="goals">What is to be reached.</param>
    public static ResultRow Row(string group, string name, int threads, Measurement measurement, Func<double, double, string> times, double limitSeconds, IReadOnlyList<Goal> goals)
    {
        const string own = TandemContender.Column;
        var columns = measurement.Columns.ToDictionary(column => column, column => times(measurement.Minimum(column), measurement.Median(column)));
        var ratios = measurement.Columns.Where(column => column != own).ToDictionary(column => column, column => Text($"{measurement.Ratio(own, column):0.00}"));
        var limit = limitSeconds / measurement.Minimum(own);
        var (texts, reached) = (new List<string>(), true);
        foreach (var goal in goals)
        {
            string what;
            double found;
            if (goal.Peers.Length == 0)
            {
                (what, found) = (Text($"{goal.LimitShare:0 %} of limit"), limit / goal.LimitShare);
            }
            else
            {
                var present = goal.Peers.Where(measurement.Has).ToArray();
                if (present.Length == 0)
                {
                    continue;
                }

                (what, found) = (Text($"{goal.Factor:0.##} x {string.Join(", ", present)}"), measurement.Ratio(own, present) / goal.Factor);
            }

            texts.Add($"{what}: {(found >= 1 ? "yes" : "NO")}");
            reached &= found >= 1;
        }

        return new ResultRow(group, name, threads, columns, ratios, limitSeconds > 0 ? Text($"{limit:0 %}") : "", string.Join("; ", texts), reached);
    }

    /// <summary>The unit of a limit.</summary>
    public static string Unit(LimitKind kind) => kind switch
    {
        LimitKind.FloatMultiplyAdd => "GFLOP/s of float multiply-adds",
        LimitKind.Int8MultiplyAdd => "Gop/s of int8 multiply-adds",
        _ => "GB/s read from memory",
    };

    public static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
