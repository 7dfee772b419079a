using System.Collections.Immutable;
using Tandem.Host.Lowering.Emission;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Planning;

/// <summary>Gives every planned tensor of a program its place.</summary>
internal static class MemoryPlanner
{
    /// <summary>Alignment of every tensor in planned memory.</summary>
    internal const long Alignment = 16;

    private const int ActivationMemory = 1;
    private const int BufferMemory = 2;

    /// <summary>Plans all methods.</summary>
    /// <param name="methods">The forms that each method can take, the preferred one first; their storages are placed.</param>
    /// <param name="options">Whether methods share buffers.</param>
    /// <returns>For each method the form with the smallest memory, and the sizes of its planned memory by memory id; id 0 is unused.</returns>
    internal static ImmutableArray<(MethodCode Code, ImmutableArray<long> Sizes)> Plan(ImmutableArray<ImmutableArray<MethodCode>> methods, EmissionOptions options)
    {
        var bufferBytes = options.ShareMutableBuffers ? PlaceBuffers(methods) : 0;
        return [.. methods.Select(forms => forms.Select(code =>
        {
            options.CancellationToken.ThrowIfCancellationRequested();
            var own = PlaceActivations(code);
            return (code, code.Values.Any(value => value.Storage is { MemoryId: BufferMemory }) ? ImmutableArray.Create(0, own, bufferBytes)
                : code.Values.Any(value => value.Storage is { MemoryId: ActivationMemory }) ? [0, own] : [0]);
        }).MinBy(form => form.Item2.Sum()))];
    }

    internal static long AlignUp(long byteCount) => checked(byteCount + Alignment - 1) & -Alignment;

    // A buffer has one place in all methods that have it under one name and layout.
    private static long PlaceBuffers(ImmutableArray<ImmutableArray<MethodCode>> methods)
    {
        var places = new Dictionary<(string, TensorLayout), long>();
        long end = 0;
        foreach (var value in methods.SelectMany(forms => forms).SelectMany(code => code.Values).Where(value => value.IsBuffer))
        {
            var key = (value.Storage!.Name!, value.Layout!);
            if (!places.TryGetValue(key, out var place))
            {
                place = end;
                places.Add(key, place);
                end = checked(end + AlignUp(value.Layout!.ByteCount));
            }

            value.Storage!.Place(BufferMemory, place);
        }

        return end;
    }

    private static long PlaceActivations(MethodCode method)
    {
        var liveness = new Liveness(method);
        List<TensorStorage> storages = [.. method.Values.Where(value => value.Storage is { IsPlanned: true, MemoryId: 0 }).Select(value => value.Storage!.Root).Distinct()];
        var plan = new ArenaPlanner([.. storages.Select(storage => Item(storage, isInputKept: false))]);

        // Where it costs nothing, an input keeps its memory to itself: a runtime can then read the caller's.
        if (storages.Any(storage => storage.Kind == StorageKind.Input) && new ArenaPlanner([.. storages.Select(storage => Item(storage, isInputKept: true))]) is var kept
            && kept.ByteCount <= plan.ByteCount)
        {
            plan = kept;
        }

        for (var i = 0; i < storages.Count; i++)
        {
            storages[i].Place(ActivationMemory, plan.Offsets[i]);
        }

        return plan.ByteCount;

        ArenaItem Item(TensorStorage storage, bool isInputKept)
        {
            var (first, last) = liveness.Of(storage);
            var isState = storage.Kind == StorageKind.Buffer;
            return new ArenaItem(AlignUp(storage.ByteCount), isState ? -1 : first, isState || (isInputKept && storage.Kind == StorageKind.Input) ? liveness.End : last);
        }
    }
}
