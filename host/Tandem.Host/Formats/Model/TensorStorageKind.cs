namespace Tandem.Host.Formats.Model;

/// <summary>Where a tensor's memory comes from (the table of storage kinds in the .pte format).</summary>
public enum TensorStorageKind
{
    /// <summary>The caller's memory at run time: an input or output that is not planned.</summary>
    Unplanned,

    /// <summary>Planned memory without initial contents.</summary>
    Planned,

    /// <summary>Planned memory, initialised from the mutable data segment when the method is loaded.</summary>
    PlannedInitialised,

    /// <summary>Planned memory, initialised from named external data.</summary>
    PlannedExternal,

    /// <summary>A read-only constant of the program.</summary>
    Constant,

    /// <summary>A read-only constant from named external data.</summary>
    ExternalConstant,
}
