using Tandem.Sdk;

namespace Tandem.Host.Generation;

/// <summary>Chooses token ids from logits. Allocates nothing after its first call.</summary>
public sealed class TokenSampler
{
    private readonly SamplingOptions _options;
    private readonly Random _random;
    private float[] _probabilities = [];
    private int[] _order = [];

    /// <summary>Creates a sampler.</summary>
    /// <param name="options">How to choose.</param>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArgumentInvalid"/>: temperature or top-p out of range.</exception>
    public TokenSampler(SamplingOptions options)
    {
        if (!(options.Temperature >= 0) || !(options.TopP > 0 && options.TopP <= 1))
        {
            throw new TandemException(ErrorCode.ArgumentInvalid, "the sampling options are out of range", new ErrorDetails
            {
                Expected = "temperature 0 or more, top-p over 0 and at most 1",
                Found = $"temperature {options.Temperature}, top-p {options.TopP}",
            });
        }

        _options = options;
        _random = new Random(options.Seed);
    }

    /// <summary>Chooses a token.</summary>
    /// <param name="logits">One logit a token; not changed.</param>
    /// <returns>The token's id.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.OutputInvalid"/>: no logit is a number.</exception>
    public int Next(ReadOnlySpan<float> logits)
    {
        var best = Greatest(logits);
        if (_options.Temperature == 0)
        {
            return best;
        }

        if (_probabilities.Length != logits.Length)
        {
            _probabilities = new float[logits.Length];
            _order = new int[logits.Length];
        }

        var sum = 0.0;
        for (var i = 0; i < logits.Length; i++)
        {
            var weight = Math.Exp((logits[i] - logits[best]) / _options.Temperature);
            _probabilities[i] = double.IsNaN(weight) ? 0 : (float)weight;
            _order[i] = i;
            sum += _probabilities[i];
        }

        // Descending by probability: the nucleus is a prefix.
        Array.Sort(_probabilities, _order);
        Array.Reverse(_probabilities);
        Array.Reverse(_order);
        var (kept, nucleus) = (0, 0.0);
        while (kept < _order.Length && (kept == 0 || nucleus < _options.TopP * sum))
        {
            nucleus += _probabilities[kept++];
        }

        var target = _random.NextDouble() * nucleus;
        for (var i = 0; i < kept; i++)
        {
            target -= _probabilities[i];
            if (target < 0)
            {
                return _order[i];
            }
        }

        return _order[kept - 1];
    }

    private static int Greatest(ReadOnlySpan<float> logits)
    {
        var best = -1;
        for (var i = 0; i < logits.Length; i++)
        {
            if (best < 0 ? !float.IsNaN(logits[i]) : logits[i] > logits[best])
            {
                best = i;
            }
        }

        return best >= 0 ? best : throw new TandemException(ErrorCode.OutputInvalid, "no logit is a number", new ErrorDetails
        {
            Expected = "at least one finite logit",
            Found = $"{logits.Length} logits, all NaN or none",
        });
    }
}
