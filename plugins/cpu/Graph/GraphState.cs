using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Graph;

/// <summary>What one executor knows of a graph's values: their current shapes and addresses. Native memory, freed on dispose.</summary>
internal sealed unsafe class GraphState : IDisposable
{
    private readonly GraphValue[] _values;
    private Shape* _shapes;
    private byte** _pointers;

    public GraphState(CompiledGraph graph)
    {
        Graph = graph;
        _values = graph.Values;
        _shapes = (Shape*)NativeMemory.AllocZeroed((nuint)Math.Max(_values.Length, 1), (nuint)sizeof(Shape));
        _pointers = (byte**)NativeMemory.AllocZeroed((nuint)Math.Max(_values.Length, 1), (nuint)sizeof(byte*));
        foreach (var value in _values)
        {
            _shapes[value.Index] = value.Shape;
            _pointers[value.Index] = value.Data;
        }
    }

    public CompiledGraph Graph { get; }

    /// <summary>The host's threads; set at the start of each call.</summary>
    public ComputePool Pool { get; set; } = null!;

    /// <summary>Scratch memory that belongs to the step that runs.</summary>
    public byte* Scratch { get; set; }

    /// <summary>The current shape of a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public ref Shape Shape(int value) => ref _shapes[value];

    /// <summary>The current address of a value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public float* Floats(int value) => (float*)_pointers[value];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public byte* Pointer(int value) => _pointers[value];

    public void SetPointer(int value, byte* pointer) => _pointers[value] = pointer;

    /// <summary>Elements of a value.</summary>
    public nint Count(int value) => (nint)_shapes[value].ElementCount;

    /// <summary>Bytes of a value.</summary>
    public long Bytes(int value) => _values[value].ByteCount(_shapes[value]);

    public void Dispose()
    {
        NativeMemory.Free(_shapes);
        NativeMemory.Free(_pointers);
        _shapes = null;
        _pointers = null;
    }
}
