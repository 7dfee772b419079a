using Tandem.Host.Lowering.Emission;
using Tandem.Host.Lowering.Planning;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Lowering.Planning;

public sealed class LivenessTests
{
    [Fact]
    public void What_a_loop_fills_part_by_part_lives_from_the_loops_start()
    {
        var code = new MethodCode("forward");
        var spec = TensorSpec.Contiguous(ScalarType.Float, 4);
        var (input, before, part, result) = (code.Tensor(spec, StorageKind.Input), code.Tensor(spec), code.Tensor(spec), code.Tensor(spec));
        code.Inputs.Add(input);
        code.Outputs.Add(result);
        code.Call("aten::relu.out", [input, before, before], before);
        code.Call("aten::add.out", [before, before, code.Int(1), part, part], part);
        code.Call("executorch_prim::et_copy_index.tensor", [result, part, code.Int(0)]);
        code.Loops.Add((1, code.JumpFalse(code.Int(0), 1)));
        var liveness = new Liveness(code);
        Assert.Equal((1, liveness.End), liveness.Of(code.Values[result].Storage!));
        Assert.Equal((0, 3), liveness.Of(code.Values[before].Storage!));
        Assert.Equal((1, 2), liveness.Of(code.Values[part].Storage!));
    }
}
