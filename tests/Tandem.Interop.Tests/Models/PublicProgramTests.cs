using Tandem.Sdk;
using Xunit;

namespace Tandem.Interop.Tests.Models;

/// <summary>Programs that others wrote: each is inspected; each whose backends and operators are here runs; the others say what is missing.</summary>
public sealed class PublicProgramTests
{
    [Theory]
    [InlineData("djl_add.pte", null)]
    [InlineData("djl_clamp5.pte", null)]
    [InlineData("djl_lin129.pte", null)]
    [InlineData("enr_add.pte", null)]
    [InlineData("enr_dynamic.pte", null)]
    [InlineData("et_add_noheader.pte", null)]
    [InlineData("et_addmodel.pte", null)]
    [InlineData("et_linear_old_constant_buffer.pte", null)]
    [InlineData("et_keywordspotting_cortexm.pte", "cortex_m::quantized_conv2d.out")]
    [InlineData("et_stories260k_hybrid_llama_qnn.pte", "QnnBackend")]
    public void EachIsInspectedAndRunsOrSaysWhatIsMissing(string file, string? missing)
    {
        Assert.SkipWhen(SharedVectors.Folder is null, "the folder of recorded cases, shared/vectors beside the repository, is absent");
        using var runtime = CpuPlugin.CreateRuntime();
        using var program = runtime.LoadProgram(Path.Combine(SharedVectors.Folder!, "public", file));
        Assert.Equal(program.MethodNames.Count, program.Inspect().Methods.Count);
        using var session = program.CreateSession();
        if (missing is not null)
        {
            var error = Assert.Throws<TandemException>(() => session.GetMethod(program.MethodNames[0]));
            Assert.True(error.Code is ErrorCode.OperatorMissing or ErrorCode.BackendNotFound);
            Assert.Contains(missing, error.Message);
            return;
        }

        var method = session.GetMethod(program.MethodNames[0]);
        for (var i = 0; i < method.Info.Inputs.Count; i++)
        {
            if (method.Info.Inputs[i] is { Kind: EValueKind.Tensor } input)
            {
                method.SetInput(i, new TensorLayout(input.ScalarType, input.MaxSizes.Span), new byte[input.Layout!.ByteCount]);
            }
        }

        method.Execute();
        Assert.NotEqual(EValueKind.None, method.GetOutputValue(0).Kind);
    }
}
