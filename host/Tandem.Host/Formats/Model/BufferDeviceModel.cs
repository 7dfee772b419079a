namespace Tandem.Host.Formats.Model;

/// <summary>Where a planned buffer lives.</summary>
/// <param name="BufferIndex">Index into the planned buffer sizes.</param>
/// <param name="DeviceType">0 CPU, 1 CUDA.</param>
/// <param name="DeviceIndex">Which of the devices.</param>
public readonly record struct BufferDeviceModel(int BufferIndex, int DeviceType, int DeviceIndex);
