namespace Tandem.Host.Export;

/// <summary>What a value of a graph is to an archive, which keeps them apart.</summary>
internal enum ValueKind
{
    /// <summary>A tensor.</summary>
    Tensor,

    /// <summary>A symbolic integer.</summary>
    Integer,

    /// <summary>A symbolic truth value.</summary>
    Boolean,

    /// <summary>A symbolic float.</summary>
    Float,

    /// <summary>Nothing: a result that is absent or a constant.</summary>
    None,
}
