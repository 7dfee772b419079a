using Tandem.Host.Kernels.Common;
using Tandem.Host.Kernels.Shape;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Prim;

/// <summary>ExecuTorch's primitive operators: arithmetic on plain numbers, sizes, views without a copy.</summary>
internal static unsafe class PrimKernels
{
    internal static void Register(KernelRegistry registry)
    {
        registry.Add("aten::sym_size.int", SymSize)
            .Add("aten::sym_numel", (_, arguments) => Result(arguments) = EValue.FromInt(arguments.Tensor(0).ElementCount))
            .Add("aten::_local_scalar_dense", LocalScalar)
            .Add("executorch_prim::et_view.default", View)
            .Add("executorch_prim::et_copy_index.tensor", CopyIndex);
        Arithmetic(registry, "add", (left, right) => left + right, (left, right) => left + right);
        Arithmetic(registry, "sub", (left, right) => left - right, (left, right) => left - right);
        Arithmetic(registry, "mul", (left, right) => left * right, (left, right) => left * right);
        Arithmetic(registry, "floordiv", Pointwise.FloorDivide.Apply, Pointwise.FloorDivide.Apply);
        Arithmetic(registry, "mod", Pointwise.Remainder.Apply, Pointwise.Remainder.Apply);
        Arithmetic(registry, "sym_max", Math.Max, Math.Max);
        Arithmetic(registry, "sym_min", Math.Min, Math.Min);
        registry.Add("executorch_prim::floordiv.int", (_, arguments) => Result(arguments) = EValue.FromInt(Pointwise.FloorDivide.Apply(arguments.Int(0), arguments.Int(1))))
            .Add("executorch_prim::mod.int", (_, arguments) => Result(arguments) = EValue.FromInt(Pointwise.Remainder.Apply(arguments.Int(0), arguments.Int(1))))
            .Add("executorch_prim::truediv.Scalar", (_, arguments) => Result(arguments) = EValue.FromDouble(arguments.Double(0) / arguments.Double(1)))
            .Add("executorch_prim::neg.Scalar", Negate)
            .Add("executorch_prim::sym_float.Scalar", (_, arguments) => Result(arguments) = EValue.FromDouble(arguments.Double(0)))
            .Add("executorch_prim::sym_int.Scalar", (_, arguments) => Result(arguments) = EValue.FromInt(ToInt(arguments[0])))
            .Add("executorch_prim::trunc.Scalar", (_, arguments) => Result(arguments) = EValue.FromInt(ToInt(arguments[0])))
            .Add("executorch_prim::ceil.Scalar", (_, arguments) => Result(arguments) = EValue.FromInt((long)Math.Ceiling(arguments.Double(0))))
            .Add("executorch_prim::round.Scalar", (_, arguments) => Result(arguments) = EValue.FromInt((long)Math.Round(arguments.Double(0), MidpointRounding.ToEven)))
            .Add("executorch_prim::sym_not.Scalar", (_, arguments) => Result(arguments) = EValue.FromBool(!arguments.Bool(0)))
            .Add("executorch_prim::sym_ite.Scalar", (_, arguments) => Result(arguments) = arguments.Bool(0) ? arguments[1] : arguments[2]);
        Compare(registry, "eq", (left, right) => left == right, (left, right) => left == right);
        Compare(registry, "gt", (left, right) => left > right, (left, right) => left > right);
        Compare(registry, "lt", (left, right) => left < right, (left, right) => left < right);
        Compare(registry, "ge", (left, right) => left >= right, (left, right) => left >= right);
        Compare(registry, "le", (left, right) => left <= right, (left, right) => left <= right);
    }

    private static ref EValue Result(Arguments arguments) => ref arguments[arguments.Count - 1];

    private static void Arithmetic(KernelRegistry registry, string name, Func<long, long, long> integers, Func<double, double, double> floats) =>
        registry.Add($"executorch_prim::{name}.Scalar", (_, arguments) => Result(arguments) = AreIntegers(arguments)
            ? EValue.FromInt(integers(arguments.Int(0), arguments.Int(1))) : EValue.FromDouble(floats(arguments.Double(0), arguments.Double(1))));

    private static void Compare(KernelRegistry registry, string name, Func<long, long, bool> integers, Func<double, double, bool> floats) =>
        registry.Add($"executorch_prim::{name}.Scalar", (_, arguments) => Result(arguments) = EValue.FromBool(AreIntegers(arguments)
            ? integers(arguments.Int(0), arguments.Int(1)) : floats(arguments.Double(0), arguments.Double(1))));

    private static bool AreIntegers(Arguments arguments) => arguments[0].Kind != EValueKind.Double && arguments[1].Kind != EValueKind.Double;

    private static long ToInt(EValue value) => value.Kind == EValueKind.Double ? Elements.ToLong(Math.Truncate(value.AsDouble())) : value.AsInt();

    private static void Negate(KernelContext context, Arguments arguments) => Result(arguments) = arguments[0].Kind == EValueKind.Double
        ? EValue.FromDouble(-arguments.Double(0)) : EValue.FromInt(-arguments.Int(0));

    private static void SymSize(KernelContext context, Arguments arguments)
    {
        var tensor = arguments.Tensor(0);
        var dim = Dims.Wrap(arguments.Int(1), tensor.Rank);
        Dims.Check(tensor.Rank > 0, "a tensor without dimensions has no sizes");
        Result(arguments) = EValue.FromInt(tensor.Sizes[dim]);
    }

    private static void LocalScalar(KernelContext context, Arguments arguments)
    {
        var tensor = arguments.Tensor(0);
        Dims.Check(tensor.ElementCount == 1, "only a tensor of one element becomes a number");
        Result(arguments) = tensor.ScalarType == ScalarType.Bool ? EValue.FromBool(*(byte*)tensor.Data != 0)
            : tensor.ScalarType.IsFloatingPoint() ? EValue.FromDouble(Elements.LoadDouble((byte*)tensor.Data, tensor.ScalarType))
            : EValue.FromInt(Elements.LoadLong((byte*)tensor.Data, tensor.ScalarType));
    }

    // The output becomes another shape over the input's memory.
    private static void View(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        var requested = arguments.IntList(1);
        Span<int> sizes = stackalloc int[Dims.Rank(requested)];
        ViewKernels.InferSizes(requested, input.ElementCount, sizes);
        Dims.Check(output.ScalarType == input.ScalarType, "a view keeps the dtype");
        output.Resize(sizes);
        output.Bind(input.Data);
    }

    // copy_to[index] = copy_from, growing copy_to to index + 1 rows.
    private static void CopyIndex(KernelContext context, Arguments arguments)
    {
        var (target, source) = (arguments.Tensor(0), arguments.Tensor(1));
        var index = arguments.Int(2);
        Dims.Check(target.Rank == source.Rank + 1 && index >= 0 && target.ScalarType == source.ScalarType && !target.IsReadOnly, "et_copy_index's tensors do not fit");
        Span<int> sizes = stackalloc int[target.Rank];
        sizes[0] = checked((int)index + 1);
        source.Sizes.CopyTo(sizes[1..]);
        if (target.Dynamism == ShapeDynamism.Static)
        {
            Dims.Check(sizes[0] <= target.Sizes[0] && sizes[1..].SequenceEqual(target.Sizes[1..]), "et_copy_index leaves its tensor");
        }
        else
        {
            target.Resize(sizes);
        }

        Buffer.MemoryCopy(source.Data, (byte*)target.Data + (index * source.ByteCount), source.ByteCount, source.ByteCount);
    }
}
