namespace Tandem.Benchmarks.Llama;

/// <summary>What a call of a language model does in a row.</summary>
/// <param name="Method">The method.</param>
/// <param name="Tokens">Tokens of a call.</param>
/// <param name="Position">Position of the first token in the first call.</param>
/// <param name="Wrap">Calls after which the position is the first one again; each call is a token further.</param>
internal sealed record LlamaCall(string Method, int Tokens, int Position, int Wrap)
{
    /// <summary>A token a call, behind 128 others.</summary>
    public static LlamaCall Decode { get; } = new("decode", 1, 128, 100);

    /// <summary>128 tokens a call.</summary>
    public static LlamaCall Prefill { get; } = new("prefill", 128, 0, 1);

    /// <summary>A short prompt.</summary>
    public static LlamaCall Prompt { get; } = new("prefill", 5, 0, 1);

    /// <summary>As many tokens as there is room for.</summary>
    public static LlamaCall FullPrefill { get; } = new("prefill", 256, 0, 1);
}
