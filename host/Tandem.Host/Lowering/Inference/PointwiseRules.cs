using System.Collections.Immutable;
using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>Operators that work on each element by itself.</summary>
internal static class PointwiseRules
{
    public static void Register(Action<ShapeInference.Rule, string> add)
    {
        add(call => Unary(call, static type => type),
            "relu relu6 neg sign sgn ceil floor round trunc fix square positive hardtanh nan_to_num bitwise_not threshold " +
            "leaky_relu hardshrink softshrink fill zero clip real conj resolve_conj resolve_neg");
        add(call => Unary(call, static type => type == ScalarType.ComplexFloat ? ScalarType.Float : type == ScalarType.ComplexDouble ? ScalarType.Double : type), "abs");
        add(FloatActivation, "elu selu celu silu gelu mish hardswish hardsigmoid softplus log_sigmoid dropout native_dropout alpha_dropout feature_dropout rrelu");
        add(call => Unary(call, TypePromotion.ToFloat),
            "exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh asin acos atan asinh acosh atanh sqrt rsqrt reciprocal sigmoid erf erfc erfinv " +
            "lgamma digamma special_erf special_exp2 logit deg2rad rad2deg sinc i0");
        add(call => Unary(call, static _ => ScalarType.Bool), "logical_not isnan isinf isfinite isposinf isneginf signbit");
        add(call => Binary(call, static type => type), "add sub mul remainder fmod maximum minimum fmax fmin rsub bitwise_and bitwise_or bitwise_xor __and__ __or__ __xor__ " +
            "__lshift__ __rshift__ bitwise_left_shift bitwise_right_shift floor_divide copysign hypot gcd lcm nextafter heaviside max.other min.other subtract multiply");
        add(call => Binary(call, call.Text("rounding_mode") is null ? TypePromotion.ToFloat : static type => type), "div divide true_divide");
        add(call => Binary(call, TypePromotion.ToFloat), "atan2 arctan2 xlogy logaddexp logaddexp2");
        add(call => Binary(call, static _ => ScalarType.Bool), "eq ne lt le gt ge logical_and logical_or logical_xor greater less isclose");
        add(Power, "pow");
        add(Clamp, "clamp clamp_min clamp_max");
        add(PRelu, "prelu _prelu_kernel");
        add(Lerp, "lerp");
        add(AddCombined, "addcmul addcdiv");
        add(Where, "where.self where.Scalar where.ScalarOther where.ScalarSelf");
        add(MaskedFill, "masked_fill");
        add(Glu, "glu");
        add(CopyInto, "copy");
        add(ToType, "to _to_copy dim_order_ops::_to_dim_order_copy type_as");
        add(Clone, "clone contiguous dim_order_ops::_clone_dim_order");
        add(call => [call.Tensor("self")], "alias detach lift_fresh lift lift_fresh_copy");
    }

    private static ImmutableArray<InferredValue> Unary(OperatorArguments call, Func<ScalarType, ScalarType> type)
    {
        var self = call.Tensor(call.Has("self") ? "self" : "input");
        return [Layouts.Elementwise(type(self.ScalarType), self.Sizes, self)];
    }

    private static ImmutableArray<InferredValue> FloatActivation(OperatorArguments call)
    {
        var self = call.FloatTensor(call.Has("self") ? "self" : "input");
        var result = Layouts.Elementwise(self.ScalarType, self.Sizes, self);
        return call.Schema.Returns.Length == 2 ? [result, result with { ScalarType = ScalarType.Bool }] : [result];
    }

    private static ImmutableArray<InferredValue> Binary(OperatorArguments call, Func<ScalarType, ScalarType> type)
    {
        var (left, right) = call.Has("self") ? ("self", "other") : ("input", "other");
        var promotion = new Promotion();
        promotion.Add(call, left);
        promotion.Add(call, right);
        var (a, b) = (call.OptionalTensor(left), call.OptionalTensor(right));
        var sizes = ShapeRules.Broadcast(call, a, b);
        var result = promotion.Result;
        if (call.Operator is "aten::sub" or "aten::rsub" && result == ScalarType.Bool)
        {
            throw call.Refuse("truth values cannot be subtracted", "numbers", "bool", ErrorCode.OperatorTypeNotSupported);
        }

        return [Layouts.Elementwise(type(result), sizes, a, b)];
    }

    private static ImmutableArray<InferredValue> Power(OperatorArguments call)
    {
        var promotion = new Promotion();
        promotion.Add(call, "self");
        promotion.Add(call, "exponent");
        var (a, b) = (call.OptionalTensor("self"), call.OptionalTensor("exponent"));
        return [Layouts.Elementwise(promotion.Result, ShapeRules.Broadcast(call, a, b), a, b)];
    }

    private static ImmutableArray<InferredValue> Clamp(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var promotion = new Promotion();
        promotion.Add(self);
        TensorSpec? least = null, greatest = null;
        if (call.Has("min"))
        {
            promotion.Add(call, "min");
            least = call.OptionalTensor("min");
        }

        if (call.Has("max"))
        {
            promotion.Add(call, "max");
            greatest = call.OptionalTensor("max");
        }

        return [Layouts.Elementwise(promotion.Result, ShapeRules.Broadcast(call, self, least, greatest), self, least, greatest)];
    }

