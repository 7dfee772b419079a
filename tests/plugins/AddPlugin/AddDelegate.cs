using Tandem.Sdk;

namespace Tandem.TestPlugins;

public sealed class AddDelegate(float addend) : IBackendDelegate, IParallelWork
{
    private TensorView? _input;
    private TensorView? _output;

    public void Execute(DelegateExecuteContext context, Arguments arguments)
    {
        (_input, _output) = (arguments.Tensor(0), arguments.Tensor(1));
        _output.Resize(_input.Sizes);
        context.Pool.Run((int)_input.ElementCount, 16, this);
    }

    public void Execute(int start, int end, int worker)
    {
        var input = _input!.AsReadOnlySpan<float>()[start..end];
        var output = _output!.AsSpan<float>()[start..end];
        for (var i = 0; i < input.Length; i++)
        {
            output[i] = input[i] + addend;
        }
    }

    public void Dispose() => (_input, _output) = (null, null);
}
