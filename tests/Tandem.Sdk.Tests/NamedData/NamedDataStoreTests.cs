using CsCheck;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Sdk.Tests.NamedData;

public sealed class NamedDataStoreTests
{
    private readonly NamedDataStore _store = new();

    [Fact]
    public void I2_D9_equal_content_is_stored_once_under_any_number_of_keys()
    {
        Assert.True(_store.Add("a", Content(100, 1)));
        Assert.True(_store.Add("b", Content(100, 1), externalTag: "weights"));
        Assert.True(_store.Add("c", Content(100, 2)));
        Assert.Equal([0, 0, 1], _store.Entries.Select(entry => entry.BlobIndex));
        Assert.Equal(2, _store.Blobs.Count);
        Assert.Equal(["weights"], _store.ExternalTags);
    }

    [Fact]
    public void I1_a_key_with_other_bytes_is_refused_and_both_origins_are_named()
    {
        _store.Add("w", Content(64, 1, "prefill[0]"));
        foreach (var other in new[] { Content(64, 2, "decode[0]"), Content(63, 1, "decode[0]"), Content(0, 1, "decode[0]") })
        {
            var error = Expect.Error(ErrorCode.NamedDataConflict, () => _store.Add("w", other, externalTag: "elsewhere"));
            Assert.Contains("prefill[0]", error.Message);
            Assert.Contains("decode[0]", error.Message);
        }

        Assert.Single(_store.Blobs);
        Assert.Equal("prefill[0]", _store.Find("w")!.Origin);
    }

    [Fact]
    public void I1_a_key_with_equal_bytes_keeps_its_first_place()
    {
        var layout = new TensorLayout(ScalarType.Float, [16]);
        _store.Add("w", Content(64, 1), externalTag: "first");
        Assert.False(_store.Add("w", Content(64, 1), externalTag: "second", layout: layout));
        Assert.Equal(("first", layout), (_store.Find("w")!.ExternalTag, _store.Find("w")!.Layout));
        Expect.Error(ErrorCode.NamedDataConflict, () => _store.Add("w", Content(64, 1), layout: new TensorLayout(ScalarType.Float, [4, 4])));
    }

    [Theory]
    [InlineData(4, 6, 12)]
    [InlineData(16, 64, 64)]
    [InlineData(1, 1, 1)]
    [InlineData(12, 16, 48)]
    public void I12_D10_the_alignment_is_the_least_common_multiple(int first, int second, int expected)
    {
        _store.Add("a", Content(64, 1), first);
        _store.Add("b", Content(64, 1), second);
        Assert.Equal(expected, _store.Blobs[0].Alignment);
        _store.Add("c", Content(64, 2), second);
        _store.Add("c", Content(64, 2), first);
        Assert.Equal(expected, _store.Blobs[1].Alignment);
    }

    [Fact]
    public void An_add_that_is_refused_changes_nothing()
    {
        _store.Add("a", Content(64, 1), int.MaxValue);
        Expect.Error(ErrorCode.ArgumentInvalid, () => _store.Add("b", Content(64, 1), int.MaxValue - 1));
        Expect.Error(ErrorCode.ArgumentInvalid, () => _store.Add("b", Content(64, 1), 0));
        Expect.Error(ErrorCode.ArgumentInvalid, () => _store.Add("", Content(64, 1)));
        Expect.Error(ErrorCode.NamedDataMismatch, () => _store.Add("b", Content(64, 1), layout: new TensorLayout(ScalarType.Float, [15])));
        Assert.Equal(["a"], _store.Entries.Select(entry => entry.Key));
        Assert.Equal(int.MaxValue, _store.Blobs[0].Alignment);
    }

    [Fact]
    public void D19_only_contents_of_equal_length_and_beginning_are_hashed()
    {
        var first = Content(1000, 1);
        var other = Content(1000, 2);
        var longer = Content(1001, 1);
        _store.Add("a", first);
        _store.Add("b", other);
        _store.Add("c", longer);
        Assert.False(first.IsHashed || other.IsHashed || longer.IsHashed);

        var bytes = Bytes(1000, 1);
        bytes[999] ^= 1;
        var similar = DataContent.FromMemory(bytes, "similar");
        _store.Add("d", similar);
        Assert.True(first.IsHashed && similar.IsHashed);
        Assert.False(other.IsHashed);
        Assert.Equal(4, _store.Blobs.Count);
    }

