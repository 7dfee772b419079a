using Tandem.Host.Building;
using static Tandem.LibtorchOracle.Cases.CaseFactory;
using static TorchSharp.torch;

namespace Tandem.LibtorchOracle.Cases;

/// <summary>Views, joins and splits.</summary>
internal static class ShapeCases
{
    public static IEnumerable<OracleCase> All(ValueSource values)
    {
        var (a, b, c) = (values.Next(1, 5), values.Next(2, 6), values.Next(3, 7));
        OracleValue Any() => values.Extreme(a, b, c);
        yield return Case("reshape", [Any()], x => x[0].Reshape([-1, a]), x => x[0].reshape(-1, a));
        yield return Case("view", [Any()], x => x[0].View([b, a * c]), x => x[0].view(b, a * c));
        yield return Case("view to a scalar", [values.Normal(1, 1)], x => x[0].View([]), x => x[0].view([]));
        yield return Case("flatten", [Any()], x => x[0].Flatten(1, -1), x => x[0].flatten(1));
        yield return Case("flatten a scalar", [values.Normal()], x => x[0].Flatten(), x => x[0].flatten());
        yield return Case("unflatten", [values.Normal(2, 12)], x => x[0].Unflatten(-1, [3, 4]), x => x[0].unflatten(1, [3L, 4L]));
        yield return Case("permute", [Any()], x => x[0].Permute([-1, 0, 1]), x => x[0].permute(-1, 0, 1));
        yield return Case("permute then add", [Any()], x => x[0].Permute([2, 0, 1]) + 1, x => x[0].permute(2, 0, 1) + 1);
        yield return Case("transpose", [Any()], x => x[0].Transpose(-3, 2), x => x[0].transpose(-3, 2));
        yield return Case("t", [values.Normal(b, c)], x => x[0].T(), x => x[0].t());
        yield return Case("unsqueeze", [Any()], x => x[0].Unsqueeze(-1), x => x[0].unsqueeze(-1));
        yield return Case("unsqueeze front", [values.Normal()], x => x[0].Unsqueeze(0), x => x[0].unsqueeze(0));
        yield return Case("squeeze", [values.Normal(2, 1, 3)], x => x[0].Squeeze(-2), x => x[0].squeeze(-2));
        yield return Case("squeeze nothing", [values.Normal(2, 3)], x => x[0].Squeeze(0), x => x[0].squeeze(0));
        yield return Case("expand", [values.Normal(b, 1)], x => x[0].Expand([a, -1, c]), x => x[0].expand(a, -1, c));
        yield return Case("expand to none", [values.Normal(1, 3)], x => x[0].Expand([0, 3]), x => x[0].expand(0, 3));
        yield return Case("slice", [Any()], x => x[0].Slice(-1, 1, 3), x => x[0].slice(-1, 1, 3, 1));
        yield return Case("slice with step", [values.Normal(3, 10)], x => x[0].Slice(1, 1, step: 3), x => x[0].slice(1, 1, 10, 3));
        yield return Case("slice negative", [values.Normal(3, 10)], x => x[0].Slice(1, -4, -1), x => x[0].slice(1, -4, -1, 1));
        yield return Case("slice beyond", [values.Normal(3, 4)], x => x[0].Slice(0, 1, 99), x => x[0].slice(0, 1, 99, 1));
        yield return Case("slice of none", [values.Normal(3, 4)], x => x[0].Slice(0, 2, 2), x => x[0].slice(0, 2, 2, 1));
        yield return Case("narrow", [Any()], x => x[0].Narrow(2, 1, 2), x => x[0].narrow(2, 1, 2));
        yield return Case("select", [Any()], x => x[0].Select(1, -1), x => x[0].select(1, -1));
        yield return Case("select to a scalar", [values.Normal(4)], x => x[0].Select(-1, 2), x => x[0].select(-1, 2));
        yield return Case("repeat", [values.Normal(2, 3)], x => x[0].Repeat([2, 1, 3]), x => x[0].repeat(2, 1, 3));
        yield return Case("repeat_interleave", [Any()], x => x[0].RepeatInterleave(3, -2), x => x[0].repeat_interleave(3, -2));
        yield return Case("flip", [Any()], x => x[0].Flip([0, -1]), x => x[0].flip(0, -1));
        yield return Case("roll", [values.Normal(4, 5)], x => x[0].Roll([1, -2], [0, 1]), x => x[0].roll((long[])[1, -2], (long[])[0, 1]));
        yield return Case("tril", [values.Normal(2, 4, 5)], x => x[0].Tril(-1), x => x[0].tril(-1));
        yield return Case("tril NaN", [values.Extreme(5, 5)], x => x[0].Tril(), x => x[0].tril());
        yield return Case("triu", [values.Normal(2, 5, 4)], x => x[0].Triu(1), x => x[0].triu(1));
        yield return Case("channels last", [values.Normal(2, 3, 4, 5)], x => x[0].ToChannelsLast().Relu().Contiguous(), x => x[0].relu());

        yield return Case("cat", [values.Normal(a, b, c), values.Normal(a, b + 2, c), values.Normal(a, 1, c)], x => x[0].Graph.Cat([.. x], -2), x => cat(x, -2));
        yield return Case("cat with none", [values.Normal(0, c), values.Normal(b, c)], x => x[0].Graph.Cat([.. x]), x => cat(x, 0));
        yield return Case("cat of kinds", [values.Longs(-5, 5, 2, 3), values.Normal(1, 3)], x => x[0].Graph.Cat([.. x]), x => cat(x, 0));
        yield return Case("stack", [values.Normal(b, c), values.Normal(b, c)], x => x[0].Graph.Stack([.. x], -1), x => stack(x, -1));
        yield return Many("split", [values.Normal(3, 7)], x => x[0].Split(3, -1), x => x[0].split(3, -1));
        yield return Many("split_with_sizes", [values.Normal(7, 3)], x => x[0].SplitWithSizes([2, 0, 5]), x => x[0].split((long[])[2, 0, 5], 0));
        yield return Many("chunk", [values.Normal(2, 7)], x => x[0].Chunk(3, 1), x => x[0].chunk(3, 1));
        yield return Many("unbind", [values.Normal(2, 3, 4)], x => x[0].Unbind(-2), x => x[0].unbind(-2));
    }
}
