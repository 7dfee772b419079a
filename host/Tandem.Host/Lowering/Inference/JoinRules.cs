using System.Collections.Immutable;
using Tandem.Sdk;

namespace Tandem.Host.Lowering.Inference;

/// <summary>Operators that join tensors or repeat one.</summary>
internal static class JoinRules
{
    public static void Register(Action<ShapeInference.Rule, string> add)
    {
        add(Cat, "cat concat concatenate");
        add(Stack, "stack");
        add(BroadcastTensors, "broadcast_tensors");
        add(MeshGrid, "meshgrid");
        add(Repeat, "repeat tile");
        add(RepeatInterleave, "repeat_interleave.self_int repeat_interleave.self_Tensor");
        add(RepeatedIndices, "repeat_interleave.Tensor");
        add(Flip, "flip roll fliplr flipud");
    }

    private static ImmutableArray<InferredValue> Cat(OperatorArguments call)
    {
        var tensors = call.Tensors("tensors");
        if (tensors.IsEmpty)
        {
            throw call.Refuse("there is nothing to join", "1 or more tensors", "0");
        }

        // An empty vector joins anything, as it always has in PyTorch.
        var real = tensors.Where(tensor => tensor is not { Rank: 1 } || tensor.Sizes[0] is not { IsConstant: true, Value: 0 }).ToList();
        var first = real.Count > 0 ? real[0] : tensors[0];
        if (first.Rank == 0)
        {
            throw call.Refuse("scalars cannot be joined", "1 or more dimensions", first.ToString());
        }

        var promotion = new Promotion();
        foreach (var tensor in tensors)
        {
            promotion.Add(tensor);
        }

        var dim = call.Dim("dim", first.Rank);
        SymbolicInt sum = 0;
        foreach (var tensor in real)
        {
            if (tensor.Rank != first.Rank || !ShapeRules.SameSizes(tensor.Sizes.SetItem(dim, 0), first.Sizes.SetItem(dim, 0)))
            {
                throw call.Refuse($"tensors differ outside dimension {dim}", ShapeRules.Text(first.Sizes), ShapeRules.Text(tensor.Sizes));
            }

            sum += tensor.Sizes[dim];
        }

        var order = tensors.All(tensor => tensor.Rank == first.Rank && tensor.Strides.IsDefault && tensor.DimOrder.AsSpan().SequenceEqual(first.DimOrder.AsSpan()))
            && Layouts.IsChannelsLast(first) ? first.DimOrder : [];
        return [Layouts.Dense(promotion.Result, first.Sizes.SetItem(dim, sum), order)];
    }

    private static ImmutableArray<InferredValue> Stack(OperatorArguments call)
    {
        var tensors = call.Tensors("tensors");
        if (tensors.IsEmpty)
        {
            throw call.Refuse("there is nothing to join", "1 or more tensors", "0");
        }

        var promotion = new Promotion();
        foreach (var tensor in tensors)
        {
            promotion.Add(tensor);
            ShapeRules.CheckSizes(call, "tensors", tensor, tensors[0].Sizes);
        }

        var dim = call.Dim("dim", tensors[0].Rank + 1);
        return [Layouts.Contiguous(promotion.Result, tensors[0].Sizes.Insert(dim, tensors.Length))];
    }

    private static ImmutableArray<InferredValue> BroadcastTensors(OperatorArguments call)
    {
        var tensors = call.Tensors("tensors");
        var sizes = ShapeRules.Broadcast(call, tensors.AsSpan());
        return [.. tensors.Select(tensor => new InferredValue(ViewRules.Expanded(call, tensor, sizes)))];
    }

    private static ImmutableArray<InferredValue> MeshGrid(OperatorArguments call)
    {
        var tensors = call.Tensors("tensors");
        var isColumnFirst = call.Has("indexing") && call.Text("indexing") == "xy" && tensors.Length >= 2;
        var sizes = tensors.Select(tensor => tensor.Rank == 0 ? 1 : tensor.Sizes[0]).ToList();
        return
        [
            .. tensors.Select((tensor, i) =>
            {
                var strides = Enumerable.Repeat((SymbolicInt)0, sizes.Count).ToArray();
                strides[i] = tensor.Rank == 0 ? 1 : Layouts.StridesOf(tensor)[0];
                var own = sizes.ToArray();
                if (isColumnFirst)
                {
                    (own[0], own[1]) = (own[1], own[0]);
                    (strides[0], strides[1]) = (strides[1], strides[0]);
                }

                return new InferredValue(Layouts.View(tensor, [.. own], [.. strides]));
            }),
        ];
    }

    private static ImmutableArray<InferredValue> Repeat(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var isTile = call.Operator == "aten::tile";
        var repeats = call.Sizes(isTile ? "dims" : "repeats");
        if (repeats.Length < self.Rank)
        {
            repeats = isTile ? [.. Enumerable.Repeat((SymbolicInt)1, self.Rank - repeats.Length), .. repeats]
                : throw call.Refuse("there are fewer repeats than dimensions", $"{self.Rank} or more", $"{repeats.Length}");
        }

        var lead = repeats.Length - self.Rank;
        return [Layouts.Contiguous(self.ScalarType, [.. repeats.Select((repeat, dim) => dim < lead ? repeat : repeat * self.Sizes[dim - lead])])];
    }

    private static ImmutableArray<InferredValue> RepeatInterleave(OperatorArguments call)
    {
        var self = call.Tensor("self");
        var dim = call.Find("dim") is null ? -1 : call.Dim("dim", self.Rank);
        var sizes = dim < 0 ? [ShapeRules.Count(self.Sizes)] : self.Sizes;
        dim = Math.Max(dim, 0);
        SymbolicInt size;
        if (call.OptionalTensor("repeats") is { } repeats)
        {
            size = call.OptionalSize("output_size") ?? (call.NewSymbol ?? throw call.Refuse("the size depends on the data", "output_size", "none"))(0, long.MaxValue);
        }
        else
        {
            size = sizes[dim] * call.Size("repeats");
        }

        return [Layouts.Contiguous(self.ScalarType, sizes.SetItem(dim, size))];
    }

    // As many indices as the repeats add up to.
    private static ImmutableArray<InferredValue> RepeatedIndices(OperatorArguments call)
    {
        var size = call.OptionalSize("output_size") ?? (call.NewSymbol ?? throw call.Refuse("the size depends on the data", "output_size", "none"))(0, long.MaxValue);
        return [Layouts.Contiguous(call.Tensor("repeats").ScalarType, [size])];
    }

    private static ImmutableArray<InferredValue> Flip(OperatorArguments call)
    {
        var self = call.Tensor("self");
        foreach (var dim in call.Has("dims") ? call.Ints("dims") : [])
        {
            call.Dim(dim, self.Rank, "dims");
        }

        return [Layouts.Elementwise(self.ScalarType, self.Sizes, self)];
    }
}
