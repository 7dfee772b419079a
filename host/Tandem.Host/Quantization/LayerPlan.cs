using Tandem.Sdk;

namespace Tandem.Host.Quantization;

/// <summary>Which layers are quantised and how.</summary>
internal sealed class LayerPlan
{
    private readonly QuantizationOptions _options;
    private readonly List<FloatLayer> _floats = [];
    private readonly HashSet<WeightKey> _known = [];
    private readonly HashSet<string> _told = new(StringComparer.Ordinal);

    private LayerPlan(QuantizationOptions options) => _options = options;

    /// <summary>The weight of each layer that is quantised.</summary>
    internal Dictionary<LinearLayer, WeightKey> Keys { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>Weights in the order of their first use, with the names of their layers.</summary>
    internal List<(WeightKey Key, string Name)> Weights { get; } = [];

    /// <summary>Layers that stay float, each once.</summary>
    internal IReadOnlyList<FloatLayer> FloatLayers => _floats;

    /// <summary>Makes the plan.</summary>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: no layer matches a pattern.</exception>
    internal static LayerPlan Create(IReadOnlyList<LinearFinder> found, QuantizationOptions options)
    {
        CheckPatterns([.. found.SelectMany(finder => finder.Layers.Select(layer => layer.Name).Concat(finder.Refused.Select(layer => layer.Name)))], options);
        var plan = new LayerPlan(options);
        foreach (var finder in found)
        {
            foreach (var layer in finder.Layers)
            {
                plan.Add(layer);
            }

            foreach (var refused in finder.Refused)
            {
                plan.Leave(refused);
            }
        }

        return plan;
    }

    private void Add(LinearLayer layer)
    {
        if (_options.Exclude.FirstOrDefault(pattern => NamePattern.Matches(pattern, layer.Name)) is { } excluded)
        {
            Leave(layer, $"excluded by '{excluded}'");
            return;
        }

        if (_options.Include.Count > 0 && !_options.Include.Any(pattern => NamePattern.Matches(pattern, layer.Name)))
        {
            Leave(layer, "no pattern includes it");
            return;
        }

        var rule = _options.Rules.FirstOrDefault(rule => NamePattern.Matches(rule.Pattern, layer.Name));
        var grid = WeightGrid.Of(rule?.Scheme ?? _options.Scheme);
        var sizes = layer.Weight.Tensor!.Spec.Sizes;
        var inputs = (int)(layer.IsTransposed ? sizes[0] : sizes[1]).Value;
        var group = grid == WeightGrid.Int8 ? 0 : rule?.GroupSize ?? _options.GroupSize;
        var unit = group == 0 ? QuantizationOptions.SmallestGroup : group;
        if (grid == WeightGrid.Int4 && inputs % unit != 0)
        {
            if (_options.IndivisibleGroups == IndivisibleGroups.LeaveFloat)
            {
                Leave(layer, $"its {inputs} inputs are no multiple of {unit}");
                return;
            }

            (group, grid) = (0, inputs % QuantizationOptions.SmallestGroup == 0 ? grid : WeightGrid.Int8);
        }

        var key = new WeightKey(layer.Weight.Tensor, layer.IsTransposed, group == 0 ? inputs : group, grid);
        if (_known.Add(key))
        {
            Weights.Add((key, layer.Name));
        }

        Keys.Add(layer, key);
    }

    private void Leave(LinearLayer layer, string reason) => Leave(new FloatLayer(layer.Name, layer.Method, layer.Node.Name, reason));

    private void Leave(FloatLayer layer)
    {
        if (_told.Add(layer.Name))
        {
            _floats.Add(layer);
        }
    }

    private static void CheckPatterns(HashSet<string> names, QuantizationOptions options)
    {
        foreach (var pattern in options.Include.Concat(options.Exclude).Concat(options.Rules.Select(rule => rule.Pattern)))
        {
            if (!names.Any(name => NamePattern.Matches(pattern, name)))
            {
                var known = names.Order(StringComparer.Ordinal).Take(20).ToList();
                throw new TandemException(ErrorCode.ArgumentInvalid, "no linear layer has a name that the pattern matches", new ErrorDetails
                {
                    Found = $"'{pattern}'",
                    Expected = names.Count == 0 ? "a program with linear layers" : string.Join(", ", known) + (names.Count > known.Count ? $" and {names.Count - known.Count} more" : ""),
                });
            }
        }
    }
}
