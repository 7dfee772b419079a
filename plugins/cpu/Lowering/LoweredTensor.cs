using Tandem.Plugins.Cpu.Lowering.Constants;
using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering;

/// <summary>A tensor of the graph while a payload is made of it: a constant, or a view on a storage with its dimensions in some order.</summary>
internal sealed class LoweredTensor
{
    private readonly TensorStorage? _storage;
    private readonly ConstantTensor? _constant;

    /// <summary>A view on a storage.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="order">Dimension i of the tensor is dimension order[i] of the storage.</param>
    public LoweredTensor(TensorStorage storage, int[] order)
    {
        (_storage, Order, Type) = (storage, order, storage.Type);
        Sizes = Array.ConvertAll(order, dimension => storage.Sizes[dimension]);
    }

    /// <summary>A constant.</summary>
    public LoweredTensor(ConstantTensor constant)
    {
        (_constant, Order, Type) = (constant, TensorStorage.Identity(constant.Rank), constant.Type);
        Sizes = Array.ConvertAll(constant.Sizes, static size => (SymbolicInt)(long)size);
    }

    public ScalarType Type { get; }

    public SymbolicInt[] Sizes { get; }

    public int Rank => Sizes.Length;

    /// <summary>Dimension i is dimension Order[i] of the storage.</summary>
    public int[] Order { get; }

    public bool IsConstant => _constant is not null;

    public ConstantTensor Constant => _constant!;

    public TensorStorage Storage => _storage!;

    /// <summary>The order of dimensions in which the tensor is produced: position i holds dimension NativeForm[i].</summary>
    public int[] NativeForm
    {
        get
        {
            var form = new int[Rank];
            for (var i = 0; i < Rank; i++)
            {
                form[Order[i]] = i;
            }

            return form;
        }
    }

    /// <summary>The storage's order for a form of this tensor, in which position i holds dimension form[i].</summary>
    public int[] StorageOrder(ReadOnlySpan<int> form)
    {
        var order = new int[form.Length];
        for (var i = 0; i < order.Length; i++)
        {
            order[i] = Order[form[i]];
        }

        return order;
    }

    /// <summary>Whether a form can be had without moving elements; constants are arranged ahead of time.</summary>
    public bool Has(ReadOnlySpan<int> form) => IsConstant || Storage.Has(StorageOrder(form));

    /// <summary>The dimensions in another order: dimension i of the result is dimension dimensions[i].</summary>
    public LoweredTensor Permute(int[] dimensions) => IsConstant ? new LoweredTensor(Constant.Permute(dimensions))
        : new LoweredTensor(Storage, StorageOrder(dimensions));
}
