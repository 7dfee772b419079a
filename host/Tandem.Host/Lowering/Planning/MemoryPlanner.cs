using System.Collections.Immutable;
using Tandem.Host.Lowering.Emission;

namespace Tandem.Host.Lowering.Planning;

/// <summary>Gives every planned tensor of a program its place.</summary>
internal static class MemoryPlanner
{
    /// <summary>Alignment of every tensor in planned memory.</summary>
    internal const long Alignment = 16;

    private const int ActivationMemory = 1;
    private const int BufferMemory = 2;

    /// <summary>Plans all methods.</summary>
    /// <param name="methods">Their code; its storages are placed.</param>
    /// <param name="options">Whether methods share buffers.</param>
    /// <returns>Sizes of each method's planned memory by memory id; id 0 is unused.</returns>
    internal static ImmutableArray<ImmutableArray<long>> Plan(ImmutableArray<MethodCode> methods, EmissionOptions options)
    {
        var places = new Dictionary<(string, Sdk.TensorLayout), long>();
        long bufferBytes = 0;
        var own = new long[methods.Length];
        for (var i = 0; i < methods.Length; i++)
        {
            foreach (var value in methods[i].Values.Where(value => value.IsBuffer))
            {
                if (!options.ShareMutableBuffers)
                {
                    continue;
                }

                if (!places.TryGetValue((value.Storage!.Name!, value.Layout!), out var place))
                {
                    place = bufferBytes;
                    places.Add((value.Storage!.Name!, value.Layout!), place);
                    bufferBytes = checked(bufferBytes + AlignUp(value.Layout!.ByteCount));
                }

                value.Storage!.Place(BufferMemory, place);
            }

            foreach (var storage in methods[i].Values.Where(value => value.Storage is { IsPlanned: true, MemoryId: 0 }).Select(value => value.Storage!.Root).Distinct())
            {
                storage.Place(ActivationMemory, own[i]);
                own[i] = checked(own[i] + AlignUp(storage.ByteCount));
            }
        }

        return [.. methods.Select((method, i) => method.Values.Any(value => value.IsBuffer) && options.ShareMutableBuffers
            ? ImmutableArray.Create(0, own[i], bufferBytes) : own[i] > 0 || method.Values.Any(value => value.Storage is { IsPlanned: true }) ? [0, own[i]] : [0])];
    }

    internal static long AlignUp(long byteCount) => checked(byteCount + Alignment - 1) & -Alignment;
}
