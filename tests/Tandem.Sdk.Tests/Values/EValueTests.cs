using Tandem.Sdk;
using Xunit;

namespace Tandem.Sdk.Tests.Values;

public sealed class EValueTests
{
    private static readonly TensorView Tensor = new(new TensorLayout(ScalarType.Float, [2]));

    private static readonly EValue[] All =
    [
        EValue.None, EValue.FromInt(7), EValue.FromBool(true), EValue.FromDouble(0.5), EValue.FromTensor(Tensor), EValue.FromString("sum"),
        EValue.FromIntList(new EValueIntList([1, 1])), EValue.FromDoubleList([1.5]), EValue.FromBoolList([true, false]),
        EValue.FromTensorList(new EValueTensorList([4], false)), EValue.FromTensorList(new EValueTensorList([4, -1, 0], true)),
    ];

    [Fact]
    public void Every_kind_reads_as_itself_and_refuses_the_others()
    {
        Assert.Equal(Enum.GetValues<EValueKind>(), All.Select(value => value.Kind));
        Reads(value => value.AsInt(), EValueKind.Int, EValueKind.Bool);
        Reads(value => value.AsBool(), EValueKind.Bool, EValueKind.Int);
        Reads(value => value.AsDouble(), EValueKind.Double, EValueKind.Int, EValueKind.Bool);
        Reads(value => value.AsTensor(), EValueKind.Tensor);
        Reads(value => value.AsString(), EValueKind.String);
        Reads(value => value.AsIntList(), EValueKind.IntList);
        Reads(value => value.AsDoubleList().Length, EValueKind.DoubleList);
        Reads(value => value.AsBoolList().Length, EValueKind.BoolList);
        Reads(value => value.AsTensorList(), EValueKind.TensorList, EValueKind.OptionalTensorList);

        static void Reads<T>(Func<EValue, T> read, params EValueKind[] kinds)
        {
            foreach (var value in All)
            {
                if (kinds.Contains(value.Kind))
                {
                    _ = read(value);
                }
                else
                {
                    Expect.Error(ErrorCode.OperatorArgumentInvalid, () => read(value));
                }
            }
        }
    }

    [Fact]
    public void Numbers_convert_as_operators_expect()
    {
        Assert.Equal((1L, 7.0, true), (EValue.FromBool(true).AsInt(), EValue.FromInt(7).AsDouble(), EValue.FromInt(-3).AsBool()));
        Assert.Equal(-0.0, EValue.FromDouble(-0.0).AsDouble());
        Assert.True(double.IsNaN(EValue.FromDouble(double.NaN).AsDouble()));
        Assert.Equal(["none", "7", "true", "0.5", "float32 [2]", "\"sum\""], All.Take(6).Select(value => value.ToString()));
    }

    [Fact]
    public void Arguments_read_in_place_and_lists_follow_their_values()
    {
        var values = (EValue[])All.Clone();
        var arguments = new Arguments(values, [6, 1, 10, 0, 4, 7, 8, 5, 3, 2]);
        Assert.Equal(10, arguments.Count);
        Assert.Equal([7L, 7L], arguments.IntList(0).ToArray());
        arguments[1] = EValue.FromInt(9);
        Assert.Equal(9, values[1].AsInt());
        Assert.Equal([9L, 9L], arguments.IntList(0).ToArray());
        Assert.Equal([Tensor, null, null], arguments.TensorList(2).ToArray());
        Assert.Null(arguments.OptionalTensor(3));
        Assert.Null(arguments.OptionalInt(3));
        Assert.Null(arguments.OptionalDouble(3));
        Assert.Same(Tensor, arguments.OptionalTensor(4));
        Assert.Same(Tensor, arguments.Tensor(4));
        Assert.Equal(1.5, arguments.DoubleList(5)[0]);
        Assert.False(arguments.BoolList(6)[1]);
        Assert.Equal(("sum", 0.5, true), (arguments.String(7), arguments.Double(8), arguments.Bool(9)));
        Assert.Equal((9L, 0.5), (arguments.OptionalInt(1), arguments.OptionalDouble(8)));
    }

    [Fact]
    public void R7_reading_arguments_allocates_nothing()
    {
        var values = (EValue[])All.Clone();
        int[] indices = [6, 1, 10, 4];
        long Read()
        {
            var arguments = new Arguments(values, indices);
            return arguments.IntList(0)[1] + arguments.Int(1) + arguments.TensorList(2).Length + arguments.Tensor(3).ElementCount;
        }

        Read();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            Read();
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
