using System.Text.Json;
using Microsoft.ML.Tokenizers;
using Tandem.Sdk;

namespace Tandem.Cli.Tokenization;

/// <summary>Reads a byte-level BPE tokenizer from Hugging Face's tokenizer.json.</summary>
internal sealed class TokenizerFile
{
    private readonly BpeTokenizer _tokenizer;
    private readonly Dictionary<int, byte[]> _pieces = [];
    private readonly HashSet<int> _special = [];

    private TokenizerFile(BpeTokenizer tokenizer) => _tokenizer = tokenizer;

    /// <summary>Id that begins a text; null if the file names none.</summary>
    public int? BeginId { get; private init; }

    /// <summary>Id that ends a text; null if the file names none.</summary>
    public int? EndId { get; private init; }

    /// <summary>Reads the file.</summary>
    public static TokenizerFile Read(string path)
    {
        try
        {
            using var json = JsonDocument.Parse(File.ReadAllBytes(path));
            return Read(path, json.RootElement);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new TandemException(ErrorCode.SourceUnreadable, "the tokenizer cannot be read",
                new ErrorDetails { File = path, Found = error.Message, NextStep = "give --tokenizer tokenizer.json" }, error);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Invalid(path, "the file is not a tokenizer", error.Message, error);
        }
    }

    /// <summary>Turns text into ids, the beginning id included.</summary>
    public int[] Encode(string text)
    {
        var ids = _tokenizer.EncodeToIds(text);
        return BeginId is { } begin ? [begin, .. ids] : [.. ids];
    }

    /// <summary>The bytes of a token; a character may span several tokens. Empty for special tokens.</summary>
    public ReadOnlySpan<byte> Bytes(int id) => _special.Contains(id) || !_pieces.TryGetValue(id, out var bytes) ? [] : bytes;

    private static TokenizerFile Read(string path, JsonElement root)
    {
        var model = root.GetProperty("model");
        var preTokenizer = root.GetProperty("pre_tokenizer");
        if (model.GetProperty("type").GetString() != "BPE" || preTokenizer.GetProperty("type").GetString() != "ByteLevel")
        {
            throw Invalid(path, "this kind of tokenizer is not supported",
                $"{model.GetProperty("type")} with {preTokenizer.GetProperty("type")}");
        }

        var vocabulary = model.GetProperty("vocab").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetInt32());
        var merges = model.GetProperty("merges").EnumerateArray()
            .Select(merge => merge.ValueKind == JsonValueKind.String ? merge.GetString()! : $"{merge[0].GetString()} {merge[1].GetString()}");
        var special = root.GetProperty("added_tokens").EnumerateArray()
            .ToDictionary(token => token.GetProperty("content").GetString()!, token => token.GetProperty("id").GetInt32());
        var tokenizer = BpeTokenizer.Create(new BpeOptions(vocabulary)
        {
            Merges = merges,
            ByteLevel = true,
            PreTokenizer = new RegexPreTokenizer(ByteLevelPattern.Gpt2, special),
            SpecialTokens = special,
        });
        var file = new TokenizerFile(tokenizer)
        {
            BeginId = Find(special, "<|bos|>", "<s>", "<|begin_of_text|>", "<bos>"),
            EndId = Find(special, "<|eos|>", "</s>", "<|end_of_text|>", "<eos>"),
        };
        file._special.UnionWith(special.Values);
        foreach (var (piece, id) in vocabulary)
        {
            file._pieces[id] = ByteLevelPattern.ToBytes(piece);
        }

        return file;
    }

    private static int? Find(Dictionary<string, int> special, params string[] names)
    {
        foreach (var name in names)
        {
            if (special.TryGetValue(name, out var id))
            {
                return id;
            }
        }

        return null;
    }

    private static TandemException Invalid(string path, string problem, string found, Exception? inner = null) =>
        new(ErrorCode.TensorFileInvalid, problem, new ErrorDetails
        {
            File = path,
            Expected = "a tokenizer.json with a BPE model and a ByteLevel pre-tokenizer",
            Found = found,
        }, inner);
}
