using System.Collections.Immutable;
using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Emission;

/// <summary>Values and instructions of a method while it is emitted.</summary>
internal sealed class MethodCode(string name)
{
    private readonly Dictionary<object, int> _literals = [];

    internal string Name => name;

    internal List<EmittedValue> Values { get; } = [];

    internal List<EmittedInstruction> Instructions { get; } = [];

    internal List<int> Inputs { get; } = [];

    internal List<int> Outputs { get; } = [];

    /// <summary>Tensors whose bytes go into a buffer or input when the method is done: value index of the new value, and of the target.</summary>
    internal List<(int Source, int Target)> WriteBacks { get; } = [];

    internal List<DelegateImage> Delegates { get; } = [];

    /// <summary>Loops, inner ones before those around them.</summary>
    internal List<EmittedLoop> Loops { get; } = [];

    /// <summary>Node that instructions come from now.</summary>
    internal InstructionOrigin Origin { get; set; } = new("", -1);

    internal int Add(EmittedValue value)
    {
        Values.Add(value);
        return Values.Count - 1;
    }

    /// <summary>A value that no instruction writes; equal ones are one.</summary>
    internal int Literal(ValueModel value)
    {
        object key = value is ValueModel.Double { Value: var number } ? (typeof(double), BitConverter.DoubleToInt64Bits(number)) : value;
        if (!_literals.TryGetValue(key, out var index))
        {
            index = Add(new EmittedValue(value));
            _literals.Add(key, index);
        }

        return index;
    }

    internal int Int(long value) => Literal(new ValueModel.Int(value));

    /// <summary>A list of integers, each held by another value.</summary>
    internal int IntList(ImmutableArray<int> valueIndices)
    {
        var key = $"ints {string.Join(',', valueIndices)}";
        if (!_literals.TryGetValue(key, out var index))
        {
            index = Add(new EmittedValue(new ValueModel.IntList(valueIndices)));
            _literals.Add(key, index);
        }

        return index;
    }

    /// <summary>A tensor in memory of its own.</summary>
    internal int Tensor(TensorSpec spec, StorageKind kind = StorageKind.Intermediate)
    {
        var layout = spec.ToUpperBound();
        return Add(new EmittedValue(null, layout, new TensorStorage(kind, layout.ByteCount), !spec.IsStatic));
    }

    /// <summary>Another tensor over the storage of a value.</summary>
    internal int Alias(int value, TensorSpec spec) =>
        Add(new EmittedValue(null, spec.ToUpperBound(), Values[value].Storage!, !spec.IsStatic));

    internal void Call(string operatorName, ImmutableArray<int> arguments, int result = -1, ImmutableArray<int> inPlace = default) =>
        Instructions.Add(new EmittedInstruction(new InstructionModel.KernelCall(0, arguments), operatorName, Origin)
        {
            Result = result,
            InPlaceOperands = inPlace.IsDefault ? [] : inPlace,
        });

    internal void Delegate(DelegateImage image, ImmutableArray<int> arguments)
    {
        Delegates.Add(image);
        Instructions.Add(new EmittedInstruction(new InstructionModel.DelegateCall(Delegates.Count - 1, arguments), null, Origin));
    }

    internal void Move(int from, int to)
    {
        if (from != to)
        {
            Instructions.Add(new EmittedInstruction(new InstructionModel.Move(from, to), null, Origin));
        }
    }

    /// <summary>A jump whose destination is set later, unless it is known.</summary>
    internal int JumpFalse(int condition, int destination = -1)
    {
        Instructions.Add(new EmittedInstruction(new InstructionModel.JumpFalse(condition, destination), null, Origin));
        return Instructions.Count - 1;
    }

    /// <summary>Lets a jump go to the next instruction that will be added.</summary>
    internal void Land(int jump)
    {
        var item = Instructions[jump];
        Instructions[jump] = item with { Model = (InstructionModel.JumpFalse)item.Model with { Destination = Instructions.Count } };
    }

    /// <summary>Tensors that an instruction reads or writes, lists taken apart.</summary>
    internal IEnumerable<int> TensorsOf(EmittedInstruction instruction) => (instruction.Model switch
    {
        InstructionModel.KernelCall call => call.Arguments,
        InstructionModel.DelegateCall call => call.Arguments,
        InstructionModel.Move move => [move.From, move.To],
        InstructionModel.JumpFalse jump => [jump.Condition],
        _ => ImmutableArray<int>.Empty,
    }).SelectMany(TensorsIn);

    private IEnumerable<int> TensorsIn(int value) => Values[value] switch
    {
        { Storage: not null } => [value],
        { Value: ValueModel.TensorList list } => list.ValueIndices,
        { Value: ValueModel.OptionalTensorList list } => list.ValueIndices.Where(item => item >= 0),
        _ => [],
    };
}
