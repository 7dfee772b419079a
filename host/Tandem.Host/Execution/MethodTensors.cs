using System.Numerics.Tensors;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>Inputs and outputs of a method as the tensors of System.Numerics.Tensors.</summary>
public static unsafe class MethodTensors
{
    /// <summary>Sets a tensor input by copying a tensor of any strides.</summary>
    /// <typeparam name="T">Type of the elements, of the input's element type.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="index">Position of the input.</param>
    /// <param name="tensor">The elements; rank and sizes within the input's bounds.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.InputInvalid"/> or <see cref="ErrorCode.ShapeExceedsBound"/>.</exception>
    public static void SetInput<T>(this Method method, int index, in ReadOnlyTensorSpan<T> tensor)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(method);
        Span<int> sizes = stackalloc int[TensorLayout.MaxRank];
        sizes = Narrow(method, index, tensor.Lengths, sizes);
        if (tensor.IsDense)
        {
            fixed (T* data = &tensor.GetPinnableReference())
            {
                method.SetInput(index, new ReadOnlySpan<T>(data, checked((int)tensor.FlattenedLength)), sizes);
            }

            return;
        }

        var dense = new T[checked((int)tensor.FlattenedLength)];
        tensor.FlattenTo(dense);
        method.SetInput(index, dense, sizes);
    }

    /// <summary>Sets a tensor input by copying.</summary>
    /// <typeparam name="T">Type of the elements, of the input's element type.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="index">Position of the input.</param>
    /// <param name="tensor">The elements.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.InputInvalid"/> or <see cref="ErrorCode.ShapeExceedsBound"/>.</exception>
    public static void SetInput<T>(this Method method, int index, Tensor<T> tensor)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        method.SetInput(index, tensor.AsReadOnlyTensorSpan());
    }

    /// <summary>A tensor output in place, without copying; other dim orders appear as strides.</summary>
    /// <typeparam name="T">Type of the elements, of the output's element type.</typeparam>
    /// <param name="method">The method.</param>
    /// <param name="index">Position of the output.</param>
    /// <returns>The elements; valid as long as the output is (see <see cref="Method"/>).</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OutputInvalid"/>: no such output, no tensor, or elements of another type.</exception>
    public static ReadOnlyTensorSpan<T> GetOutputSpan<T>(this Method method, int index)
        where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(method);
        var tensor = method.GetOutput(index);
        if (sizeof(T) != tensor.ElementSize || !ElementTypes.Matches<T>(tensor.ScalarType))
        {
            throw new TandemException(ErrorCode.OutputInvalid, "the element type is another", new ErrorDetails
            {
                Location = $"{method.Info.Name} output {index}",
                Expected = typeof(T).Name,
                Found = tensor.ScalarType.TorchName(),
            });
        }

        Span<nint> lengths = stackalloc nint[tensor.Rank];
        Span<nint> strides = stackalloc nint[tensor.Rank];
        for (var i = 0; i < lengths.Length; i++)
        {
            lengths[i] = tensor.Sizes[i];

            // A span takes a stride only where there is something to step over.
            strides[i] = tensor.Sizes[i] <= 1 ? 0 : (nint)tensor.Strides[i];
        }

        return tensor.ElementCount == 0 || tensor.Rank == 0
            ? new ReadOnlyTensorSpan<T>((T*)tensor.Data, (nint)tensor.ElementCount, lengths)
            : new ReadOnlyTensorSpan<T>((T*)tensor.Data, (nint)tensor.ElementCount, lengths, strides);
    }

    private static Span<int> Narrow(Method method, int index, ReadOnlySpan<nint> lengths, Span<int> sizes)
    {
        if (lengths.Length > sizes.Length)
        {
            throw new TandemException(ErrorCode.InputInvalid, "the tensor has too many dimensions", new ErrorDetails
            {
                Location = $"{method.Info.Name} input {index}",
                Expected = $"at most {sizes.Length}",
                Found = lengths.Length.ToString(),
            });
        }

        for (var i = 0; i < lengths.Length; i++)
        {
            sizes[i] = checked((int)lengths[i]);
        }

        return sizes[..lengths.Length];
    }
}
