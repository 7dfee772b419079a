namespace Tandem.Plugins.Cpu.Kernels;

/// <summary>What a tile kernel of <see cref="QuantizedTiles{TByte, V, TSimd, F}"/> reads.</summary>
internal unsafe struct QuantizedTileArguments
{
    /// <summary>First of the tile's rows of activations, as <see cref="RowQuantizer"/> writes them.</summary>
    public byte* Rows;

    /// <summary>Bytes from one row to the next.</summary>
    public nint RowStride;

    /// <summary>Parameters of the tile's rows.</summary>
    public RowQuantization* Parameters;

    /// <summary>bfloat16 scales of the first panel and group, if scales stand with the weights.</summary>
    public byte* Scales;

    /// <summary>Weights of the first panel and block.</summary>
    public byte* Weights;

    /// <summary>Number of groups that share a scale.</summary>
    public nint GroupCount;

    /// <summary>Blocks of 32 steps of K in a group.</summary>
    public nint BlocksPerGroup;

    /// <summary>Bytes from one block to the next within a group.</summary>
    public nint BlockStep;

    /// <summary>Bytes from one group to the next.</summary>
    public nint GroupStep;

    /// <summary>For each column the sum of its weights: as an integer, or as a float with scales applied.</summary>
    public byte* ColumnSums;

    public float* Bias;

    /// <summary>A scale for each column, if it has one for the whole of K.</summary>
    public float* ChannelScales;

    /// <summary>First element of the tile's results.</summary>
    public float* C;

    /// <summary>Elements from one row of results to the next.</summary>
    public nint CStride;

    /// <summary>Columns of the last panel that exist.</summary>
    public nint LastLanes;

    /// <summary>Scratch for rows by panels registers of sums.</summary>
    public float* Sums;

    /// <summary>Weights that are read next: a tile of several rows in machine code fetches them, twice as many bytes as it reads of a row of activations.</summary>
    public byte* NextWeights;

    public float Min;

    public float Max;

    /// <summary>Whether there are bounds.</summary>
    public bool IsBounded;
}
