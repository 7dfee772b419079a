using System.Globalization;
using System.Text;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Payload;

/// <summary>Tells a person what is in a payload, also in one that this plugin does not run.</summary>
internal static class PayloadDescriber
{
    /// <summary>Describes a payload.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.PayloadInvalid"/> or <see cref="ErrorCode.PayloadNotSupported"/>.</exception>
    public static PayloadDescription Describe(ReadOnlySpan<byte> payload)
    {
        var graph = PayloadReader.Read(payload);
        var header = PayloadHeader.Read(payload);
        var identifier = Encoding.ASCII.GetString(payload.Slice((int)header.FlatBufferOffset + 4, 4));
        var values = new Dictionary<uint, PayloadValue>();
        foreach (var value in graph.Values)
        {
            values.TryAdd(value.Id, value);
        }

        var keys = new List<string>();
        foreach (var constant in graph.Constants.Skip(1))
        {
            if (constant.Key is { } key && !keys.Contains(key))
            {
                keys.Add(key);
            }
        }

        return new PayloadDescription(
            $"XNNPACK {identifier}",
            [.. graph.Nodes.Select(node => new PayloadNode(node.Source.Kind, Summarise(node, values), node.Source.DebugHandle))],
            keys);
    }

    private static string Summarise(PayloadOperation node, Dictionary<uint, PayloadValue> values)
    {
        var text = new StringBuilder();
        Append(text, node.Inputs, values);
        text.Append(" -> ");
        Append(text, node.Outputs, values);
        if (node.Convolution is { } c)
        {
            text.Append(CultureInfo.InvariantCulture, $"; kernel {c.KernelHeight}x{c.KernelWidth}, stride {c.StrideHeight}x{c.StrideWidth}, dilation {c.DilationHeight}x{c.DilationWidth}")
                .Append(CultureInfo.InvariantCulture, $", padding {c.PaddingTop} {c.PaddingRight} {c.PaddingBottom} {c.PaddingLeft}, groups {c.Groups}");
        }

        if (node.Pooling is { } p)
        {
            text.Append(CultureInfo.InvariantCulture, $"; window {p.Height}x{p.Width}, stride {p.StrideHeight}x{p.StrideWidth}")
                .Append(CultureInfo.InvariantCulture, $", padding {p.PaddingTop} {p.PaddingRight} {p.PaddingBottom} {p.PaddingLeft}");
        }

        if (node.First.Length > 0)
        {
            text.Append("; ").AppendJoin(' ', node.First);
            if (node.Second.Length > 0)
            {
                text.Append(" / ").AppendJoin(' ', node.Second);
            }
        }

        if (node.Kind is PayloadNodeKind.Concatenate2 or PayloadNodeKind.Concatenate3 or PayloadNodeKind.Concatenate4 or PayloadNodeKind.Concatenate5)
        {
            text.Append(CultureInfo.InvariantCulture, $"; axis {node.Axis}");
        }

        if (node.Parameter != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"; parameter {node.Parameter}");
        }

        if (!float.IsNegativeInfinity(node.Minimum) || !float.IsPositiveInfinity(node.Maximum))
        {
            text.Append(CultureInfo.InvariantCulture, $"; clamped to [{node.Minimum}, {node.Maximum}]");
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, uint[] ids, Dictionary<uint, PayloadValue> values)
    {
        var isFirst = true;
        foreach (var id in ids)
        {
            if (id == PayloadValue.NoId)
            {
                continue;
            }

            text.Append(isFirst ? "" : ", ");
            isFirst = false;
            if (values.TryGetValue(id, out var value))
            {
                text.Append(value.ConstantIndex != 0 ? "constant " : "").Append(PayloadNames.Of(value.Datatype)).Append(' ').Append(value.Shape.ToString());
            }
            else
            {
                text.Append("value ").Append(id);
            }
        }
    }
}
