using System.Diagnostics;
using Tandem.Host.Execution;
using Tandem.Sdk;

namespace Tandem.Host.Generation;

/// <summary>
/// Generates tokens with a language model that has a method <c>decode</c> (tokens int64 [1, 1], positions int64 [1] -> logits [1, vocabulary])
/// and, for whole prompts, a method <c>prefill</c> (tokens int64 [1, T], positions int64 [T] -> logits of the last token) over the same cache.
/// </summary>
/// <remarks>Threading: as the session, one thread at a time.</remarks>
public sealed class TokenGenerator
{
    private readonly Method? _prefill;
    private readonly Method _decode;
    private long[] _tokens = [];
    private long[] _positions = [];

    /// <summary>Creates a generator.</summary>
    /// <param name="session">The session; not owned.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.MethodNotFound"/> if there is no method decode, or a method's signature is another.</exception>
    public TokenGenerator(Session session)
    {
        _decode = session.GetMethod("decode");
        _prefill = session.Program.MethodNames.Contains("prefill") ? session.GetMethod("prefill") : null;
        CheckSignature(_decode);
        if (_prefill is not null)
        {
            CheckSignature(_prefill);
        }
    }

    /// <summary>Where the time of the last generation went.</summary>
    public GenerationStatistics Statistics { get; private set; }

    /// <summary>Generates tokens, one by one.</summary>
    /// <param name="prompt">Ids of the prompt; at least one.</param>
    /// <param name="sampling">How to choose.</param>
    /// <param name="maxNewTokens">Most tokens to generate.</param>
    /// <param name="endId">Id that ends the text; it is returned, too.</param>
    /// <param name="cancellation">Stops between tokens.</param>
    /// <returns>The new ids. The cache ends where it is full.</returns>
    public IEnumerable<int> Generate(
        IReadOnlyList<int> prompt, SamplingOptions sampling, int maxNewTokens, int? endId, CancellationToken cancellation = default)
    {
        if (prompt.Count == 0)
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "the prompt is empty",
                new ErrorDetails { Expected = "at least one token", NextStep = "begin the prompt with the model's beginning token" });
        }

        var sampler = new TokenSampler(sampling);
        var start = Stopwatch.GetTimestamp();
        var next = Prompt(prompt, sampler, cancellation);
        var promptTime = Stopwatch.GetElapsedTime(start);
        var decodeTime = TimeSpan.Zero;
        Statistics = new GenerationStatistics(prompt.Count, promptTime, 0, decodeTime);
        for (var count = 1; count <= maxNewTokens; count++)
        {
            yield return next;
            if (next == endId || count == maxNewTokens)
            {
                break;
            }

            start = Stopwatch.GetTimestamp();
            next = Step(next, prompt.Count + count - 1, sampler, cancellation);
            decodeTime += Stopwatch.GetElapsedTime(start);
            Statistics = new GenerationStatistics(prompt.Count, promptTime, count, decodeTime);
        }
    }

    private int Prompt(IReadOnlyList<int> prompt, TokenSampler sampler, CancellationToken cancellation)
    {
        // One token is below the least length that a prefill method is exported with.
        if (_prefill is null || prompt.Count == 1)
        {
            var next = 0;
            for (var i = 0; i < prompt.Count; i++)
            {
                next = Step(prompt[i], i, sampler, cancellation);
            }

            return next;
        }

        if (_tokens.Length < prompt.Count)
        {
            _tokens = new long[prompt.Count];
            _positions = new long[prompt.Count];
        }

        for (var i = 0; i < prompt.Count; i++)
        {
            (_tokens[i], _positions[i]) = (prompt[i], i);
        }

        _prefill.SetInput<long>(0, _tokens.AsSpan(0, prompt.Count), [1, prompt.Count]);
        _prefill.SetInput<long>(1, _positions.AsSpan(0, prompt.Count), [prompt.Count]);
        _prefill.Execute(cancellation);
        return Sample(_prefill, sampler);
    }

    private int Step(int token, int position, TokenSampler sampler, CancellationToken cancellation)
    {
        _decode.SetInput<long>(0, [token], [1, 1]);
        _decode.SetInput<long>(1, [position], [1]);
        _decode.Execute(cancellation);
        return Sample(_decode, sampler);
    }

    private static int Sample(Method method, TokenSampler sampler) => sampler.Next(method.GetOutput(0).AsReadOnlySpan<float>());

    private static void CheckSignature(Method method)
    {
        var info = method.Info;
        var matches = info.Inputs.Count == 2 && info.Outputs.Count == 1
            && info.Inputs.All(input => input.ScalarType == ScalarType.Long) && info.Outputs[0].ScalarType == ScalarType.Float;
        if (!matches)
        {
            throw new TandemException(ErrorCode.InputInvalid, $"the method '{info.Name}' is not one of a language model", new ErrorDetails
            {
                Location = info.Name,
                Expected = "tokens int64 [1, T] and positions int64 [T] in, logits float32 out",
                Found = $"({string.Join(", ", info.Inputs)}) -> ({string.Join(", ", info.Outputs)})",
                NextStep = "run it with 'tandem run'",
            });
        }
    }
}
