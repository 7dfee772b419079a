using System.Runtime.InteropServices;
using Tandem.Host.Execution;
using Tandem.Host.Kernels;
using Tandem.Sdk;

namespace Tandem.Host.Tests.Kernels;

/// <summary>Runs one operator on tensors in native memory, as a method would: the value table is what the arguments are, in order.</summary>
internal sealed unsafe class KernelTestHost : IDisposable
{
    private static readonly KernelRegistry Registry = KernelRegistries.CreateDefault();

    private readonly List<nint> _blocks = [];
    private readonly ComputeThreadPool _pool = new(1);
    private readonly SessionScratch _scratch;

    internal KernelTestHost() => _scratch = new SessionScratch(_pool, 1);

    public void Dispose()
    {
        _scratch.Dispose();
        _pool.Dispose();
        _blocks.ForEach(block => NativeMemory.AlignedFree((void*)block));
    }

    internal TensorView Tensor<T>(ScalarType type, int[] sizes, params ReadOnlySpan<T> values)
        where T : unmanaged => Ordered<T>(type, sizes, default, values);

    /// <summary>A tensor whose values are given in memory order.</summary>
    internal TensorView Ordered<T>(ScalarType type, int[] sizes, ReadOnlySpan<byte> dimOrder, params ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var view = Output(type, sizes, dimOrder);
        if (sizeof(T) != view.ElementSize || values.Length != view.ElementCount)
        {
            throw new ArgumentException($"{values.Length} values for {view}");
        }

        values.CopyTo(new Span<T>(view.Data, values.Length));
        return view;
    }

    internal TensorView Floats(int[] sizes, params ReadOnlySpan<float> values) => Tensor(ScalarType.Float, sizes, values);

    internal TensorView Longs(int[] sizes, params ReadOnlySpan<long> values) => Tensor(ScalarType.Long, sizes, values);

    /// <summary>A tensor filled with bytes that no kernel leaves by chance.</summary>
    internal TensorView Output(ScalarType type, int[] sizes, ReadOnlySpan<byte> dimOrder = default)
    {
        var view = new TensorView(new TensorLayout(type, sizes, dimOrder), ShapeDynamism.DynamicBound);
        var block = NativeMemory.AlignedAlloc((nuint)Math.Max(view.ByteCount, 1), 64);
        new Span<byte>(block, (int)view.ByteCount).Fill(0xCD);
        _blocks.Add((nint)block);
        view.Bind(block);
        return view;
    }

    /// <summary>Runs an operator. An argument is a tensor, number, truth value, string, list of integers, array of tensors, or null.</summary>
    internal EValue Run(string name, params object?[] arguments)
    {
        var table = new List<EValue>();
        foreach (var argument in arguments)
        {
            table.Add(default);
        }

        for (var i = 0; i < arguments.Length; i++)
        {
            table[i] = arguments[i] switch
            {
                null => EValue.None,
                TensorView tensor => EValue.FromTensor(tensor),
                bool flag => EValue.FromBool(flag),
                int number => EValue.FromInt(number),
                long number => EValue.FromInt(number),
                double number => EValue.FromDouble(number),
                string text => EValue.FromString(text),
                ScalarType type => EValue.FromInt((long)type),
                double[] items => EValue.FromDoubleList(items),
                bool[] items => EValue.FromBoolList(items),
                int[] items => EValue.FromIntList(new EValueIntList(Append(table, items.Select(item => EValue.FromInt(item))))),
                TensorView?[] items => EValue.FromTensorList(new EValueTensorList(
                    Append(table, items.Select(item => item is null ? EValue.None : EValue.FromTensor(item))), isOptional: items.Contains(null))),
                var other => throw new ArgumentException(other.GetType().Name),
            };
        }

        var values = table.ToArray();
        if (!Registry.TryGet(name, out var kernel))
        {
            throw new ArgumentException($"no kernel {name}");
        }

        kernel(_scratch, new Arguments(values, Enumerable.Range(0, arguments.Length).ToArray()));
        return values[arguments.Length - 1];
    }

    internal static T[] Values<T>(TensorView tensor)
        where T : unmanaged => new ReadOnlySpan<T>(tensor.Data, checked((int)tensor.ElementCount)).ToArray();

    private static int[] Append(List<EValue> table, IEnumerable<EValue> items)
    {
        var first = table.Count;
        table.AddRange(items);
        return Enumerable.Range(first, table.Count - first).ToArray();
    }
}
