using System.Text;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Sdk.Tests.Lowering;

public sealed class PreprocessorTests
{
    private readonly Lowered _unequal = new(("prefill", [null, null, null]), ("decode", [null]));

    [Fact]
    public void I7_R3_a_backend_with_the_one_partition_form_is_called_for_each_in_order()
    {
        var backend = new OneByOne();
        using IBackendPreprocessor preprocessor = backend;
        var results = PreprocessResult.Check(_unequal, preprocessor.Preprocess(_unequal));
        Assert.Equal(["prefill[0]", "prefill[1]", "prefill[2]", "decode[0]"], backend.Calls);
        Assert.Equal(backend.Calls, results.Select(result => Text(result.Processed)));
    }

    [Fact]
    public void I6_I9_a_backend_sees_unequal_methods_at_once_and_may_return_one_payload_for_several()
    {
        using IBackendPreprocessor preprocessor = new AllTogether();
        var results = PreprocessResult.Check(_unequal, preprocessor.Preprocess(_unequal));
        Assert.Equal(["prefill[0]", "prefill[1]", "prefill[2]", "decode[0]"], results.Select(result => result.Identity.ToString()));
        Assert.Same(results[0].Processed, results[3].Processed);
        Assert.Equal("context", _unequal.NamedData.Entries.Single().Key);
        Expect.Error(ErrorCode.BackendResultInvalid, () => preprocessor.PreprocessPartition(_unequal.Methods[0].Partitions[0], _unequal));
    }

    [Fact]
    public void I9_partitions_are_paired_by_key_by_position_or_not_at_all()
    {
        var context = new Lowered(("prefill", ["a", null, "b"]), ("decode", ["b", "c"]));
        string[][] Groups(PartitionPairing pairing) => [.. context.Group(pairing).Select(group => group.Select(partition =>
            $"{partition.Identity.MethodName}{partition.Identity.Index}").ToArray())];

        Assert.Equal([["prefill0"], ["prefill1"], ["prefill2", "decode0"], ["decode1"]], Groups(PartitionPairing.Key));
        Assert.Equal([["prefill0", "decode0"], ["prefill1", "decode1"], ["prefill2"]], Groups(PartitionPairing.Position));
        Assert.Equal(5, Groups(PartitionPairing.None).Length);
    }

    [Fact]
    public void W2_compile_specs_belong_to_each_partition() =>
        Assert.Equal([0, 1, 2], _unequal.Methods[0].Partitions.Select(partition => (int)partition.CompileSpecs[0].Value.Span[0]));

    [Fact]
    public void Results_that_are_missing_doubled_or_foreign_are_refused()
    {
        var all = new OneByOne().All(_unequal);
        Refused([.. all.Skip(1)], "prefill[0]");
        Refused([.. all, all[2]], "prefill[2]");
        Refused([.. all, all[0] with { Identity = new PartitionIdentity("other", 0) }], "other[0]");
        Refused([.. all.Skip(1), all[0] with { NamedDataKeys = ["absent"] }], "prefill[0]");
        Assert.Equal(4, PreprocessResult.Check(_unequal, [.. all.Reverse()]).Length);

        void Refused(PreprocessResult[] results, string location) =>
            Assert.Equal(location, Expect.Error(ErrorCode.BackendResultInvalid, () => PreprocessResult.Check(_unequal, results)).Details.Location);
    }

    private static string Text(DataContent content)
    {
        var bytes = new byte[content.Length];
        content.Read(0, bytes);
        return Encoding.UTF8.GetString(bytes);
    }

    private sealed class OneByOne : IBackendPreprocessor
    {
        internal List<string> Calls { get; } = [];

        public IBackendPartitioner CreatePartitioner(BackendOptions options) => throw new NotSupportedException();

        public PreprocessResult PreprocessPartition(BackendPartition partition, PreprocessContext context)
        {
            Calls.Add(partition.Identity.ToString());
            return new PreprocessResult(partition.Identity, DataContent.FromMemory(Encoding.UTF8.GetBytes(partition.Identity.ToString()), "test"));
        }

        internal IReadOnlyList<PreprocessResult> All(PreprocessContext context) => ((IBackendPreprocessor)this).Preprocess(context);
    }

    private sealed class AllTogether : IBackendPreprocessor
    {
        public IBackendPartitioner CreatePartitioner(BackendOptions options) => throw new NotSupportedException();

        public IReadOnlyList<PreprocessResult> Preprocess(PreprocessContext context)
        {
            context.NamedData.Add("context", DataContent.FromMemory(new byte[100], "all methods"), 64);
            var reference = DataContent.FromMemory("context"u8.ToArray(), "reference");
            return [.. context.Methods.Reverse().SelectMany(method => method.Partitions)
                .Select(partition => new PreprocessResult(partition.Identity, reference) { NamedDataKeys = ["context"] })];
        }
    }
}
