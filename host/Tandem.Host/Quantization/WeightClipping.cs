namespace Tandem.Host.Quantization;

/// <summary>How the scale of a group of weights is found.</summary>
public enum WeightClipping
{
    /// <summary>From the greatest magnitude of the group, as torchao does: nothing is searched.</summary>
    None,

    /// <summary>The scale of least squared error, which may clip the greatest values; never worse than <see cref="None"/>.</summary>
    Search,
}
