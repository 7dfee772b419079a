using System.Runtime.InteropServices;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>How a row of activations was quantised: value = (code - ZeroPoint) * InverseScale.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct RowQuantization
{
    /// <summary>Codes for a unit of the value; 0 if all codes are 0.</summary>
    public float Scale;

    /// <summary>NaN if the row has no scale: every product of it is NaN.</summary>
    public float InverseScale;

    public int ZeroPoint;

    /// <summary>Sum of the row's codes.</summary>
    public int Sum;
}
