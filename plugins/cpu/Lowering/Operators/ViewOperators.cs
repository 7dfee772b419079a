using Tandem.Plugins.Cpu.Lowering.Constants;

namespace Tandem.Plugins.Cpu.Lowering.Operators;

/// <summary>Other sizes or another order of the same elements, and tensors of one number: nodes of the payload only where something must move.</summary>
internal static class ViewOperators
{
    public static void Register(Dictionary<string, Action<OperatorNode>> table)
    {
        foreach (var name in (string[])["aten::view_copy", "aten::reshape", "aten::_unsafe_view", "aten::unsqueeze_copy", "aten::squeeze_copy",
            "aten::squeeze_copy.dim", "aten::squeeze_copy.dims", "aten::flatten.using_ints"])
        {
            table.Add(name, node => node.Set(Views.Reshape(node.Writer, node.Tensor("self"), node.Sizes)));
        }

        foreach (var name in (string[])["aten::alias_copy", "aten::clone", "aten::contiguous", "aten::detach_copy", "aten::lift_fresh_copy",
            "dim_order_ops::_clone_dim_order", "dim_order_ops::_to_dim_order_copy"])
        {
            // Types and dim orders are compared where the operand is read and where the result is set.
            table.Add(name, node => node.Set(node.Tensor("self")));
        }

        table.Add("aten::permute_copy", node =>
        {
            var self = node.Tensor("self");
            node.Set(self.Permute([.. node.Ints("dims").Select(dimension => OperatorNode.Dimension(dimension, self.Rank))]));
        });
        table.Add("aten::transpose_copy.int", node =>
        {
            var self = node.Tensor("self");
            var (first, second) = (OperatorNode.Dimension(node.Int("dim0"), self.Rank), OperatorNode.Dimension(node.Int("dim1"), self.Rank));
            node.Set(self.Permute([.. Enumerable.Range(0, self.Rank).Select(i => i == first ? second : i == second ? first : i)]));
        });
        table.Add("aten::t_copy", node =>
        {
            var self = node.Tensor("self");
            node.Set(self.Rank < 2 ? self : self.Permute([1, 0]));
        });
        table.Add("aten::full", node => node.Set(new LoweredTensor(ConstantTensor.Fill(
            node.Number("fill_value"), node.Type, Array.ConvertAll(node.Sizes, static size => size.IsConstant ? checked((int)size.Value)
                : throw new LoweringRefusal($"a constant of a size {size} that is known at run time only"))))));
        table.Add("aten::expand_copy", node => node.Set(Views.Expand(node.Writer, node.Tensor("self"), node.Sizes)));
    }
}
