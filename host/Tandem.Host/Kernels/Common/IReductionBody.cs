namespace Tandem.Host.Kernels.Common;

/// <summary>What a reduction does with the elements that fall on one output element.</summary>
internal interface IReductionBody
{
    /// <summary>Handles one output element.</summary>
    /// <param name="plan">Gives the reduced elements.</param>
    /// <param name="input">Offset of the first of them, in elements.</param>
    /// <param name="output">Offset of the output element.</param>
    void Reduce(ref ReductionPlan plan, long input, long output);
}
