using System.Text.Json;
using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <content>Inputs, and the tensors that tensor subclasses among them hold.</content>
internal sealed partial class GraphReader
{
    private void ReadInput(JsonElement item, InputSlot slot, List<InputEntry> entries)
    {
        var value = ReadInput(item, slot.ValueName ?? $"input_{entries.Count}", out var traced);
        if (slot.Kind == GraphInputKind.UserInput)
        {
            entries.Add(new InputEntry(value, new GraphInputSpec(GraphInputKind.UserInput, value.Name) { TracedValue = traced }));
            return;
        }

        if (value.Name != slot.ValueName || value.Tensor is null)
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "the signature's inputs are not in the order of the graph's",
                new ErrorDetails { Location = $"input '{slot.QualifiedName}'", Expected = value.Name, Found = slot.ValueName });
        }

        var spec = new GraphInputSpec(slot.Kind, value.Name) { QualifiedName = slot.QualifiedName, Tensor = slot.Tensor?.Tensor, IsPersistent = slot.IsPersistent };
        var entry = new InputEntry(value, spec);
        if (slot.Tensor?.Subclass is { } subclass)
        {
            entry.Inner = new SubclassInput(subclass, spec, value.Name);
            _subclasses.Add(value.Name, entry.Inner);
        }
        else
        {
            CheckBytes(value, spec);
        }

        entries.Add(entry);
    }

    private static void CheckBytes(GraphValue value, GraphInputSpec input)
    {
        if (value.Tensor is not { } expected || input.Tensor is not { Spec: var found } || expected.ScalarType != found.ScalarType
            || !expected.Sizes.AsSpan().SequenceEqual(found.Sizes.AsSpan()))
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "an input and its bytes differ in dtype or sizes",
                new ErrorDetails { Location = $"input '{value.Name}' ({input.QualifiedName})", Expected = $"{value.Tensor}", Found = $"{input.Tensor?.Spec}" });
        }
    }

    private GraphValue ReadInput(JsonElement item, string fallback, out GraphArgument? constant)
    {
        constant = null;
        var (tag, value) = item.Union();
        switch (tag)
        {
            case "as_tensor":
                return DefineTensor(value.Get("name").Text());
            case "as_sym_int" or "as_sym_float" or "as_sym_bool" when value.Union() is ("as_name", var name):
                return DefineSymbol(name.Text());
            case "as_custom_obj":
                throw NotSupported("an input is a custom object", tag, "export the model without script objects");
            default:
                constant = ReadArgument(item);
                return Define(fallback, new GraphValue("", null));
        }
    }

    // The tensors that a subclass holds become inputs of their own; the nodes that took it apart go.
    private bool ResolveInnerTensor(JsonElement node)
    {
        string? source = null;
        string? attribute = null;
        foreach (var input in node.Get("inputs").Items())
        {
            (source, attribute) = (input.Get("name").Text(), input.Get("arg").Union()) switch
            {
                ("src_subclass_tensor", ("as_tensor", var value)) => (value.Get("name").Text(), attribute),
                ("attr", ("as_string", var value)) => (source, value.Text()),
                _ => (source, attribute),
            };
        }

        if (source is null || attribute is null || FirstName(node.Get("outputs")) is not { } result || !_subclasses.TryGetValue(source, out var subclass))
        {
            return false;
        }

        if (!subclass.Tensor.Inner.TryGetValue(attribute, out var inner))
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "a tensor subclass lacks an attribute", new ErrorDetails
            {
                Expected = string.Join(", ", subclass.Tensor.Inner.Keys),
                Found = $"'{attribute}' of {subclass.Tensor.Type}",
            });
        }

        if (!subclass.Parts.TryGetValue(attribute, out var entry))
        {
            var name = _scope.UniqueValue($"{subclass.ValueName}_{attribute}", "inner");
            var spec = subclass.Input with { ValueName = name, QualifiedName = $"{subclass.Input.QualifiedName}.{attribute}", Tensor = inner.Tensor };
            var value = DescribeTensor(result) with { Name = name };
            entry = new InputEntry(value, spec);
            if (inner.Subclass is { } nested)
            {
                entry.Inner = new SubclassInput(nested, spec, name);
            }
            else
            {
                CheckBytes(value, spec);
            }

            subclass.Parts.Add(attribute, entry);
        }

        if (entry.Inner is { } deeper)
        {
            _subclasses.Add(result, deeper);
        }

        if (!_values.TryAdd(result, entry.Value.Name))
        {
            throw new TandemException(ErrorCode.ExportedProgramInvalid, "a value is set twice", new ErrorDetails { Found = result });
        }

        return true;
    }
}
