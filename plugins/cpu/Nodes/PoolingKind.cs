namespace Tandem.Plugins.Cpu.Nodes;

/// <summary>What a pooling node keeps of a window.</summary>
internal enum PoolingKind
{
    Average,
    Maximum,

    /// <summary>The greatest element and its position.</summary>
    ArgMax,
}