    private static ImmutableArray<InferredValue> PRelu(OperatorArguments call)
    {
        var self = call.FloatTensor("self");
        var weight = call.Tensor("weight");
        ShapeRules.CheckType(call, "weight", weight, self.ScalarType);
        if (call.Operator == "aten::prelu")
        {
            var channels = self.Rank >= 2 ? self.Sizes[1] : 1;
            if (weight.Rank > 1 || (weight.Rank == 1 && !ShapeRules.IsOne(weight.Sizes[0]) && !weight.Sizes[0].IsSameAs(channels)))
            {
                throw call.Refuse("'weight' has the wrong shape", $"[1] or [{channels}]", weight.ToString());
            }
        }

        return [Layouts.Elementwise(self.ScalarType, self.Sizes, self)];
    }

    private static ImmutableArray<InferredValue> Lerp(OperatorArguments call)
    {
        var (self, end, weight) = (call.Tensor("self"), call.Tensor("end"), call.OptionalTensor("weight"));
        ShapeRules.CheckType(call, "end", end, self.ScalarType);
        return [Layouts.Elementwise(self.ScalarType, ShapeRules.Broadcast(call, self, end, weight), self, end, weight)];
    }

    private static ImmutableArray<InferredValue> AddCombined(OperatorArguments call)
    {
        var (self, first, second) = (call.Tensor("self"), call.Tensor("tensor1"), call.Tensor("tensor2"));
        var promotion = new Promotion();
        promotion.Add(self);
        promotion.Add(first);
        promotion.Add(second);
        return [Layouts.Elementwise(promotion.Result, ShapeRules.Broadcast(call, self, first, second), self, first, second)];
    }

    private static ImmutableArray<InferredValue> Where(OperatorArguments call)
    {
        var condition = call.Tensor("condition");
        if (condition.ScalarType is not (ScalarType.Bool or ScalarType.Byte))
        {
            throw call.Refuse("'condition' must be a tensor of truth values", "bool", condition.ScalarType.TorchName(), ErrorCode.OperatorTypeNotSupported);
        }

        var promotion = new Promotion();
        promotion.Add(call, "self");
        promotion.Add(call, "other");
        var (a, b) = (call.OptionalTensor("self"), call.OptionalTensor("other"));
        return [Layouts.Elementwise(promotion.Result, ShapeRules.Broadcast(call, condition, a, b), condition, a, b)];
    }

    private static ImmutableArray<InferredValue> MaskedFill(OperatorArguments call)
    {
        var (self, mask) = (call.Tensor("self"), call.Tensor("mask"));
        ShapeRules.CheckType(call, "mask", mask, ScalarType.Bool);
        return [Layouts.Elementwise(self.ScalarType, ShapeRules.Broadcast(call, self, mask), self, mask)];
    }

    private static ImmutableArray<InferredValue> Glu(OperatorArguments call)
    {
        var self = call.FloatTensor("self");
        var dim = call.Dim("dim", self.Rank);
        var size = self.Sizes[dim];
        if (size.IsConstant && size.Value % 2 != 0)
        {
            throw call.Refuse("the halved dimension is odd", "an even size", size.ToString());
        }

        var sizes = self.Sizes.SetItem(dim, size / 2);
        return [Layouts.Contiguous(self.ScalarType, sizes)];
    }

    private static ImmutableArray<InferredValue> CopyInto(OperatorArguments call)
    {
        var (self, source) = (call.Tensor("self"), call.Tensor("src"));
        return ShapeRules.SameSizes(ShapeRules.Broadcast(call, self, source), self.Sizes) ? [Layouts.Elementwise(self.ScalarType, self.Sizes, self)]
            : throw call.Refuse("'src' does not broadcast to 'self'", self.ToString(), source.ToString());
    }

    private static ImmutableArray<InferredValue> ToType(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var type = (call.Has("dtype") ? call.DataType("dtype") : null) ?? (call.Has("other") ? call.Tensor("other").ScalarType : self.ScalarType);
        var isView = call.Operator == "aten::to" && type == self.ScalarType && !call.Bool("copy") && Order(call, self) is null;
        return [isView ? self : Copy(call, self, type)];
    }

    private static ImmutableArray<InferredValue> Clone(OperatorArguments call)
    {
        var self = call.Tensor("self");
        if (call.Operator == "aten::contiguous")
        {
            var order = Order(call, self) ?? Layouts.Contiguous(self.ScalarType, self.Sizes).DimOrder;
            return [self.Strides.IsDefault && self.DimOrder.AsSpan().SequenceEqual(order.AsSpan()) ? self : Layouts.Dense(self.ScalarType, self.Sizes, order)];
        }

        return [Copy(call, self, self.ScalarType)];
    }

    private static ImmutableArray<byte>? Order(OperatorArguments call, TensorSpec self) => call.Has("dim_order")
        ? call.OptionalInts("dim_order") is { } dims ? [.. dims.Select(dim => (byte)dim)] : null
        : call.Has("memory_format") ? Layouts.OfFormat(call.Option("memory_format"), self.Rank) : null;

    // A copy keeps the order of dense tensors; expanded ones and slices become dense in the order of their strides.
    private static TensorSpec Copy(OperatorArguments call, TensorSpec self, ScalarType type) => Order(call, self) is { } order
        ? Layouts.Dense(type, self.Sizes, order)
        : self.Strides.IsDefault ? Layouts.Dense(type, self.Sizes, self.DimOrder) : Layouts.Elementwise(type, self.Sizes, self);
}
