using Tandem.Host.Selection;
using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>Options of <see cref="ProgramLowering"/>; bound from the configuration section "Tandem:Lowering".</summary>
public sealed class LoweringOptions
{
    /// <summary>
    /// Which backends are asked, and in which order: <see cref="BackendSelectionOptions.Order"/> names plugins ("tandem.cpu", "cpu", "tandem.cpu 0.1.0")
    /// or backend ids, generally and for single methods. A backend that no order names takes no part; without any order, everything is left to the
    /// host's operators. Options are those of the ahead-of-time half.
    /// </summary>
    public BackendSelectionOptions Backends { get; set; } = new();

    /// <summary>Whether equal data is stored once over all methods and partitions. Off, each partition and each method has its own copy.</summary>
    public bool ShareData { get; set; } = true;

    /// <summary>Path of a data file (.ptd) that gets all weights; null to keep them in the program. A relative path begins at the program's folder.</summary>
    public string? ExternalData { get; set; }

    /// <summary>
    /// Data file of single weights that stay with the host: qualified name -> name of the file without ".ptd", or null to leave it where
    /// <see cref="ExternalData"/> says. The file lies beside the program.
    /// </summary>
    public Func<string, string?>? ExternalDataOf { get; set; }

    /// <summary>Whether to leave out the record of who took which node and why.</summary>
    public bool Strip { get; set; }

    /// <summary>Methods without inputs that return numbers, truth values and texts (long, double, bool, string), by name, as language models carry them.</summary>
    public Dictionary<string, object> ConstantMethods { get; } = new(StringComparer.Ordinal);

    /// <summary>Name of a pass after which <see cref="Dump"/> is called with each method, or "all"; null for none.</summary>
    public string? DumpAfter { get; set; }

    /// <summary>Receives the name of a pass, the method after it, and its text.</summary>
    public Action<string, ExportedMethod, string>? Dump { get; set; }

    /// <summary>How long a backend may work without a sign of life before the lowering is given up.</summary>
    public TimeSpan BackendLimit { get; set; } = TimeSpan.FromMinutes(10);
}
