namespace Tandem.Host.Lowering.Emission;

/// <summary>What memory is for; a later kind wins where two storages become one.</summary>
internal enum StorageKind
{
    /// <summary>A value between operators.</summary>
    Intermediate,

    /// <summary>A value that the method returns.</summary>
    Output,

    /// <summary>A value that the caller gives.</summary>
    Input,

    /// <summary>A buffer that some method mutates: it lives from call to call.</summary>
    Buffer,

    /// <summary>A constant in the program.</summary>
    Constant,

    /// <summary>A constant in a data file.</summary>
    ExternalConstant,
}
