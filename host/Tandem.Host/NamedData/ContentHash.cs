using System.IO.Hashing;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;

namespace Tandem.Host.NamedData;

/// <summary>
/// A hash of 128 bits at the speed of memory, also in a process that has only just started: the loop over the bytes is compiled once and optimised at once,
/// whereas a library's is interpreted step by step until it has run often enough.
/// </summary>
/// <remarks>
/// Sixteen sums over 128 bytes at a time: of each word's halves, multiplied after a key was laid over them that changes with every step, and of its
/// neighbour, so that no word is lost to a factor of zero. XXH128 makes one value of the sums. Keys are drawn for each process: nobody who writes a file can
/// prepare bytes with the hash of another's.
/// </remarks>
internal static unsafe class ContentHash
{
    private const int Lanes = 16;
    private const int StepBytes = Lanes * sizeof(ulong);

    // Sums are mixed after so many steps.
    private const int StepsPerBlock = 8;

    // Far enough for memory: hardware looks ahead within a page only.
    private const int PrefetchBytes = 1024;
    private const ulong Prime = 0x9E3779B1;

    // Sums to begin with, keys, and what keys grow by.
    private static readonly ulong[] Secret = CreateSecret();

    /// <summary>Hashes bytes.</summary>
    /// <param name="data">First byte.</param>
    /// <param name="length">Number of bytes.</param>
    public static UInt128 Compute(byte* data, long length) => Compute(data, length, Avx2.IsSupported);

    /// <summary>The same value, with 256-bit registers or without.</summary>
    internal static UInt128 Compute(byte* data, long length, bool isWide)
    {
        var state = stackalloc ulong[3 * Lanes];
        Secret.CopyTo(new Span<ulong>(state, 3 * Lanes));
        var steps = length / StepBytes;
        Add(data, steps, state, isWide);
        var rest = (int)(length - (steps * StepBytes));
        if (rest > 0)
        {
            var last = stackalloc byte[StepBytes];
            new Span<byte>(last, StepBytes).Clear();
            Buffer.MemoryCopy(data + (steps * StepBytes), last, StepBytes, rest);
            Add(last, 1, state, isWide);
        }

        // The length tells zeros from what the last step was filled up with.
        state[Lanes] = (ulong)length;
        return XxHash128.HashToUInt128(new ReadOnlySpan<byte>(state, (Lanes + 1) * sizeof(ulong)), (long)Secret[0]);
    }

    private static void Add(byte* data, long steps, ulong* state, bool isWide)
    {
        while (steps > 0)
        {
            var block = (int)Math.Min(steps, StepsPerBlock);
            if (isWide)
            {
                Add256(data, block, state);
            }
            else
            {
                Add128(data, block, state);
            }

            data += block * StepBytes;
            steps -= block;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add256(byte* data, int steps, ulong* state)
    {
        for (var lane = 0; lane < Lanes; lane += 4)
        {
            var sum = Vector256.Load(state + lane);
            var key = Vector256.Load(state + Lanes + lane);
            var growth = Vector256.Load(state + (2 * Lanes) + lane);
            var source = data + (lane * sizeof(ulong));
            for (var step = 0; step < steps; step++)
            {
                Sse.Prefetch0(source + PrefetchBytes);
                var word = Vector256.Load((ulong*)source);
                var keyed = word ^ key;
                var product = Avx2.Multiply(keyed.AsUInt32(), Vector256.ShiftRightLogical(keyed, 32).AsUInt32());
                sum += product + Avx2.Shuffle(word.AsUInt32(), 0b01_00_11_10).AsUInt64();
                key += growth;
                source += StepBytes;
            }

            (sum ^ Vector256.ShiftRightLogical(sum, 47) ^ key).Store(state + lane);
            key.Store(state + Lanes + lane);
            Mix(state + lane, 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add128(byte* data, int steps, ulong* state)
    {
        for (var lane = 0; lane < Lanes; lane += 2)
        {
            var sum = Vector128.Load(state + lane);
            var key = Vector128.Load(state + Lanes + lane);
            var growth = Vector128.Load(state + (2 * Lanes) + lane);
            var source = data + (lane * sizeof(ulong));
            for (var step = 0; step < steps; step++)
            {
                var word = Vector128.Load((ulong*)source);
                sum += MultiplyHalves(word ^ key) + Vector128.Shuffle(word, Vector128.Create(1UL, 0));
                key += growth;
                source += StepBytes;
            }

            (sum ^ Vector128.ShiftRightLogical(sum, 47) ^ key).Store(state + lane);
            key.Store(state + Lanes + lane);
            Mix(state + lane, 2);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Mix(ulong* sums, int count)
    {
        for (var i = 0; i < count; i++)
        {
            sums[i] *= Prime;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ulong> MultiplyHalves(Vector128<ulong> words)
    {
        if (Sse2.IsSupported)
        {
            return Sse2.Multiply(words.AsUInt32(), Vector128.ShiftRightLogical(words, 32).AsUInt32());
        }

        return AdvSimd.IsSupported
            ? AdvSimd.MultiplyWideningLower(AdvSimd.ExtractNarrowingLower(words), AdvSimd.ShiftRightLogicalNarrowingLower(words, 32))
            : (words & Vector128.Create(0xFFFFFFFFUL)) * Vector128.ShiftRightLogical(words, 32);
    }

    private static ulong[] CreateSecret()
    {
        var secret = MemoryMarshal.Cast<byte, ulong>(RandomNumberGenerator.GetBytes(3 * StepBytes)).ToArray();
        for (var i = 2 * Lanes; i < secret.Length; i++)
        {
            // Odd: no key comes again.
            secret[i] |= 1;
        }

        return secret;
    }
}
