namespace Tandem.Host.Lowering.Decomposition;

/// <summary>The tables that the host brings.</summary>
internal static class DecompositionTables
{
    /// <summary>Everything that the edge dialect does not have, as what it has.</summary>
    public static DecompositionTable Edge { get; } = Create();

    private static DecompositionTable Create()
    {
        var table = new DecompositionTable();
        ArithmeticDecompositions.Register(table);
        ComparisonDecompositions.Register(table);
        ActivationDecompositions.Register(table);
        ReductionDecompositions.Register(table);
        ViewDecompositions.Register(table);
        SplitDecompositions.Register(table);
        FactoryDecompositions.Register(table);
        CopyDecompositions.Register(table);
        LinearAlgebraDecompositions.Register(table);
        EinsumDecompositions.Register(table);
        AttentionDecompositions.Register(table);
        ConvolutionDecompositions.Register(table);
        PoolingDecompositions.Register(table);
        PaddingDecompositions.Register(table);
        ResamplingDecompositions.Register(table);
        NormalizationDecompositions.Register(table);
        RecurrentDecompositions.Register(table);
        IndexDecompositions.Register(table);
        LossDecompositions.Register(table);
        QuantizedDecompositions.Register(table);
        SymbolicDecompositions.Register(table);
        return table;
    }
}
