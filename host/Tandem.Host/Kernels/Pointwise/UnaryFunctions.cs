using System.Numerics.Tensors;

namespace Tandem.Host.Kernels.Pointwise;

internal readonly struct Acos : IUnaryFunction
{
    public static double Apply(double value) => Math.Acos(value);
}

internal readonly struct Acosh : IUnaryFunction
{
    public static double Apply(double value) => Math.Acosh(value);
}

internal readonly struct Asin : IUnaryFunction
{
    public static double Apply(double value) => Math.Asin(value);
}

internal readonly struct Asinh : IUnaryFunction
{
    public static double Apply(double value) => Math.Asinh(value);
}

internal readonly struct Atan : IUnaryFunction
{
    public static double Apply(double value) => Math.Atan(value);
}

internal readonly struct Atanh : IUnaryFunction
{
    public static double Apply(double value) => Math.Atanh(value);
}

internal readonly struct Cos : IUnaryFunction
{
    public static double Apply(double value) => Math.Cos(value);
}

internal readonly struct Cosh : IUnaryFunction
{
    public static double Apply(double value) => Math.Cosh(value);
}

internal readonly struct Erf : IUnaryFunction
{
    public static double Apply(double value) => SpecialFunctions.Erf(value);
}

internal readonly struct Exp : IUnaryFunction
{
    public static double Apply(double value) => Math.Exp(value);

    public static bool TryVector(ReadOnlySpan<float> source, Span<float> target)
    {
        TensorPrimitives.Exp(source, target);
        return true;
    }
}

internal readonly struct Expm1 : IUnaryFunction
{
    public static double Apply(double value) => SpecialFunctions.Expm1(value);
}

internal readonly struct Log : IUnaryFunction
{
    public static double Apply(double value) => Math.Log(value);
}

internal readonly struct Log10 : IUnaryFunction
{
    public static double Apply(double value) => Math.Log10(value);
}

internal readonly struct Log1p : IUnaryFunction
{
    public static double Apply(double value) => SpecialFunctions.Log1p(value);
}

internal readonly struct Log2 : IUnaryFunction
{
    public static double Apply(double value) => Math.Log2(value);
}

internal readonly struct Reciprocal : IUnaryFunction
{
    public static double Apply(double value) => 1 / value;
}

internal readonly struct Rsqrt : IUnaryFunction
{
    public static double Apply(double value) => 1 / Math.Sqrt(value);
}

internal readonly struct Sigmoid : IUnaryFunction
{
    public static double Apply(double value) => 1 / (1 + Math.Exp(-value));

    public static bool TryVector(ReadOnlySpan<float> source, Span<float> target)
    {
        // Sigmoid of the library throws for no elements.
        if (!source.IsEmpty)
        {
            TensorPrimitives.Sigmoid(source, target);
        }

        return true;
    }
}

internal readonly struct Sin : IUnaryFunction
{
    public static double Apply(double value) => Math.Sin(value);
}

internal readonly struct Sinh : IUnaryFunction
{
    public static double Apply(double value) => Math.Sinh(value);
}

internal readonly struct Sqrt : IUnaryFunction
{
    public static double Apply(double value) => Math.Sqrt(value);

    public static bool TryVector(ReadOnlySpan<float> source, Span<float> target)
    {
        TensorPrimitives.Sqrt(source, target);
        return true;
    }
}

internal readonly struct Tan : IUnaryFunction
{
    public static double Apply(double value) => Math.Tan(value);
}

internal readonly struct Tanh : IUnaryFunction
{
    public static double Apply(double value) => Math.Tanh(value);
}

internal readonly struct Abs : IUnaryFunction
{
    public static double Apply(double value) => Math.Abs(value);

    // The least integer has no positive counterpart and stays, as in two's complement.
    public static long Apply(long value) => value < 0 ? unchecked(-value) : value;
}

internal readonly struct Neg : IUnaryFunction
{
    public static double Apply(double value) => -value;

    public static long Apply(long value) => unchecked(-value);
}

internal readonly struct Sign : IUnaryFunction
{
    public static double Apply(double value) => value > 0 ? 1 : value < 0 ? -1 : 0;

    public static long Apply(long value) => Math.Sign(value);
}

internal readonly struct Relu : IUnaryFunction
{
    public static double Apply(double value) => value > 0 || double.IsNaN(value) ? value : 0;

    public static long Apply(long value) => Math.Max(value, 0);
}

internal readonly struct Ceil : IUnaryFunction
{
    public static double Apply(double value) => Math.Ceiling(value);

    public static long Apply(long value) => value;
}

internal readonly struct Floor : IUnaryFunction
{
    public static double Apply(double value) => Math.Floor(value);

    public static long Apply(long value) => value;
}

internal readonly struct Round : IUnaryFunction
{
    public static double Apply(double value) => Math.Round(value, MidpointRounding.ToEven);

    public static long Apply(long value) => value;
}

internal readonly struct Trunc : IUnaryFunction
{
    public static double Apply(double value) => Math.Truncate(value);

    public static long Apply(long value) => value;
}

internal readonly struct Identity : IUnaryFunction
{
    public static double Apply(double value) => value;

    public static long Apply(long value) => value;
}

internal readonly struct IsInf : IUnaryFunction
{
    public static double Apply(double value) => double.IsInfinity(value) ? 1 : 0;

    public static long Apply(long value) => 0;
}

internal readonly struct IsNaN : IUnaryFunction
{
    public static double Apply(double value) => double.IsNaN(value) ? 1 : 0;

    public static long Apply(long value) => 0;
}

internal readonly struct LogicalNot : IUnaryFunction
{
    public static double Apply(double value) => value == 0 ? 1 : 0;

    public static long Apply(long value) => value == 0 ? 1 : 0;
}

internal readonly struct Complement : IUnaryFunction
{
    public static double Apply(double value) => throw new NotSupportedException();

    public static long Apply(long value) => ~value;
}
