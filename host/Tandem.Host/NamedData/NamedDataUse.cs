namespace Tandem.Host.NamedData;

/// <summary>How often a program asked for the data of one key, and what that cost.</summary>
/// <param name="Key">The key.</param>
/// <param name="File">The file that holds the data.</param>
/// <param name="Length">Bytes of the data.</param>
/// <param name="Requests">How often a backend or the executor asked for it.</param>
/// <param name="PhysicalLoads">Requests that brought the data into memory; the others were served from what was there, also from another program's.</param>
public readonly record struct NamedDataUse(string Key, string File, long Length, long Requests, long PhysicalLoads);
