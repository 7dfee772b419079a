using System.Text;
using Tandem.Cli.Tokenization;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Cli.Tests.Tokenization;

public sealed class TokenizerFileTests
{
    private static readonly TokenizerFile Tales = TokenizerFile.Read(Repository.File("samples", "models", "tales", "tokenizer.json"));

    [Fact]
    public void TheSamplePromptHasTheIdsOfItsTraining() =>
        Assert.Equal([0, 477, 478, 258, 370, 476, 277, 258, 430, 89, 308], Tales.Encode("Once upon a time there was a fox named"));

    [Fact]
    public void BeginAndEndAreFound() => Assert.Equal((0, 1), (Tales.BeginId, Tales.EndId));

    [Theory]
    [InlineData("\"Whose red ball is this?\" he asked.")]
    [InlineData("Two  spaces,\na line, naïve café, 日本語, 🙂")]
    public void DecodingGivesTheTextBack(string text) =>
        Assert.Equal(text, Encoding.UTF8.GetString([.. Tales.Encode(text).SelectMany(id => Tales.Bytes(id).ToArray())]));

    [Fact]
    public void AnotherFileIsATypedError()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, """{"model":{"type":"Unigram"},"pre_tokenizer":{"type":"Metaspace"}}""");
        var error = Assert.Throws<TandemException>(() => TokenizerFile.Read(path));
        File.Delete(path);
        Assert.Equal(ErrorCode.TensorFileInvalid, error.Code);
        Assert.Contains("Unigram", error.Details.Found);
    }
}
