namespace Tandem.Sdk;

/// <summary>An integer of a graph that is a number, or an expression over symbols that takes its value at run time.</summary>
/// <remarks>Immutable. A number converts implicitly; an expression keeps the range in which its value lies.</remarks>
public sealed partial record SymbolicInt
{
    private SymbolicInt(string? expression, long minimum, long maximum)
    {
        Expression = expression;
        Minimum = minimum;
        Maximum = maximum;
    }

    /// <summary>The expression in the notation of the exporter ("s0", "2*s0 + 1"); null for a number.</summary>
    public string? Expression { get; }

    /// <summary>Least value.</summary>
    public long Minimum { get; }

    /// <summary>Greatest value; <see cref="long.MaxValue"/> where the program gives no upper bound.</summary>
    public long Maximum { get; }

    /// <summary>Whether the value is known before the program runs.</summary>
    public bool IsConstant => Expression is null;

    /// <summary>Whether the value has an upper bound, as memory planning needs.</summary>
    public bool IsBounded => Maximum != long.MaxValue;

    /// <summary>The number.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: it is symbolic.</exception>
    public long Value => IsConstant ? Minimum : throw new TandemException(ErrorCode.ArgumentInvalid, "a symbolic integer has no value before the program runs",
        new ErrorDetails { Found = ToString(), NextStep = "use Minimum and Maximum, or refuse the node" });

    /// <summary>Makes a symbolic integer.</summary>
    /// <param name="expression">The expression.</param>
    /// <param name="minimum">Least value.</param>
    /// <param name="maximum">Greatest value.</param>
    /// <returns>The integer.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: no expression, or an empty range.</exception>
    public static SymbolicInt Symbol(string expression, long minimum = 0, long maximum = long.MaxValue) =>
        expression.Length > 0 && minimum <= maximum ? new(expression, minimum, maximum)
        : throw new TandemException(ErrorCode.ArgumentInvalid, "a symbolic integer is impossible",
            new ErrorDetails { Expected = "an expression and a range that is not empty", Found = $"'{expression}' in [{minimum}, {maximum}]" });

    /// <summary>Wraps a number.</summary>
    /// <param name="value">The number.</param>
    public static implicit operator SymbolicInt(long value) => new(null, value, value);

    /// <summary>The number, or the expression with its range.</summary>
    /// <returns>The text.</returns>
    public override string ToString() => Expression is null ? $"{Minimum}" : $"{Expression}[{Minimum}..{(IsBounded ? $"{Maximum}" : "")}]";
}
