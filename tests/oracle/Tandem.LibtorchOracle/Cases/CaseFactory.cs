using Tandem.Host.Building;
using static TorchSharp.torch;

namespace Tandem.LibtorchOracle.Cases;

/// <summary>Short forms of <see cref="OracleCase"/>.</summary>
internal static class CaseFactory
{
    private const double DefaultTolerance = 2e-5;

    /// <summary>A case of one output without parameters.</summary>
    public static OracleCase Case(
        string name, OracleValue[] inputs, Func<GraphTensor[], GraphTensor> graph, Func<Tensor[], Tensor> expected, double tolerance = DefaultTolerance) =>
        new(Named(name, inputs), inputs, [], (x, _) => [graph(x)], (x, _) => [expected(x)], tolerance);

    /// <summary>A case of one output with parameters.</summary>
    public static OracleCase Case(
        string name,
        OracleValue[] inputs,
        OracleValue[] parameters,
        Func<GraphTensor[], ModelTensor[], GraphTensor> graph,
        Func<Tensor[], Tensor[], Tensor> expected,
        double tolerance = DefaultTolerance) =>
        new(Named(name, [.. inputs, .. parameters]), inputs, parameters, (x, w) => [graph(x, w)], (x, w) => [expected(x, w)], tolerance);

    /// <summary>A case of several outputs.</summary>
    public static OracleCase Many(string name, OracleValue[] inputs, Func<GraphTensor[], GraphTensor[]> graph, Func<Tensor[], Tensor[]> expected) =>
        new(Named(name, inputs), inputs, [], (x, _) => graph(x), (x, _) => expected(x), DefaultTolerance);

    private static string Named(string name, OracleValue[] values) => $"{name} {string.Join(" ", values.Select(value => $"[{string.Join(",", value.Sizes)}]"))}";
}
