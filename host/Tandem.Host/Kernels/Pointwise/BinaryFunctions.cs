using System.Numerics.Tensors;
using Tandem.Host.Kernels.Common;

namespace Tandem.Host.Kernels.Pointwise;

internal readonly struct Add : IBinaryFunction
{
    public static double Apply(double left, double right) => left + right;

    public static long Apply(long left, long right) => left + right;

    public static bool TryVector(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> target)
    {
        TensorPrimitives.Add(left, right, target);
        return true;
    }

    public static bool TryVector(ReadOnlySpan<float> left, float right, Span<float> target)
    {
        TensorPrimitives.Add(left, right, target);
        return true;
    }
}

internal readonly struct Subtract : IBinaryFunction
{
    public static double Apply(double left, double right) => left - right;

    public static long Apply(long left, long right) => left - right;

    public static bool TryVector(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> target)
    {
        TensorPrimitives.Subtract(left, right, target);
        return true;
    }

    public static bool TryVector(ReadOnlySpan<float> left, float right, Span<float> target)
    {
        TensorPrimitives.Subtract(left, right, target);
        return true;
    }
}

internal readonly struct Multiply : IBinaryFunction
{
    public static double Apply(double left, double right) => left * right;

    public static long Apply(long left, long right) => left * right;

    public static bool TryVector(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> target)
    {
        TensorPrimitives.Multiply(left, right, target);
        return true;
    }

    public static bool TryVector(ReadOnlySpan<float> left, float right, Span<float> target)
    {
        TensorPrimitives.Multiply(left, right, target);
        return true;
    }
}

internal readonly struct Divide : IBinaryFunction
{
    public static double Apply(double left, double right) => left / right;

    public static bool TryVector(ReadOnlySpan<float> left, ReadOnlySpan<float> right, Span<float> target)
    {
        TensorPrimitives.Divide(left, right, target);
        return true;
    }

    public static bool TryVector(ReadOnlySpan<float> left, float right, Span<float> target)
    {
        TensorPrimitives.Divide(left, right, target);
        return true;
    }
}

/// <summary>Division rounded to minus infinity, by way of the remainder so that the quotient never rounds up.</summary>
internal readonly struct FloorDivide : IBinaryFunction
{
    public static double Apply(double left, double right)
    {
        if (right == 0)
        {
            return left / right;
        }

        var remainder = left % right;
        var quotient = (left - remainder) / right;
        if (remainder != 0 && (right < 0) != (remainder < 0))
        {
            quotient -= 1;
        }

        if (quotient == 0)
        {
            return Math.CopySign(0, left / right);
        }

        var floor = Math.Floor(quotient);
        return quotient - floor > 0.5 ? floor + 1 : floor;
    }

    public static long Apply(long left, long right)
    {
        Dims.Check(right != 0, "an integer is divided by zero");
        if (right == -1)
        {
            return unchecked(-left);
        }

        var quotient = left / right;
        return left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient;
    }
}

internal readonly struct TruncateDivide : IBinaryFunction
{
    public static double Apply(double left, double right) => Math.Truncate(left / right);

    public static long Apply(long left, long right)
    {
        Dims.Check(right != 0, "an integer is divided by zero");
        return right == -1 ? unchecked(-left) : left / right;
    }
}

/// <summary>C's fmod: the sign of the dividend.</summary>
internal readonly struct Fmod : IBinaryFunction
{
    public static double Apply(double left, double right) => left % right;

    public static long Apply(long left, long right)
    {
        Dims.Check(right != 0, "an integer is divided by zero");
        return right == -1 ? 0 : left % right;
    }
}

