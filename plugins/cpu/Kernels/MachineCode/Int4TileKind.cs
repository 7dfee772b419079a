namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>What an <see cref="Int4VnniTile"/> writes.</summary>
internal enum Int4TileKind
{
    /// <summary>Sums of products, to scratch.</summary>
    IntegerSums,

    /// <summary>Sums with the scales of groups applied, to scratch.</summary>
    ScaledSums,

    /// <summary>Results of whole panels, in their place.</summary>
    Results,
}
