namespace Tandem.Host.Lowering.Planning;

/// <summary>Memory that is wanted for a range of instructions.</summary>
/// <param name="ByteCount">Bytes, rounded up to the alignment.</param>
/// <param name="First">First instruction of the range.</param>
/// <param name="Last">Last instruction of the range, included.</param>
internal readonly record struct ArenaItem(long ByteCount, int First, int Last)
{
    /// <summary>Whether two items are wanted at one time.</summary>
    internal bool Meets(in ArenaItem other) => First <= other.Last && other.First <= Last;
}