    [Fact]
    public void Empty_content_is_legal_and_differs_from_zeros()
    {
        _store.Add("empty", Content(0, 0));
        _store.Add("zeros", DataContent.FromMemory(new byte[32], "zeros"));
        _store.Add("also empty", Content(0, 0));
        Assert.Equal([0, 1, 0], _store.Entries.Select(entry => entry.BlobIndex));
    }

    [Fact]
    public void D17_a_content_key_is_the_hash()
    {
        var content = Content(50, 1);
        Assert.Equal(content.ContentHash, _store.AddByContent(content, 16));
        Assert.Equal("scale_" + content.ContentHash, _store.AddByContent(Content(50, 1), 16, "scale_"));
        Assert.Equal(64, content.ContentHash.Length);
        Assert.Single(_store.Blobs);
        Assert.True(_store.Contains(content.ContentHash));
        Assert.False(_store.Contains("absent"));
    }

    [Fact]
    public void I2_a_merge_follows_the_rules_of_add_and_takes_the_program_first()
    {
        var other = new NamedDataStore();
        other.Add("e1", Content(64, 1), 6, "file");
        other.Add("p1", Content(64, 2), 4);
        other.Add("e2", Content(64, 3), 1, "second");
        other.Add("e3", Content(64, 4), 1, "file");
        _store.Add("own", Content(64, 1), 4);
        _store.Merge(other);
        Assert.Equal(["own", "p1", "e1", "e3", "e2"], _store.Entries.Select(entry => entry.Key));
        Assert.Equal(4, _store.Blobs.Count);
        Assert.Equal(12, _store.Blobs[0].Alignment);
        Assert.Equal(["file", "second"], _store.ExternalTags);
        _store.Merge(_store);
        _store.Merge(other);
        Assert.Equal(5, _store.Entries.Count);
    }

    [Fact]
    public void I1_a_refused_merge_changes_nothing()
    {
        var other = new NamedDataStore();
        other.Add("fine", Content(64, 5));
        other.Add("w", Content(64, 6));
        _store.Add("w", Content(64, 7));
        Expect.Error(ErrorCode.NamedDataConflict, () => _store.Merge(other));
        Assert.Equal(["w"], _store.Entries.Select(entry => entry.Key));
    }

    [Fact]
    public void I3_equal_calls_give_equal_stores_and_every_key_its_bytes()
    {
        var calls = Gen.Select(Gen.Int[0, 9], Gen.Int[0, 5], Gen.Int[0, 80], Gen.Int[1, 8], Gen.Int[0, 2]).Array[0, 30];
        calls.Sample(list =>
        {
            var (first, second) = (new NamedDataStore(), new NamedDataStore());
            var model = new Dictionary<string, byte[]>();
            foreach (var (key, seed, length, alignment, tag) in list)
            {
                var bytes = Bytes(length, seed);
                var refused = model.TryGetValue($"{key}", out var known) && !known.AsSpan().SequenceEqual(bytes);
                foreach (var store in new[] { first, second })
                {
                    void Add() => store.Add($"{key}", DataContent.FromMemory(bytes, "test"), alignment, tag == 0 ? null : $"{tag}");
                    if (refused)
                    {
                        Expect.Error(ErrorCode.NamedDataConflict, Add);
                    }
                    else
                    {
                        Add();
                    }
                }

                model.TryAdd($"{key}", bytes);
            }

            Assert.Equal(first.Entries, second.Entries);
            Assert.Equal(model.Keys.Order(), first.Entries.Select(entry => entry.Key).Order());
            Assert.Equal(model.Values.Select(Convert.ToHexString).Distinct().Count(), first.Blobs.Count);
            Assert.All(first.Entries, entry =>
            {
                var stored = new byte[first.Blobs[entry.BlobIndex].Content.Length];
                first.Blobs[entry.BlobIndex].Content.Read(0, stored);
                Assert.Equal(model[entry.Key], stored);
            });
        }, iter: 200);
    }

    private static byte[] Bytes(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static DataContent Content(int length, int seed, string origin = "test") => DataContent.FromMemory(Bytes(length, seed), origin);
}
