using Tandem.Sdk;

namespace Tandem.Host.Lowering.Passes;

/// <summary>Removes the exporter's assertions: shapes and dtypes are checked by the specs, values by the kernels.</summary>
internal sealed class RemoveAsserts : IGraphPass
{
    public string Name => "remove-asserts";

    public ExportedMethod Run(ExportedMethod method, PassContext context) => GraphEditor.Rewrite(method, context, static (_, node) => node.Operator switch
    {
        "aten::_assert_scalar" or "aten::_assert_async" or "aten::_assert_tensor_metadata" or "aten::sym_constrain_range" or "aten::sym_constrain_range_for_size"
            or "aten::_functional_assert_async" or "aten::_functional_assert_scalar" or "aten::_functional_sym_constrain_range" or "aten::_functional_sym_constrain_range_for_size"
            when node.Outputs.Length == 0 => [],
        _ => null,
    });
}
