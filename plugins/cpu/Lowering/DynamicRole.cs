namespace Tandem.Plugins.Cpu.Lowering;

/// <summary>The values between the numbers of a tensor and the same numbers quantised row by row and back.</summary>
internal enum DynamicRole
{
    Scale,
    ZeroPoint,
    Codes,
}
