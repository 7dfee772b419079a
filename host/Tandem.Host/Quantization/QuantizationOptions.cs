using Tandem.Sdk;

namespace Tandem.Host.Quantization;

/// <summary>Options of <see cref="ProgramQuantizer"/>.</summary>
public sealed class QuantizationOptions
{
    /// <summary>The scheme of layers for which no rule names another.</summary>
    public QuantizationScheme Scheme { get; set; } = QuantizationScheme.Int8DynamicActivationInt4Weight;

    /// <summary>Inputs that share a scale, for int4 weights: 32, 64, 128, or 0 for a whole row.</summary>
    public int GroupSize { get; set; } = 32;

    /// <summary>How scales are found.</summary>
    public WeightClipping Clipping { get; set; } = WeightClipping.Search;

    /// <summary>What becomes of layers whose inputs are no multiple of the group size.</summary>
    public IndivisibleGroups IndivisibleGroups { get; set; } = IndivisibleGroups.LeaveFloat;

    /// <summary>
    /// Patterns of the names of layers that are quantised; empty for all. A layer's name is the qualified name of its weight without ".weight". "*" stands
    /// for any characters, dots included, and "?" for one. A pattern stands for the whole name or for its end after a dot: "wo" and "attention.w?" match
    /// "layers.0.attention.wo".
    /// </summary>
    public IList<string> Include { get; set; } = [];

    /// <summary>Patterns of the names of layers that stay float; stronger than <see cref="Include"/>.</summary>
    public IList<string> Exclude { get; set; } = [];

    /// <summary>Schemes for single layers: the first rule whose pattern matches counts.</summary>
    public IList<QuantizationRule> Rules { get; set; } = [];

    /// <summary>Most threads; 0 for one for each core. The result does not depend on it.</summary>
    public int Threads { get; set; }

    /// <summary>The least group, of which the inputs of every int4 weight are a multiple.</summary>
    internal const int SmallestGroup = 32;

    internal static bool IsGroup(int size) => size is 32 or 64 or 128;

    internal void Check()
    {
        CheckGroup(GroupSize, nameof(GroupSize));
        foreach (var rule in Rules)
        {
            CheckGroup(rule.GroupSize ?? GroupSize, $"the rule for '{rule.Pattern}'");
        }

        if (!Enum.IsDefined(Scheme) || !Enum.IsDefined(Clipping) || !Enum.IsDefined(IndivisibleGroups) || Threads < 0 || Rules.Any(rule => !Enum.IsDefined(rule.Scheme)))
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "an option of the quantisation is impossible",
                new ErrorDetails { Found = $"{Scheme}, {Clipping}, {IndivisibleGroups}, {Threads} threads" });
        }
    }

    private static void CheckGroup(int size, string where)
    {
        if (size != 0 && !IsGroup(size))
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "a group of weights has an impossible size",
                new ErrorDetails { Location = where, Expected = "32, 64, 128, or 0 for a whole row", Found = $"{size}" });
        }
    }
}
