using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>An argument of a call that a pass writes; made from whatever a pass has at hand. The default is "left at its default".</summary>
/// <param name="Value">The argument; null to leave it out.</param>
internal readonly record struct Arg(GraphArgument? Value)
{
    private static readonly GraphArgument Nothing = new GraphArgument.None();

    /// <summary>None, written out.</summary>
    public static Arg None => new(Nothing);

    public static implicit operator Arg(GraphArgument? value) => new(value);

    public static implicit operator Arg(GraphValue? value) => new(value is null ? Nothing : new GraphArgument.Reference(value.Name));

    public static implicit operator Arg(long value) => new(new GraphArgument.Int(value));

    public static implicit operator Arg(int value) => new(new GraphArgument.Int(value));

    public static implicit operator Arg(double value) => new(new GraphArgument.Float(value));

    public static implicit operator Arg(bool value) => new(new GraphArgument.Bool(value));

    public static implicit operator Arg(string value) => new(new GraphArgument.Text(value));

    public static implicit operator Arg(ScalarType value) => new(new GraphArgument.DataType(value));

    public static implicit operator Arg(ScalarType? value) => new(value is { } type ? new GraphArgument.DataType(type) : Nothing);

    public static implicit operator Arg(long[] items) => new(new GraphArgument.List([.. items.Select(item => new GraphArgument.Int(item))]));

    public static implicit operator Arg(int[] items) => new(new GraphArgument.List([.. items.Select(item => new GraphArgument.Int(item))]));

    public static implicit operator Arg(GraphValue[] items) => new(new GraphArgument.List([.. items.Select(item => new GraphArgument.Reference(item.Name))]));

    public static implicit operator Arg(GraphArgument[] items) => new(new GraphArgument.List(ImmutableArray.Create(items)));

    public static implicit operator Arg(Arg[] items) => new(new GraphArgument.List([.. items.Select(item => item.Value ?? Nothing)]));
}
