using System.Collections.Immutable;
using System.Globalization;
using Tandem.Host.Formats;
using Tandem.Host.Lowering;
using Tandem.Host.Lowering.Emission;
using Tandem.Host.Tests.Lowering.Emission;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;
using static Tandem.Host.Tests.Lowering.Emission.EdgeGraph;

namespace Tandem.Host.Tests.Formats.Writing;

public sealed class ProgramWriterTests
{
    private static readonly float[] s_weight = [.. Enumerable.Range(0, 32).Select(i => i + 0.5f)];

    private static DataContent Content(byte[] bytes) => DataContent.FromMemory(bytes, "test");

    private static byte[] Filled(int length, int seed)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static LoweredDelegate Delegate(byte[] payload, string spec = "") =>
        new("TestBackend", Content(payload), spec.Length == 0 ? [] : [new CompileSpec(spec, new byte[] { 1, 2, 3 })]);

    private static EdgeGraph Delegated(string method, params LoweredDelegate[] items)
    {
        var graph = new EdgeGraph(method).Input("x", Float(2)).Parameter("w", Floats(s_weight, 32));
        var last = "x";
        for (var i = 0; i < items.Length; i++)
        {
            graph.Delegate(items[i], [last], ($"{method}_d{i}", Float(2)));
            last = $"{method}_d{i}";
        }

        return graph.Node("aten::sum.dim_IntList", $"{method}_s", Float(1), ("self", Ref("w")), ("dim", Ints(0)), ("keepdim", new GraphArgument.Bool(true)))
            .Add(last, $"{method}_s", $"{method}_y", Float(2)).Output($"{method}_y");
    }

    private static ProgramImage Whole(NamedDataStore? named = null)
    {
        var store = named ?? new NamedDataStore();
        store.Add("one", Content(Filled(300, 1)), 16);
        store.Add("two", Content(Filled(40, 2)), 256);
        store.Add("three", Content(Filled(300, 1)), 48);
        store.Add("empty", Content([]));
        return Emit(EmissionOptions.Default, store, Delegated("b", Delegate(Filled(70, 3)), Delegate(Filled(70, 3), "key")), Delegated("a", Delegate([]), Delegate(Filled(71, 4))));
    }

    [Fact]
    public void T13_files_have_the_form_that_ExecuTorch_writes()
    {
        ProgramLint.Check(Bytes(Whole()));
        ProgramLint.Check(Bytes(Emit(new EdgeGraph().Input("x", Float(2)).Relu("x", "y", Float(2)).Output("y"))));
        ProgramLint.Check(Bytes(new ProgramImage([])));
    }

    [Fact]
    public void I1_equal_payloads_and_equal_named_data_lie_in_the_file_once_at_every_alignment_that_was_asked_for()
    {
        var file = Bytes(Whole());
        using var source = DataSource.FromMemory("test.pte", file);
        var model = ProgramReader.Read(source);
        Assert.Equal(["one", "two", "three", "empty"], model.NamedData.Select(entry => entry.Key));
        Assert.Equal(model.NamedData[0].Range, model.NamedData[2].Range);
        Assert.Equal(0, model.NamedData[0].Range.Offset % 384);
        Assert.Equal(0, model.NamedData[1].Range.Offset % 256);
        Assert.Equal(0, model.NamedData[3].Range.Length);
        var b = model.Plans.Single(plan => plan.Name == "b");
        Assert.Equal(b.Delegates[0].SegmentIndex, b.Delegates[1].SegmentIndex);
        Assert.Equal("key", b.Delegates[1].CompileSpecs[0].Key);
        var a = model.Plans.Single(plan => plan.Name == "a");
        Assert.Equal((-1, 0), (a.Delegates[0].SegmentIndex, a.Delegates[0].Processed.Length));
        // Constants, two distinct payloads, three distinct named contents.
        Assert.Equal(6, model.Segments.Length);
        foreach (var content in new[] { Filled(300, 1), Filled(40, 2), Filled(70, 3), Filled(71, 4) })
        {
            Assert.Equal(file.AsSpan().IndexOf(content), file.AsSpan().LastIndexOf(content));
            Assert.True(file.AsSpan().IndexOf(content) >= 0);
        }
    }

    [Fact]
    public void A_tensor_of_a_backend_and_of_an_operator_lies_in_the_file_once()
    {
        var weight = System.Runtime.InteropServices.MemoryMarshal.AsBytes(s_weight.AsSpan()).ToArray();
        var store = new NamedDataStore();
        store.Add("other", Content(Filled(10, 9)));
        store.Add("weight", Content(weight), 64);
        var image = Emit(EmissionOptions.Default, store,
            new EdgeGraph("a").Input("x", Float(3)).Parameter("small", Floats([1, 2, 3], 3)).Add("x", "small", "a_y", Float(3)).Output("a_y"), Delegated("b"));
        using var program = new Emitted(image);
        ProgramLint.Check(program.Bytes, overlaps: true);
        Assert.Equal(program.Bytes.AsSpan().IndexOf(weight), program.Bytes.AsSpan().LastIndexOf(weight));
        var named = program.Model.NamedData[1].Range;
        Assert.Equal(program.Model.Constants[2].Offset, named.Offset);
        Assert.Equal(weight.Length, named.Length);
        Assert.Equal(0, (named.Offset - program.Model.Header!.SegmentBaseOffset) % 128);
        Assert.Equal([[513, 514]], program.Run("b", ([1, 2], [2])));
    }

