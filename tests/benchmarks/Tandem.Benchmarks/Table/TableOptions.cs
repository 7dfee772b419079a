using System.Globalization;
using Tandem.Benchmarks.Peers;

namespace Tandem.Benchmarks.Table;

/// <summary>The command line of the table.</summary>
internal sealed class TableOptions
{
    private TableOptions()
    {
    }

    /// <summary>Parts of names of groups or rows that are run; all if there is none.</summary>
    public List<string> Rows { get; } = [];

    /// <summary>Rounds of each row.</summary>
    public int Rounds { get; private set; } = 15;

    /// <summary>Numbers of threads.</summary>
    public int[] Threads { get; private set; } = [1, 2];

    /// <summary>How long a contender runs in each round.</summary>
    public double SampleMilliseconds { get; private set; } = 15;

    /// <summary>Where the table is written as Markdown; null: nowhere.</summary>
    public string? Output { get; private set; }

    /// <summary>The program that runs a Python file with ExecuTorch; null: no such column.</summary>
    public string? ExecuTorch { get; private set; }

    /// <summary>Where the vectors are; null: rows over them are left out.</summary>
    public string? Vectors { get; private set; }

    /// <summary>Columns that are left out.</summary>
    public List<string> Without { get; } = [];

    /// <summary>Whether libtorch takes part, which has to be built for it.</summary>
    public bool WithLibtorch { get; private set; }

    /// <summary>The folder of the solution; null: not found.</summary>
    public string? Checkout { get; } = FindCheckout();

    /// <exception cref="ArgumentException">The command line is wrong.</exception>
    public static TableOptions Parse(string[] args)
    {
        var options = new TableOptions();
        for (var i = 0; i < args.Length; i++)
        {
            string Value() => ++i < args.Length ? args[i] : throw new ArgumentException($"{args[i - 1]} needs a value");
            switch (args[i])
            {
                case "--rows":
                    options.Rows.AddRange(Value().Split(','));
                    break;
                case "--rounds":
                    options.Rounds = int.Parse(Value(), CultureInfo.InvariantCulture);
                    break;
                case "--threads":
                    options.Threads = [.. Value().Split(',').Select(text => int.Parse(text, CultureInfo.InvariantCulture))];
                    break;
                case "--quick":
                    (options.Rounds, options.SampleMilliseconds) = (5, 5);
                    break;
                case "--output":
                    options.Output = Value();
                    break;
                case "--executorch":
                    options.ExecuTorch = Value();
                    break;
                case "--vectors":
                    options.Vectors = Value();
                    break;
                case "--without":
                    options.Without.AddRange(Value().Split(','));
                    break;
                case "--with":
                    var column = Value();
                    options.WithLibtorch = column.Equals(LibtorchContender.Column, StringComparison.OrdinalIgnoreCase) ? true
                        : throw new ArgumentException($"no column '{column}' to add; there is '{LibtorchContender.Column}'");
                    break;
                default:
                    throw new ArgumentException($"no option '{args[i]}'");
            }
        }

        options.ExecuTorch ??= options.Beside("peers/executorch", File.Exists);
        options.Vectors ??= options.Beside("vectors", Directory.Exists);
        return options;
    }

    /// <summary>Whether a row is asked for.</summary>
    public bool Wants(string group, string row) =>
        Rows.Count == 0 || Rows.Exists(part => $"{group}: {row}".Contains(part, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether a column is asked for.</summary>
    public bool WantsColumn(string column) => !Without.Exists(part => column.Contains(part, StringComparison.OrdinalIgnoreCase));

    // The folder of developers' vectors and peers stands beside the checkout.
    private string? Beside(string path, Func<string, bool> exists)
    {
        var full = Checkout is null ? null : Path.GetFullPath(Path.Combine(Checkout, "..", "shared", path));
        return full is not null && exists(full) ? full : null;
    }

    private static string? FindCheckout()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Plugins.sln")))
            {
                return folder.FullName;
            }
        }

        return null;
    }
}
