using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Pointwise;

/// <summary>Copies, with or without another dtype or dim order.</summary>
internal static unsafe class CopyKernels
{
    internal static void Register(KernelRegistry registry)
    {
        foreach (var name in new[]
        {
            "aten::clone.out", "aten::alias_copy.out", "aten::detach_copy.out", "aten::lift_fresh_copy.out", "aten::_to_copy.out",
            "dim_order_ops::_clone_dim_order.out", "dim_order_ops::_to_dim_order_copy.out", "et_copy::_h2d_copy.out", "et_copy::_d2h_copy.out",
        })
        {
            registry.Add(name, (_, arguments) =>
            {
                var (input, output) = (arguments.Tensor(0), arguments.Tensor(arguments.Count - 1));
                output.Resize(input.Sizes);
                Convert(input, output);
            });
        }

        registry.Add("aten::copy.out", Copy).Add("aten::copy_", CopyInPlace);
    }

    /// <summary>Copies with broadcasting, dtype and dim order of the output.</summary>
    internal static void Convert(TensorView input, TensorView output)
    {
        if (input.ScalarType == output.ScalarType && input.Sizes.SequenceEqual(output.Sizes))
        {
            if (input.Data != output.Data)
            {
                BlockCopy.Copy(input, output);
            }

            return;
        }

        if (input.ScalarType.IsComplex() || output.ScalarType.IsComplex())
        {
            throw Elements.NotSupported(input.ScalarType.IsComplex() ? input.ScalarType : output.ScalarType);
        }

        var body = new ConvertRow { Input = input.ScalarType, Output = output.ScalarType };
        Common.Pointwise.Run(ref body, output, input);
    }

    // copy(self, src): the shape and dtype of self, the values of src.
    private static void Copy(KernelContext context, Arguments arguments)
    {
        var (self, source, output) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(arguments.Count - 1));
        output.Resize(self.Sizes);
        Convert(source, output);
    }

    private static void CopyInPlace(KernelContext context, Arguments arguments)
    {
        var (self, source) = (arguments.Tensor(0), arguments.Tensor(1));
        Dims.Check(!self.IsReadOnly, "a constant cannot be copied into");
        Convert(source, self);
        var output = arguments.Tensor(arguments.Count - 1);
        if (!ReferenceEquals(output, self) && output.Data != self.Data)
        {
            output.Resize(self.Sizes);
            Convert(self, output);
        }
    }

    private struct ConvertRow : IRowBody
    {
        internal ScalarType Input;
        internal ScalarType Output;

        public readonly void Row(byte** pointers, long* strides, long count)
        {
            for (long i = 0; i < count; i++)
            {
                var target = pointers[0] + (i * strides[0]);
                var source = pointers[1] + (i * strides[1]);
                if (Input.IsFloatingPoint())
                {
                    Elements.Store(target, Output, Elements.LoadDouble(source, Input));
                }
                else if (Input == ScalarType.UInt64 && Output.IsFloatingPoint())
                {
                    Elements.Store(target, Output, (double)*(ulong*)source);
                }
                else
                {
                    Elements.Store(target, Output, Elements.LoadLong(source, Input));
                }
            }
        }
    }
}
