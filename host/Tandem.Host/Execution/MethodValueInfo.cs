using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>An input or output of a method.</summary>
public sealed class MethodValueInfo
{
    private readonly TensorLayout? _layout;

    internal MethodValueInfo(ValueModel model)
    {
        switch (model)
        {
            case ValueModel.Tensor tensor:
                Kind = EValueKind.Tensor;
                _layout = tensor.Layout;
                IsDynamic = tensor.Dynamism != ShapeDynamism.Static;
                Name = tensor.Name;
                break;
            case ValueModel.Int value:
                (Kind, Default) = (EValueKind.Int, value.Value);
                break;
            case ValueModel.Bool value:
                (Kind, Default) = (EValueKind.Bool, value.Value);
                break;
            case ValueModel.Double value:
                (Kind, Default) = (EValueKind.Double, value.Value);
                break;
            case ValueModel.String value:
                (Kind, Default) = (EValueKind.String, value.Value);
                break;
        }
    }

    /// <summary>Tensor, Int, Bool, Double, String or None.</summary>
    public EValueKind Kind { get; }

    /// <summary>Name, where the file has one.</summary>
    public string? Name { get; }

    /// <summary>Element type of a tensor.</summary>
    public ScalarType ScalarType => _layout?.ScalarType ?? default;

    /// <summary>Greatest sizes of a tensor.</summary>
    public ReadOnlyMemory<int> MaxSizes => _layout?.Sizes.AsMemory() ?? default;

    /// <summary>Element type, greatest sizes and dim order; null if it is not a tensor.</summary>
    public TensorLayout? Layout => _layout;

    /// <summary>Whether the sizes may be smaller.</summary>
    public bool IsDynamic { get; }

    /// <summary>For a plain value: the long, bool, double or string that the program was traced with.</summary>
    public object? Default { get; }

    /// <summary>"float32 [1, 512]" or "Int 5".</summary>
    /// <returns>The text.</returns>
    public override string ToString() => _layout?.ToString() ?? $"{Kind} {Default}";
}
