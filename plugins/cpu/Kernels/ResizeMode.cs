namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>Where output pixels lie among input pixels.</summary>
internal enum ResizeMode
{
    /// <summary>Centres of pixels at halves; the image is scaled as a whole.</summary>
    HalfPixelCenters,

    /// <summary>The corner pixels' centres coincide.</summary>
    AlignCorners,

    /// <summary>The upper left pixels' corners coincide (TensorFlow's legacy mode).</summary>
    Legacy,
}