/// <summary>Python's remainder: the sign of the divisor.</summary>
internal readonly struct Remainder : IBinaryFunction
{
    public static double Apply(double left, double right)
    {
        var remainder = left % right;
        return remainder != 0 && (remainder < 0) != (right < 0) ? remainder + right : remainder;
    }

    public static long Apply(long left, long right)
    {
        Dims.Check(right != 0, "an integer is divided by zero");
        var remainder = right == -1 ? 0 : left % right;
        return remainder != 0 && (remainder < 0) != (right < 0) ? remainder + right : remainder;
    }
}

internal readonly struct Power : IBinaryFunction
{
    public static double Apply(double left, double right) => Math.Pow(left, right);

    public static long Apply(long left, long right)
    {
        if (right < 0)
        {
            return left == 1 ? 1 : left == -1 ? ((right & 1) == 0 ? 1 : -1) : 0;
        }

        long result = 1;
        for (; right > 0; right >>= 1, left *= left)
        {
            result = (right & 1) == 1 ? result * left : result;
        }

        return result;
    }
}

internal readonly struct Atan2 : IBinaryFunction
{
    public static double Apply(double left, double right) => Math.Atan2(left, right);
}

internal readonly struct Maximum : IBinaryFunction
{
    public static double Apply(double left, double right) => Math.Max(left, right);

    public static long Apply(long left, long right) => Math.Max(left, right);
}

internal readonly struct Minimum : IBinaryFunction
{
    public static double Apply(double left, double right) => Math.Min(left, right);

    public static long Apply(long left, long right) => Math.Min(left, right);
}

internal readonly struct BitwiseAnd : IBinaryFunction
{
    public static double Apply(double left, double right) => throw new NotSupportedException();

    public static long Apply(long left, long right) => left & right;
}

internal readonly struct BitwiseOr : IBinaryFunction
{
    public static double Apply(double left, double right) => throw new NotSupportedException();

    public static long Apply(long left, long right) => left | right;
}

internal readonly struct BitwiseXor : IBinaryFunction
{
    public static double Apply(double left, double right) => throw new NotSupportedException();

    public static long Apply(long left, long right) => left ^ right;
}

internal readonly struct LogicalAnd : IBinaryFunction
{
    public static double Apply(double left, double right) => left != 0 && right != 0 ? 1 : 0;

    public static long Apply(long left, long right) => left != 0 && right != 0 ? 1 : 0;
}

internal readonly struct LogicalOr : IBinaryFunction
{
    public static double Apply(double left, double right) => left != 0 || right != 0 ? 1 : 0;

    public static long Apply(long left, long right) => left != 0 || right != 0 ? 1 : 0;
}

internal readonly struct LogicalXor : IBinaryFunction
{
    public static double Apply(double left, double right) => (left != 0) != (right != 0) ? 1 : 0;

    public static long Apply(long left, long right) => (left != 0) != (right != 0) ? 1 : 0;
}

internal readonly struct Equal : IBinaryFunction
{
    public static double Apply(double left, double right) => left == right ? 1 : 0;

    public static long Apply(long left, long right) => left == right ? 1 : 0;
}

internal readonly struct NotEqual : IBinaryFunction
{
    public static double Apply(double left, double right) => left != right ? 1 : 0;

    public static long Apply(long left, long right) => left != right ? 1 : 0;
}

internal readonly struct Less : IBinaryFunction
{
    public static double Apply(double left, double right) => left < right ? 1 : 0;

    public static long Apply(long left, long right) => left < right ? 1 : 0;
}

internal readonly struct LessOrEqual : IBinaryFunction
{
    public static double Apply(double left, double right) => left <= right ? 1 : 0;

    public static long Apply(long left, long right) => left <= right ? 1 : 0;
}

internal readonly struct Greater : IBinaryFunction
{
    public static double Apply(double left, double right) => left > right ? 1 : 0;

    public static long Apply(long left, long right) => left > right ? 1 : 0;
}

internal readonly struct GreaterOrEqual : IBinaryFunction
{
    public static double Apply(double left, double right) => left >= right ? 1 : 0;

    public static long Apply(long left, long right) => left >= right ? 1 : 0;
}
