using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>The kernels of one rung, as addresses; tiles are for one format of weights. A kernel is compiled when it is first called.</summary>
internal sealed unsafe class KernelSet
{
    private const int FormatCount = (int)WeightFormat.BFloat16 + 1;

    private static readonly KernelSet?[] Sets = new KernelSet?[((int)InstructionSet.Avx512Vnni + 1) * FormatCount];

    private readonly nint[] _tiles = new nint[(9 * 8) + 8];

    private KernelSet(InstructionSet instructionSet, WeightFormat format, int width, int registers)
    {
        InstructionSet = instructionSet;
        Format = format;
        Width = width;
        RegisterCount = registers;
        MaxRows = registers >= 32 ? 8 : 6;
    }

    public InstructionSet InstructionSet { get; }

    /// <summary>What the tiles read as right-hand side.</summary>
    public WeightFormat Format { get; }

    /// <summary>Bytes of an element of it.</summary>
    public int WeightBytes => Format == WeightFormat.Float32 ? sizeof(float) : sizeof(ushort);

    /// <summary>Lanes of a register, which is the width of a packed panel.</summary>
    public int Width { get; }

    public int RegisterCount { get; }

    /// <summary>Rows of the tile that large products are cut into.</summary>
    public int MaxRows { get; }

    public delegate*<DepthwiseArguments*, void> Depthwise { get; private set; }

    public delegate*<DepthwiseArguments*, void> Depthwise3x3 { get; private set; }

    public delegate*<DepthwiseArguments*, void> Depthwise5x5 { get; private set; }

    public delegate*<WinogradInputArguments*, void> WinogradInput { get; private set; }

    public delegate*<WinogradFilterArguments*, void> WinogradFilter { get; private set; }

    public delegate*<WinogradOutputArguments*, void> WinogradOutput { get; private set; }

    public delegate*<float*, float*, nint, nint, nint, float*, float, float, void> Dot { get; private set; }

    /// <summary>The float kernels that serve a rung that this CPU runs.</summary>
    public static KernelSet For(InstructionSet instructionSet, WeightFormat format = WeightFormat.Float32)
    {
        var set = Volatile.Read(ref Sets[((int)instructionSet * FormatCount) + (int)format]);
        if (set is not null)
        {
            return set;
        }

        if (!CpuFeatures.IsSupported(instructionSet))
        {
            throw new ArgumentOutOfRangeException(nameof(instructionSet), instructionSet, "this CPU does not have it");
        }

        if (CpuFeatures.ToFloat(instructionSet) != instructionSet)
        {
            return For(CpuFeatures.ToFloat(instructionSet), format);
        }

        set = instructionSet switch
        {
            InstructionSet.Avx512 => Create<SimdAvx512, Vector512<float>>(instructionSet, format),
            InstructionSet.Avx2 => Create<SimdAvx2, Vector256<float>>(instructionSet, format),
            InstructionSet.AdvSimd => Create<SimdAdvSimd, Vector128<float>>(instructionSet, format),
            InstructionSet.Vector128 => Create<SimdVector128, Vector128<float>>(instructionSet, format),
            _ => Create<SimdScalar, float>(instructionSet, format),
        };
        Volatile.Write(ref Sets[((int)instructionSet * FormatCount) + (int)format], set);
        return set;
    }

    /// <summary>The kernel for a tile of rows by panels; <paramref name="panels"/> is at most <see cref="MaxPanels"/>.</summary>
    public delegate*<TileArguments*, void> Tile(int rows, int panels) => (delegate*<TileArguments*, void>)_tiles[(rows * 8) + panels];

    /// <summary>Most panels that a tile of so many rows keeps in registers.</summary>
    public int MaxPanels(int rows) => RegisterCount >= 32
        ? (rows <= 4 ? 4 : 2)
        : (rows <= 2 ? 4 : rows <= 4 ? 3 : rows <= 6 ? 2 : 1);

