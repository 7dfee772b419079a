namespace Tandem.Host.Lowering;

/// <summary>The stages of a lowering, in their order.</summary>
public enum LoweringStage
{
    /// <summary>The archive is read and checked.</summary>
    Import,

    /// <summary>Passes rewrite a method.</summary>
    Passes,

    /// <summary>A backend's partitioner decides about the nodes of a method.</summary>
    Partition,

    /// <summary>A backend turns all its partitions of all methods into payloads.</summary>
    Preprocess,

    /// <summary>Memory is planned, and the program is laid out.</summary>
    Emit,

    /// <summary>The files are written.</summary>
    Write,
}