    [Fact]
    public void I3_the_bytes_are_the_same_in_another_culture_and_on_every_run()
    {
        var file = Bytes(Whole());
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = new CultureInfo("") { NumberFormat = { NegativeSign = "~", NumberDecimalSeparator = "," } };
            Assert.Equal(file, Bytes(Whole()));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }

        Parallel.For(0, 4, _ => Assert.Equal(file, Bytes(Whole())));
    }

    [Fact]
    public void D21_contents_are_streamed_in_pieces_and_a_large_one_is_never_whole_in_memory()
    {
        const long length = 1L << 31;
        var store = new NamedDataStore();
        var content = new ZeroContent(length);
        store.Add("large", content, 16);
        var image = Emit(EmissionOptions.Default, store, new EdgeGraph().Input("x", Float(2)).Relu("x", "y", Float(2)).Output("y"));
        using var target = new CountingStream();
        var before = GC.GetAllocatedBytesForCurrentThread();
        ProgramWriter.Write(image, target);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
        Assert.True(target.Length > length);
    }

    [Fact]
    public void I8_external_constants_and_external_named_data_go_to_one_file_for_each_tag()
    {
        var store = new NamedDataStore();
        store.Add("packed", Content(Filled(33, 5)), 16, externalTag: "second");
        store.Add("inside", Content(Filled(34, 6)));
        var options = EmissionOptions.Default with { ExternalConstantTag = input => input.QualifiedName == "w" ? "first" : null };
        using var program = new Emitted(Emit(options, store, Delegated("f"), Delegated("g")));
        Assert.Equal(["first", "second"], program.Image.DataFiles.Select(file => file.Tag));
        Assert.Equal(["inside"], program.Model.NamedData.Select(entry => entry.Key));
        Assert.Equal([[513, 514]], program.Run("g", ([1, 2], [2])));
        using var source = DataSource.FromMemory("first.ptd", DataFile(program.Image.DataFiles[0].Data));
        var entry = Assert.Single(FlatTensorReader.Read(source).NamedData);
        Assert.Equal(("w", new TensorLayout(ScalarType.Float, [32])), (entry.Key, entry.Layout));
    }

    [Fact]
    [ProducesError(ErrorCode.NamedDataConflict)]
    public void I2_two_methods_with_different_bytes_under_one_external_name_are_refused()
    {
        EdgeGraph Method(string name, float value) => new EdgeGraph(name).Input("x", Float(1)).Parameter("w", Floats([value], 1)).Add("x", "w", $"{name}_y", Float(1)).Output($"{name}_y");
        var options = EmissionOptions.Default with { ExternalConstantTag = _ => "tag" };
        var error = Assert.Throws<TandemException>(() => Emit(options, new NamedDataStore(), Method("a", 1), Method("b", 2)));
        Assert.Equal(ErrorCode.NamedDataConflict, error.Code);
    }

    [Fact]
    public void Killed_at_any_moment_the_old_file_or_the_new_one_is_there()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.pte");
        var old = Bytes(Emit(new EdgeGraph().Input("x", Float(2)).Relu("x", "y", Float(2)).Output("y")));
        File.WriteAllBytes(path, old);
        var reads = 0;
        var store = new NamedDataStore();
        store.Add("watched", new WatchedContent(3 << 20, () =>
        {
            reads++;
            Assert.Equal(old, File.ReadAllBytes(path));
        }));
        var image = Emit(EmissionOptions.Default, store, new EdgeGraph().Input("x", Float(2)).Relu("x", "y", Float(2)).Output("y"));
        reads = 0;
        ProgramWriter.Write(image, path);
        Assert.True(reads >= 3);
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.Path));
        ProgramLint.Check(File.ReadAllBytes(path));
    }

    [Fact]
    public void A_source_that_fails_in_the_middle_leaves_the_old_file()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("model.pte"), "old");
        var isFailing = false;
        var store = new NamedDataStore();
        store.Add("broken", new WatchedContent(3 << 20, () => _ = isFailing ? throw new TandemException(ErrorCode.SourceChanged, "the file changed") : 0), externalTag: "data");
        var image = Emit(EmissionOptions.Default, store, new EdgeGraph().Input("x", Float(2)).Relu("x", "y", Float(2)).Output("y"));
        isFailing = true;
        Assert.Equal(ErrorCode.SourceChanged, Assert.Throws<TandemException>(() => ProgramWriter.Write(image, folder.File("model.pte"))).Code);
        Assert.Equal([folder.File("model.pte")], Directory.GetFileSystemEntries(folder.Path));
        Assert.Equal("old", File.ReadAllText(folder.File("model.pte")));
    }

    private static byte[] DataFile(ImmutableArray<NamedDataImage> data)
    {
        using var stream = new MemoryStream();
        FlatTensorWriter.Write(stream, data);
        return stream.ToArray();
    }

    private sealed class ZeroContent(long length) : DataContent
    {
        public override long Length => length;

        public override string Origin => "zeros";

        protected override void ReadCore(long offset, Span<byte> destination) => destination.Clear();
    }

    private sealed class WatchedContent(long length, Action watch) : DataContent
    {
        public override long Length => length;

        public override string Origin => "watched";

        protected override void ReadCore(long offset, Span<byte> destination)
        {
            watch();
            destination.Fill(1);
        }
    }

    private sealed class CountingStream : MemoryStream
    {
        private long _length;

        public override long Length => _length;

        public override void Write(byte[] buffer, int offset, int count) => _length += count;

        public override void Write(ReadOnlySpan<byte> buffer) => _length += buffer.Length;
    }
}
