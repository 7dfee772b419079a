using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Fuzz;

/// <summary>Changes what a verified program says, so that it still passes for verified: other dtypes, sizes, orders, numbers and arguments in the same memory.</summary>
internal sealed class ModelMutator(int seed)
{
    private static readonly long[] Numbers = [-3, -2, -1, 0, 1, 2, 3, 5, 16, 255, short.MaxValue, int.MaxValue, 1L << 31, 1L << 32, 1L << 62, long.MaxValue, long.MinValue, int.MinValue];
    private static readonly double[] Reals = [0, -0.0, 1, -1, 0.5, 1e30, -1e300, double.NaN, double.PositiveInfinity, double.NegativeInfinity];
    private static readonly ScalarType[] Types = Enum.GetValues<ScalarType>();

    private readonly Random _random = new(seed);

    /// <summary>A changed copy.</summary>
    public ProgramModel Mutate(ProgramModel model)
    {
        var index = _random.Next(model.Plans.Length);
        var plan = model.Plans[index];
        for (var changes = _random.Next(1, 4); changes > 0; changes--)
        {
            plan = _random.Next(4) == 0 ? ChangeArguments(plan) : ChangeValue(plan);
        }

        return model with { Plans = model.Plans.SetItem(index, plan) };
    }

    private ExecutionPlanModel ChangeValue(ExecutionPlanModel plan)
    {
        if (plan.Values.Length == 0)
        {
            return plan;
        }

        var index = _random.Next(plan.Values.Length);
        ValueModel changed = plan.Values[index] switch
        {
            ValueModel.Int => new ValueModel.Int(Numbers[_random.Next(Numbers.Length)]),
            ValueModel.Double => new ValueModel.Double(Reals[_random.Next(Reals.Length)]),
            ValueModel.Bool value => new ValueModel.Bool(!value.Value),
            ValueModel.BoolList list => new ValueModel.BoolList(list.Items.Length > 0 ? list.Items.RemoveAt(0) : [true]),
            ValueModel.DoubleList list => new ValueModel.DoubleList(list.Items.Length > 0 ? list.Items.RemoveAt(0) : [1e9]),
            ValueModel.IntList list => new ValueModel.IntList(list.ValueIndices.Length == 0 ? [] : _random.Next(2) == 0 ? list.ValueIndices.RemoveAt(0) : list.ValueIndices.Add(list.ValueIndices[0])),
            ValueModel.TensorList list => new ValueModel.TensorList(list.ValueIndices.Length == 0 ? [] : _random.Next(2) == 0 ? list.ValueIndices.RemoveAt(0) : list.ValueIndices.Add(list.ValueIndices[0])),
            ValueModel.OptionalTensorList list => new ValueModel.OptionalTensorList(list.ValueIndices.Length == 0 ? [] : _random.Next(2) == 0 ? list.ValueIndices.RemoveAt(0) : list.ValueIndices.Add(list.ValueIndices[0])),
            ValueModel.Tensor tensor => tensor with
            {
                Layout = ChangeLayout(tensor.Layout),
                Dynamism = _random.Next(4) == 0 ? ShapeDynamism.DynamicBound : tensor.Dynamism,
            },
            var other => other,
        };
        return plan with { Values = plan.Values.SetItem(index, changed) };
    }

    // At most as many bytes as before: the memory of the plan and of the constants still holds them.
    private TensorLayout ChangeLayout(TensorLayout layout)
    {
        for (var attempt = 0; attempt < 8; attempt++)
        {
            var type = _random.Next(2) == 0 ? Types[_random.Next(Types.Length)] : layout.ScalarType;
            int[] sizes = [.. layout.Sizes];
            switch (_random.Next(5))
            {
                case 0 when sizes.Length > 0:
                    sizes[_random.Next(sizes.Length)] = _random.Next(5);
                    break;
                case 1 when sizes.Length > 0:
                    sizes = sizes[1..];
                    break;
                case 2 when sizes.Length < TensorLayout.MaxRank:
                    sizes = [.. sizes, 1];
                    break;
                case 3:
                    _random.Shuffle(sizes);
                    break;
            }

            var order = Enumerable.Range(0, sizes.Length).Select(i => (byte)i).ToArray();
            if (_random.Next(3) == 0)
            {
                _random.Shuffle(order);
            }

            var changed = new TensorLayout(type, sizes, order);
            if (changed.ByteCount <= layout.ByteCount)
            {
                return changed;
            }
        }

        return layout;
    }

    private ExecutionPlanModel ChangeArguments(ExecutionPlanModel plan)
    {
        if (plan.Chains.Length == 0 || plan.Chains[0].Length == 0)
        {
            return plan;
        }

        var at = _random.Next(plan.Chains[0].Length);
        var value = _random.Next(plan.Values.Length);
        InstructionModel changed = plan.Chains[0][at] switch
        {
            InstructionModel.KernelCall call when call.Arguments.Length > 0 => _random.Next(6) switch
            {
                0 => call with { OperatorIndex = _random.Next(plan.Operators.Length) },
                1 => call with { Arguments = call.Arguments.RemoveAt(_random.Next(call.Arguments.Length)) },
                2 => call with { Arguments = call.Arguments.Add(value) },
                _ => call with { Arguments = call.Arguments.SetItem(_random.Next(call.Arguments.Length), value) },
            },
            InstructionModel.DelegateCall call when call.Arguments.Length > 0 => call with { Arguments = call.Arguments.SetItem(_random.Next(call.Arguments.Length), value) },
            InstructionModel.Move => new InstructionModel.Move(value, _random.Next(plan.Values.Length)),
            _ when _random.Next(2) == 0 => new InstructionModel.Free(value),
            _ => new InstructionModel.Move(value, _random.Next(plan.Values.Length)),
        };
        return plan with { Chains = plan.Chains.SetItem(0, plan.Chains[0].SetItem(at, changed)) };
    }
}
