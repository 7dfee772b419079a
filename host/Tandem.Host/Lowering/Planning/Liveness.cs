using Tandem.Host.Lowering.Emission;

namespace Tandem.Host.Lowering.Planning;

/// <summary>For each storage of a method the first and the last instruction that touches it.</summary>
/// <remarks>
/// The chain is one line, and forward jumps only skip parts of it, so a range of instructions covers every path. A backward jump runs a range
/// again: what was there before the loop and is touched inside it lives until the loop's end, and what the loop fills turn by turn lives all along it.
/// </remarks>
internal sealed class Liveness
{
    private readonly MethodCode _code;
    private readonly Dictionary<TensorStorage, (int First, int Last)> _ranges = new(ReferenceEqualityComparer.Instance);

    internal Liveness(MethodCode code)
    {
        _code = code;
        foreach (var value in code.Inputs)
        {
            Touch(value, -1);
        }

        for (var i = 0; i < code.Instructions.Count; i++)
        {
            foreach (var value in code.TensorsOf(code.Instructions[i]))
            {
                Touch(value, i);
            }
        }

        foreach (var (first, last, kept) in code.Loops)
        {
            foreach (var value in kept)
            {
                Touch(value, first);
                Touch(value, last);
            }

            for (var i = first; i <= last; i++)
            {
                foreach (var value in code.TensorsOf(code.Instructions[i]))
                {
                    if (Of(code.Values[value].Storage!).First < first)
                    {
                        Touch(value, last);
                    }
                }
            }
        }

        foreach (var value in code.Outputs.Concat(code.WriteBacks.SelectMany(item => new[] { item.Source, item.Target })))
        {
            Touch(value, End);
        }
    }

    /// <summary>One past the last instruction: where outputs are read and buffers written.</summary>
    internal int End => _code.Instructions.Count;

    /// <summary>Range of a storage; an empty one for a storage that nothing touches.</summary>
    internal (int First, int Last) Of(TensorStorage storage) => _ranges.TryGetValue(storage.Root, out var range) ? range : (0, 0);

    /// <summary>Makes two storages one and joins their ranges.</summary>
    internal void Unite(TensorStorage left, TensorStorage right)
    {
        var (a, b) = (Of(left), Of(right));
        TensorStorage.Unite(left, right);
        _ranges[left.Root] = (Math.Min(a.First, b.First), Math.Max(a.Last, b.Last));
    }

    private void Touch(int value, int instruction)
    {
        if (_code.Values[value].Storage?.Root is { } root)
        {
            _ranges[root] = _ranges.TryGetValue(root, out var range) ? (Math.Min(range.First, instruction), Math.Max(range.Last, instruction)) : (instruction, instruction);
        }
    }
}
