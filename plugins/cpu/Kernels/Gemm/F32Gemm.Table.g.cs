// Written by F32GemmGenerator; do not edit.
namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class F32Gemm<TSimd, V, TWeights, E>
{
    /// <summary>The kernel of a number of rows and registers of columns.</summary>
    public static delegate*<TileArguments*, void> Kernel(int rows, int panels)
    {
        switch ((rows * 8) + panels)
        {
            case 9:
                return &Tile1x1;
            case 10:
                return &Tile1x2;
            case 11:
                return &Tile1x3;
            case 12:
                return &Tile1x4;
            case 17:
                return &Tile2x1;
            case 18:
                return &Tile2x2;
            case 19:
                return &Tile2x3;
            case 20:
                return &Tile2x4;
            case 25:
                return &Tile3x1;
            case 26:
                return &Tile3x2;
            case 27:
                return &Tile3x3;
            case 28:
                return &Tile3x4;
            case 33:
                return &Tile4x1;
            case 34:
                return &Tile4x2;
            case 35:
                return &Tile4x3;
            case 36:
                return &Tile4x4;
            case 41:
                return &Tile5x1;
            case 42:
                return &Tile5x2;
            case 49:
                return &Tile6x1;
            case 50:
                return &Tile6x2;
            case 57:
                return &Tile7x1;
            case 58:
                return &Tile7x2;
            case 65:
                return &Tile8x1;
            case 66:
                return &Tile8x2;
            default:
                return null;
        }
    }
}
