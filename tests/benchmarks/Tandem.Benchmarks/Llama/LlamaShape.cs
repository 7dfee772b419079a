namespace Tandem.Benchmarks.Llama;

/// <summary>Sizes of a llama.</summary>
internal sealed record LlamaShape(int Width, int Layers, int Heads, int Hidden, int Vocabulary, int Context)
{
    /// <summary>The llama of 110 million parameters.</summary>
    public static LlamaShape Of110M { get; } = new(768, 12, 12, 2048, 32000, 256);

    /// <summary>Elements of a head.</summary>
    public int HeadWidth => Width / Heads;

    /// <summary>Elements of the weights of linear layers, the head of the vocabulary included: each is read once for a token.</summary>
    public long LinearElements => ((long)Layers * ((4L * Width * Width) + (3L * Width * Hidden))) + ((long)Vocabulary * Width);

    /// <summary>Bytes of the key/value cache.</summary>
    public long CacheBytes => 2L * Layers * Context * Width * sizeof(float);
}
