using System.Collections.Immutable;

namespace Tandem.Host.Lowering.Operators;

/// <summary>The schema of an operator.</summary>
/// <param name="Name">Full name: "aten::add.Tensor", "aten::relu" for the default overload.</param>
/// <param name="Parameters">Parameters in order.</param>
/// <param name="Returns">Types of the results, in order, without alias marks.</param>
/// <param name="OutVariant">Full name of the operator that writes the results into given tensors ("aten::add.out"); null if there is none.</param>
/// <remarks>
/// An out variant takes the same arguments in the same order without dtype, layout, device and pin_memory (see <see cref="OutParameters"/>), then one
/// tensor for each result.
/// </remarks>
internal sealed record OperatorSchema(string Name, ImmutableArray<OperatorParameter> Parameters, ImmutableArray<string> Returns, string? OutVariant)
{
    /// <summary>Whether it writes one of its arguments.</summary>
    public bool IsMutating => Parameters.Any(parameter => parameter.IsWritten);

    /// <summary>Parameters that the out variant takes before its outs.</summary>
    public IEnumerable<OperatorParameter> OutParameters => Parameters.Any(parameter => parameter.Name == "pin_memory")
        ? Parameters.Where(parameter => parameter.Name is not ("dtype" or "layout" or "device" or "pin_memory"))
        : Parameters;

    /// <summary>Finds a parameter.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The parameter, or null.</returns>
    public OperatorParameter? Find(string name) => Parameters.FirstOrDefault(parameter => parameter.Name == name);
}
