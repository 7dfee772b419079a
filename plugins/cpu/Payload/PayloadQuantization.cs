namespace Tandem.Plugins.Cpu.Payload;

/// <summary>How the numbers of a quantised value stand for real ones: real = (number - zero point) * scale. One of the nested records.</summary>
internal abstract record PayloadQuantization
{
    private PayloadQuantization()
    {
    }

    /// <summary>One scale and zero point for the whole tensor: qint8, quint8 and qint32.</summary>
    /// <param name="Scale">Positive and normal.</param>
    /// <param name="ZeroPoint">Within the element type; 0 for qint32.</param>
    internal sealed record PerTensor(float Scale, int ZeroPoint) : PayloadQuantization;

    /// <summary>A scale for each index of one dimension: qcint8, qcint32 and qcint4. The zero point is 0, and 8 for the codes of qcint4.</summary>
    /// <param name="Scales">The scales, if the payload has them inline; null or empty if they are a constant.</param>
    /// <param name="ChannelDimension">The dimension.</param>
    /// <param name="ScaleIndex">Index of the constant that holds the scales as fp32; 0 if they are inline.</param>
    /// <param name="ScaleCount">Number of scales in that constant, as the payload says it.</param>
    internal sealed record PerChannel(float[]? Scales, int ChannelDimension, uint ScaleIndex, uint ScaleCount) : PayloadQuantization;

    /// <summary>A scale for each group of consecutive elements of a row: qbint4, whose codes have the zero point 8.</summary>
    /// <param name="ChannelDimension">The dimension of rows.</param>
    /// <param name="GroupSize">Elements of a group.</param>
    /// <param name="ScaleIndex">Index of the constant that holds the scales as bf16, [row][group]; 0 if they are inline.</param>
    /// <param name="ScaleCount">Number of scales in that constant.</param>
    /// <param name="LegacyScales">The scales of an old export, inline and as fp32.</param>
    internal sealed record PerChannelGroup(int ChannelDimension, int GroupSize, uint ScaleIndex, uint ScaleCount, float[]? LegacyScales) : PayloadQuantization;

    /// <summary>Each row has a scale and a zero point that are computed while running: qdint8.</summary>
    /// <param name="NonBatchDimensions">How many of the last dimensions make up a row.</param>
    internal sealed record PerTokenDynamic(int NonBatchDimensions) : PayloadQuantization;
}
