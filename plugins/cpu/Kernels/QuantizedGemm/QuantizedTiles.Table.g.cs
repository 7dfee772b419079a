// Written by QuantizedTilesGenerator; do not edit.
namespace Tandem.Plugins.Cpu.Kernels;

internal static unsafe partial class QuantizedTiles<TByte, V, TSimd, F>
{
    private static delegate*<QuantizedTileArguments*, void> Int4Block32(int rows, int panels)
    {
        switch ((rows * 4) + panels)
        {
            case 5:
                return &Int4Block32Tile1x1;
            case 9:
                return &Int4Block32Tile2x1;
            case 13:
                return &Int4Block32Tile3x1;
            case 17:
                return &Int4Block32Tile4x1;
            case 6:
                return &Int4Block32Tile1x2;
            case 10:
                return &Int4Block32Tile2x2;
            case 14:
                return &Int4Block32Tile3x2;
            case 18:
                return &Int4Block32Tile4x2;
            case 22:
                return &Int4Block32Tile5x2;
            case 26:
                return &Int4Block32Tile6x2;
            default:
                return null;
        }
    }

    private static delegate*<QuantizedTileArguments*, void> Int4Group(int rows, int panels)
    {
        switch ((rows * 4) + panels)
        {
            case 5:
                return &Int4GroupTile1x1;
            case 9:
                return &Int4GroupTile2x1;
            case 13:
                return &Int4GroupTile3x1;
            case 17:
                return &Int4GroupTile4x1;
            case 6:
                return &Int4GroupTile1x2;
            case 10:
                return &Int4GroupTile2x2;
            case 14:
                return &Int4GroupTile3x2;
            case 18:
                return &Int4GroupTile4x2;
            case 22:
                return &Int4GroupTile5x2;
            case 26:
                return &Int4GroupTile6x2;
            default:
                return null;
        }
    }

    private static delegate*<QuantizedTileArguments*, void> Int4Channel(int rows, int panels)
    {
        switch ((rows * 4) + panels)
        {
            case 5:
                return &Int4ChannelTile1x1;
            case 9:
                return &Int4ChannelTile2x1;
            case 13:
                return &Int4ChannelTile3x1;
            case 17:
                return &Int4ChannelTile4x1;
            case 6:
                return &Int4ChannelTile1x2;
            case 10:
                return &Int4ChannelTile2x2;
            case 14:
                return &Int4ChannelTile3x2;
            case 18:
                return &Int4ChannelTile4x2;
            case 22:
                return &Int4ChannelTile5x2;
            case 26:
                return &Int4ChannelTile6x2;
            default:
                return null;
        }
    }

    private static delegate*<QuantizedTileArguments*, void> Int8Dot(int rows, int panels)
    {
        switch ((rows * 4) + panels)
        {
            case 5:
                return &Int8DotTile1x1;
            case 9:
                return &Int8DotTile2x1;
            case 13:
                return &Int8DotTile3x1;
            case 17:
                return &Int8DotTile4x1;
            case 6:
                return &Int8DotTile1x2;
            case 10:
                return &Int8DotTile2x2;
            case 14:
                return &Int8DotTile3x2;
            case 18:
                return &Int8DotTile4x2;
            case 22:
                return &Int8DotTile5x2;
            case 26:
                return &Int8DotTile6x2;
            default:
                return null;
        }
    }

    private static delegate*<QuantizedTileArguments*, void> Int8Wide(int rows, int panels)
    {
        switch ((rows * 4) + panels)
        {
            case 5:
                return &Int8WideTile1x1;
            case 9:
                return &Int8WideTile2x1;
            case 13:
                return &Int8WideTile3x1;
            case 17:
                return &Int8WideTile4x1;
            case 6:
                return &Int8WideTile1x2;
            case 10:
                return &Int8WideTile2x2;
            case 14:
                return &Int8WideTile3x2;
            case 18:
                return &Int8WideTile4x2;
            case 22:
                return &Int8WideTile5x2;
            case 26:
                return &Int8WideTile6x2;
            default:
                return null;
        }
    }
}