    /// <summary>
    /// Compiles the kernels that a product of up to so many rows and panels uses. A program that loads calls it from a thread that has nothing
    /// else to do, so that its first run does not wait for the JIT.
    /// </summary>
    public void Compile(int rows, int panelCount)
    {
        if (rows <= 0 || panelCount <= 0)
        {
            return;
        }

        var (tileRows, largerTiles, maxPanels) = TileRunner.Tiles(this, rows, panelCount, isPacked: true);
        for (var panels = 1; panels <= Math.Min(maxPanels, panelCount); panels++)
        {
            if (!TileRunner.Takes(panelCount, maxPanels, panels))
            {
                continue;
            }

            Compile(Tile(tileRows, panels));
            if (largerTiles > 0)
            {
                Compile(Tile(tileRows + 1, panels));
            }
        }
    }

    /// <summary>Compiles every tile.</summary>
    public void CompileAll(CancellationToken cancellationToken)
    {
        for (var rows = 1; rows <= MaxRows; rows++)
        {
            for (var panels = 1; panels <= MaxPanels(rows); panels++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Compile(Tile(rows, panels));
            }
        }
    }

    /// <summary>Compiles Winograd's transforms.</summary>
    [SkipLocalsInit]
    public void CompileWinograd()
    {
        WinogradInputArguments input = default;
        WinogradFilterArguments filter = default;
        WinogradOutputArguments output = default;
        WinogradInput(&input);
        WinogradFilter(&filter);
        WinogradOutput(&output);
    }

    // A tile without segments stores its initial values.
    [SkipLocalsInit]
    private void Compile(delegate*<TileArguments*, void> tile)
    {
        var values = stackalloc float[4 * 16];
        var rows = stackalloc float*[8];
        var t = new TileArguments { Rows = rows, Init = values, C = values, LastLanes = Width };
        tile(&t);
    }

    private static KernelSet Create<TSimd, V>(InstructionSet instructionSet, WeightFormat format)
        where TSimd : struct, ISimd<V>
        where V : unmanaged
    {
        var set = new KernelSet(instructionSet, format, TSimd.Width, TSimd.RegisterCount);
        for (var rows = 1; rows <= 8; rows++)
        {
            for (var panels = 1; panels <= 4; panels++)
            {
                set._tiles[(rows * 8) + panels] = format switch
                {
                    WeightFormat.Float32 => (nint)F32Gemm<TSimd, V, Float32Weights<TSimd, V>, float>.Kernel(rows, panels),
                    WeightFormat.Float16 => (nint)F32Gemm<TSimd, V, Float16Weights<TSimd, V>, ushort>.Kernel(rows, panels),
                    WeightFormat.FiniteFloat16 => (nint)F32Gemm<TSimd, V, FiniteFloat16Weights<TSimd, V>, ushort>.Kernel(rows, panels),
                    _ => (nint)F32Gemm<TSimd, V, BFloat16Weights<TSimd, V>, ushort>.Kernel(rows, panels),
                };
            }
        }

        set.Depthwise = &F32Depthwise<TSimd, V>.Row;
        set.Depthwise5x5 = &F32Depthwise<TSimd, V>.Row5x5;
        set.Depthwise3x3 = &F32Depthwise<TSimd, V>.Row3x3;
        set.WinogradInput = &F32Winograd<TSimd, V>.Input;
        set.WinogradFilter = format switch
        {
            WeightFormat.Float32 => &F32Winograd<TSimd, V>.Filter<Float32Weights<TSimd, V>, float>,
            WeightFormat.Float16 => &F32Winograd<TSimd, V>.Filter<Float16Weights<TSimd, V>, ushort>,
            WeightFormat.FiniteFloat16 => &F32Winograd<TSimd, V>.Filter<FiniteFloat16Weights<TSimd, V>, ushort>,
            _ => &F32Winograd<TSimd, V>.Filter<BFloat16Weights<TSimd, V>, ushort>,
        };
        set.WinogradOutput = &F32Winograd<TSimd, V>.Output;
        set.Dot = &F32Dot<TSimd, V>.Rows;
        return set;
    }
}
