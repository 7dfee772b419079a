using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Pooling;

/// <summary>The first greatest of some pixels; NaN wins.</summary>
internal struct Greatest(TensorView input)
{
    internal double Value { get; private set; } = double.NegativeInfinity;

    /// <summary>Row times width plus column; -1 without a pixel.</summary>
    internal long Place { get; private set; } = -1;

    internal void Take((int Batch, int Channel) plane, int y, int x)
    {
        var value = Pixels.Read(input, plane, y, x);
        if (Place < 0 || value > Value || double.IsNaN(value))
        {
            (Value, Place) = (value, ((long)y * input.Sizes[^1]) + x);
        }
    }
}
