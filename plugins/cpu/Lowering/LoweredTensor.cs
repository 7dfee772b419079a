using Tandem.Plugins.Cpu.Lowering.Constants;
using Tandem.Plugins.Cpu.Payload;
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
        : this(constant, constant.Type)
    {
    }

    /// <summary>A constant whose elements have a meaning of their own.</summary>
    public LoweredTensor(ConstantTensor constant, ElementType type)
    {
        (_constant, Order, Type) = (constant, TensorStorage.Identity(constant.Rank), type);
        Sizes = Array.ConvertAll(constant.Sizes, static size => (SymbolicInt)(long)size);
    }

    public ElementType Type { get; }

    /// <summary>The int8 codes that this tensor is the meaning of; null if it is computed in floating point.</summary>
    public LoweredTensor? Codes { get; private init; }

    /// <summary>The quantised weight that this constant is the meaning of.</summary>
    public QuantisedWeight? Weight { get; private init; }

    /// <summary>The numbers that this tensor holds after a call quantised them row by row and back. Only products with quantised weights read such a tensor.</summary>
    public LoweredTensor? Rows { get; private init; }

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

    /// <summary>The numbers that int8 codes stand for: a conversion in the payload only if something reads them as numbers.</summary>
    /// <param name="writer">The payload.</param>
    /// <param name="codes">Codes with one scale and zero point.</param>
    /// <param name="type">Type of the numbers.</param>
    public static LoweredTensor Dequantise(GraphWriter writer, LoweredTensor codes, ScalarType type) => codes.IsConstant
        ? Dequantise(QuantisedWeight.Whole(codes.Constant, (PayloadQuantization.PerTensor)codes.Type.Quantization!), type)
        : new LoweredTensor(codes.Storage.Dequantise(writer, type), codes.Order) { Codes = codes };

    /// <summary>The numbers that a quantised weight stands for, computed ahead of time if something reads them as numbers.</summary>
    public static LoweredTensor Dequantise(QuantisedWeight weight, ScalarType type) => new(weight.Dequantise(type))
    {
        Weight = weight,
        Codes = weight.PerTensor is { } parameters ? new LoweredTensor(weight.Codes, new ElementType(ScalarType.Char, parameters)) : null,
    };

    /// <summary>A tensor whose rows a call quantises.</summary>
    /// <param name="source">The numbers.</param>
    public static LoweredTensor QuantiseRows(LoweredTensor source) => source.IsConstant ? throw new LoweringRefusal("a constant is quantised when called")
        : new LoweredTensor(source.Storage, source.Order) { Rows = source };

    /// <summary>The dimensions in another order: dimension i of the result is dimension dimensions[i].</summary>
    public LoweredTensor Permute(int[] dimensions)
    {
        if (Rows is not null)
        {
            throw new LoweringRefusal("the dimensions of a tensor change places whose rows are quantised when called");
        }

        return IsConstant
            ? new LoweredTensor(Constant.Permute(dimensions), Type) { Weight = Weight?.Permute(dimensions), Codes = Codes?.Permute(dimensions) }
            : new LoweredTensor(Storage, StorageOrder(dimensions)) { Codes = Codes?.Permute(dimensions) };
    }

    /// <summary>The same elements of a constant under other sizes.</summary>
    public LoweredTensor ReshapeConstant(int[] sizes) => new(Constant.Reshape(sizes), Type)
    {
        Weight = Weight?.Reshape(sizes),
        Codes = Codes?.ReshapeConstant(sizes),
    };
}
