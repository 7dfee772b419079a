using Tandem.Host.Generation;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Generation;

public sealed class TokenSamplerTests
{
    [Fact]
    public void GreedyTakesTheFirstGreatestLogitAndSkipsNaN() =>
        Assert.Equal(2, new TokenSampler(new SamplingOptions()).Next([float.NaN, 1, 5, 5, float.NegativeInfinity]));

    [Fact]
    public void EqualSeedsGiveEqualTokens()
    {
        float[] logits = [0.1f, 0.2f, 0.3f, 0.4f];
        var options = new SamplingOptions { Temperature = 1, Seed = 7 };
        var (a, b) = (new TokenSampler(options), new TokenSampler(options));
        Assert.Equal(Enumerable.Range(0, 50).Select(_ => a.Next(logits)), Enumerable.Range(0, 50).Select(_ => b.Next(logits)));
    }

    [Fact]
    public void FrequenciesFollowTheSoftmax()
    {
        var sampler = new TokenSampler(new SamplingOptions { Temperature = 0.5, Seed = 1 });
        float[] logits = [0, (float)Math.Log(3) / 2];
        var ones = Enumerable.Range(0, 20_000).Count(_ => sampler.Next(logits) == 1);
        Assert.InRange(ones / 20_000.0, 0.735, 0.765);
    }

    [Fact]
    public void TopPKeepsTheSmallestNucleus()
    {
        var sampler = new TokenSampler(new SamplingOptions { Temperature = 1, TopP = 0.6, Seed = 3 });
        float[] logits = [(float)Math.Log(0.5), (float)Math.Log(0.3), (float)Math.Log(0.2)];
        Assert.All(Enumerable.Range(0, 1000).Select(_ => sampler.Next(logits)), id => Assert.InRange(id, 0, 1));
    }

    [Theory]
    [InlineData(-1, 1)]
    [InlineData(double.NaN, 1)]
    [InlineData(1, 0)]
    [InlineData(1, 1.5)]
    public void OptionsOutOfRangeAreRefused(double temperature, double topP) => Assert.Equal(ErrorCode.ArgumentInvalid,
        Assert.Throws<TandemException>(() => new TokenSampler(new SamplingOptions { Temperature = temperature, TopP = topP })).Code);

    [Fact]
    public void LogitsWithoutANumberAreATypedError() => Assert.Equal(ErrorCode.OutputInvalid,
        Assert.Throws<TandemException>(() => new TokenSampler(new SamplingOptions()).Next([float.NaN])).Code);
}
