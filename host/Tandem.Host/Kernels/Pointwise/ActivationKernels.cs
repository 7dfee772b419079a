using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Pointwise;

/// <summary>Activations with parameters: elu, gelu, leaky_relu, logit, glu.</summary>
internal static unsafe class ActivationKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::elu.out", Elu)
        .Add("aten::gelu.out", Gelu)
        .Add("aten::leaky_relu.out", (_, arguments) => Run(arguments, Activation.LeakyRelu, arguments.Double(1)))
        .Add("aten::logit.out", (_, arguments) => Run(arguments, Activation.Logit, arguments.OptionalDouble(1) ?? -1))
        .Add("aten::glu.out", Glu);

    private static void Elu(KernelContext context, Arguments arguments) =>
        Run(arguments, Activation.Elu, arguments.Double(1), arguments.Double(2), arguments.Double(3));

    private static void Gelu(KernelContext context, Arguments arguments) => Run(arguments, arguments.String(1) switch
    {
        "none" => Activation.Gelu,
        "tanh" => Activation.GeluTanh,
        var other => throw Dims.Invalid("the approximation is unknown", "none or tanh", other),
    });

    private static void Run(Arguments arguments, Activation kind, double a = 0, double b = 0, double c = 0)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        output.Resize(input.Sizes);
        var body = new ActivationRow { Input = input.ScalarType, Output = output.ScalarType, Kind = kind, A = a, B = b, C = c };
        Common.Pointwise.Run(ref body, output, input);
    }

    // The first half of a dimension, times the sigmoid of the second half.
    private static void Glu(KernelContext context, Arguments arguments)
    {
        var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
        var dim = Dims.Wrap(arguments.Int(1), input.Rank);
        var half = Dims.Size(input, dim) / 2;
        Dims.Check(input.Rank > 0 && half * 2 == input.Sizes[dim], "the dimension of glu is not even");
        Span<int> sizes = stackalloc int[input.Rank];
        input.Sizes.CopyTo(sizes);
        sizes[dim] = half;
        output.Resize(sizes);
        Span<int> index = stackalloc int[input.Rank];
        index.Clear();
        for (long n = 0; n < output.ElementCount; n++)
        {
            long from = 0, to = 0;
            for (var d = 0; d < index.Length; d++)
            {
                from += index[d] * input.Strides[d];
                to += index[d] * output.Strides[d];
            }

            var left = Elements.LoadDouble((byte*)input.Data + (from * input.ElementSize), input.ScalarType);
            var right = Elements.LoadDouble((byte*)input.Data + ((from + (half * input.Strides[dim])) * input.ElementSize), input.ScalarType);
            Elements.Store((byte*)output.Data + (to * output.ElementSize), output.ScalarType, left * Sigmoid.Apply(right));
            for (var d = index.Length - 1; d >= 0 && ++index[d] == sizes[d]; d--)
            {
                index[d] = 0;
            }
        }
    }

    private enum Activation
    {
        Elu,
        Gelu,
        GeluTanh,
        LeakyRelu,
        Logit,
    }

    private struct ActivationRow : IRowBody
    {
        internal ScalarType Input;
        internal ScalarType Output;
        internal Activation Kind;
        internal double A;
        internal double B;
        internal double C;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                Elements.Store(pointers[0] + (i * strides[0]), Output, Apply(Elements.LoadDouble(pointers[1] + (i * strides[1]), Input)));
            }
        }

        private readonly double Apply(double x) => Kind switch
        {
            // alpha, scale, input_scale
            Activation.Elu => x > 0 ? B * x : A * B * SpecialFunctions.Expm1(x * C),
            Activation.Gelu => 0.5 * x * (1 + SpecialFunctions.Erf(x / Math.Sqrt(2))),
            Activation.GeluTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
            Activation.LeakyRelu => x > 0 ? x : A * x,
            _ => Logit(A < 0 ? x : Math.Min(Math.Max(x, A), 1 - A)),
        };

        private static double Logit(double x) => Math.Log(x / (1 - x));
    }
}
