using Tandem.Host.Building;
using static TorchSharp.torch;

namespace Tandem.LibtorchOracle;

/// <summary>One operator over given values, as Tandem's builder writes it and as libtorch computes it.</summary>
/// <param name="Name">Operator and what is special about the case.</param>
/// <param name="Inputs">Values that the program takes as inputs.</param>
/// <param name="Parameters">Values that the program holds.</param>
/// <param name="Graph">Adds the operator to a method and gives its outputs.</param>
/// <param name="Expected">The same outputs by libtorch.</param>
/// <param name="Tolerance">Greatest difference, relative to the greater of 1 and the expected magnitude.</param>
internal sealed record OracleCase(
    string Name,
    OracleValue[] Inputs,
    OracleValue[] Parameters,
    Func<GraphTensor[], ModelTensor[], GraphTensor[]> Graph,
    Func<Tensor[], Tensor[], Tensor[]> Expected,
    double Tolerance);
