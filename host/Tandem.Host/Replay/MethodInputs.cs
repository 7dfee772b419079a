using Tandem.Host.Execution;
using Tandem.Sdk;

namespace Tandem.Host.Replay;

/// <summary>Sets a method's inputs from recorded values.</summary>
public static class MethodInputs
{
    /// <summary>Sets all inputs.</summary>
    /// <param name="method">The method.</param>
    /// <param name="values">One value an input.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.InputInvalid"/>: another number of inputs, or one that does not fit.</exception>
    public static void Set(Method method, IReadOnlyList<ReplayValue> values)
    {
        if (values.Count != method.Info.Inputs.Count)
        {
            throw new TandemException(ErrorCode.InputInvalid, "the number of inputs is another", new ErrorDetails
            {
                Location = method.Info.Name,
                Expected = $"{method.Info.Inputs.Count} inputs: {string.Join(", ", method.Info.Inputs)}",
                Found = $"{values.Count}",
            });
        }

        for (var i = 0; i < values.Count; i++)
        {
            if (values[i].Tensor is { } tensor)
            {
                method.SetInput(i, tensor.Layout, tensor.Bytes.Span);
            }
            else
            {
                method.SetInput(i, ToValue(values[i].Scalar));
            }
        }
    }

    private static EValue ToValue(object? scalar) => scalar switch
    {
        long value => EValue.FromInt(value),
        double value => EValue.FromDouble(value),
        bool value => EValue.FromBool(value),
        string value => EValue.FromString(value),
        _ => EValue.None,
    };
}
