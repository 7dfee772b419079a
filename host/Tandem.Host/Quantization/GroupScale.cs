using System.Numerics.Tensors;

namespace Tandem.Host.Quantization;

/// <summary>Chooses the scale of one group of weights, and measures what rounding leaves.</summary>
internal static class GroupScale
{
    /// <summary>
    /// Groups below this are zeros with the scale 1: what is so small carries nothing, and its scale would leave the normal numbers once a kernel divides it.
    /// </summary>
    internal const float Negligible = 1e-27f;

    /// <summary>Chooses.</summary>
    /// <param name="weights">The group; finite.</param>
    /// <param name="grid">The integers.</param>
    /// <param name="clipping">Whether to search.</param>
    /// <param name="scratch">As many floats as the group has.</param>
    /// <param name="statistics">Takes in what is left of this group.</param>
    /// <returns>The scale: positive and normal, also in bfloat16 where the grid asks for that.</returns>
    internal static float Choose(ReadOnlySpan<float> weights, WeightGrid grid, WeightClipping clipping, Span<float> scratch, ref WeightStatistics statistics)
    {
        var greatest = TensorPrimitives.MaxMagnitude(weights);
        greatest = Math.Abs(greatest);
        if (greatest < Negligible)
        {
            statistics.Add(weights, 1, 1, 1, grid);
            return 1;
        }

        // Powers of two change nothing but the range: squares of what is searched neither overflow nor vanish.
        var power = Math.ScaleB(1.0, Math.ILogB(greatest));
        var scaled = scratch[..weights.Length];
        TensorPrimitives.Multiply(weights, (float)(1 / power), scaled);
        greatest = (float)(greatest / power);
        var first = grid.Round(greatest / grid.Divisor);
        var scale = clipping == WeightClipping.Search ? ScaleSearch.Find(scaled, greatest, first, grid) : first;
        statistics.Add(scaled, first, scale, power, grid);
        return (float)(scale * power);
    }
}
