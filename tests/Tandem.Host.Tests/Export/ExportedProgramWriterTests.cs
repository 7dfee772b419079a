using System.IO.Compression;
using System.Text.Json;
using Tandem.Host.Building;
using Tandem.Host.Export;
using Tandem.Host.Import;
using Tandem.Host.Lowering;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.Export;

public sealed class ExportedProgramWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void What_is_written_is_read_as_it_was_and_twice_gives_equal_bytes()
    {
        var program = Program();
        var path = _folder.File("model.pt2");
        ExportedProgramWriter.Write(program, path);
        var first = File.ReadAllBytes(path);
        var read = ExportedProgramReader.FromMemory(first, "model.pt2");
        Assert.Equal(ExportedProgramText.Write(program), ExportedProgramText.Write(read));
        foreach (var (method, other) in program.Methods.Zip(read.Methods))
        {
            Assert.Equal((method.InputTree, method.OutputTree), (other.InputTree, other.OutputTree));
            foreach (var (input, back) in method.Signature.Inputs.Zip(other.Signature.Inputs).Where(pair => pair.First.Tensor is not null))
            {
                Assert.Equal(input.Tensor!.Storage.ContentHash, back.Tensor!.Storage.ContentHash);
            }
        }

        ExportedProgramWriter.Write(program, path);
        Assert.Equal(first, File.ReadAllBytes(path));
        ExportedProgramWriter.Write(read, path);
        Assert.Equal(first.Length, new FileInfo(path).Length);
        Assert.Equal([path], Directory.GetFileSystemEntries(_folder.Path));
    }

    [Fact]
    public void Members_are_stored_at_multiples_of_64_and_shared_contents_once_but_state_by_itself()
    {
        var path = _folder.File("two.pt2");
        ExportedProgramWriter.Write(Program(), path);
        using var zip = ZipFile.OpenRead(path);
        Assert.All(zip.Entries, entry => Assert.Equal(entry.CompressedLength, entry.Length));
        var names = zip.Entries.Select(entry => entry.FullName).ToList();
        Assert.All(names, name => Assert.StartsWith("two/", name));
        Assert.Contains("two/models/step.json", names);
        Assert.Contains("two/data/sample_inputs/other.pt", names);
        Assert.Equal("pt2", Read(zip, "two/archive_format"));
        Assert.Equal(40, Read(zip, "two/.data/serialization_id").Length);

        // w and v hold equal bytes in one object; two caches of zeros are two states.
        Assert.Equal(["weight_0", "weight_1", "weight_2"], names.Where(name => name.StartsWith("two/data/weights/weight_", StringComparison.Ordinal)).Select(name => name["two/data/weights/".Length..]));
        using var config = JsonDocument.Parse(Read(zip, "two/data/weights/step_weights_config.json"));
        var entries = config.RootElement.GetProperty("config");
        Assert.Equal("weight_0", entries.GetProperty("w").GetProperty("path_name").GetString());
        Assert.Equal("weight_0", entries.GetProperty("v").GetProperty("path_name").GetString());
        Assert.NotEqual(entries.GetProperty("one").GetProperty("path_name").GetString(), entries.GetProperty("two").GetProperty("path_name").GetString());

        var bytes = File.ReadAllBytes(path);
        for (var at = 0; (at = bytes.AsSpan(at).IndexOf("PK\x03\x04"u8) is >= 0 and var found ? at + found : -1) >= 0; at += 4)
        {
            Assert.Equal(0, (at + 30 + BitConverter.ToUInt16(bytes, at + 26) + BitConverter.ToUInt16(bytes, at + 28)) % 64);
        }
    }

    [Fact]
    public void A_program_with_the_method_forward_is_the_model_of_its_archive()
    {
        var builder = new ExportedProgramBuilder();
        builder.Method("forward", method => method.Output(method.Input("x", ScalarType.Float, 2).Relu()));
        var path = _folder.File("one.pt2");
        ExportedProgramWriter.Write(builder.Build(), path);
        using (var zip = ZipFile.OpenRead(path))
        {
            Assert.NotNull(zip.GetEntry("one/models/model.json"));
        }

        Assert.Equal("forward", Assert.Single(ExportedProgramReader.Read(path).Methods).Name);
    }

    [Fact]
    public void A_buffer_without_first_value_is_written_as_zeros()
    {
        var builder = new ExportedProgramBuilder();
        var empty = builder.EmptyBuffer("empty", ScalarType.Float, 2, 3);
        builder.Method("forward", method => method.Output(method.Input("x", ScalarType.Float, 2, 3) + method.Read(empty)));
        var path = _folder.File("empty.pt2");
        ExportedProgramWriter.Write(builder.Build(), path);
        var tensor = ExportedProgramReader.Read(path).Methods[0].Signature.Inputs[0].Tensor!;
        var bytes = new byte[24];
        tensor.Storage.Read(0, bytes);
        Assert.Equal(new byte[24], bytes);
    }

    [Fact]
    [ProducesError(ErrorCode.ExportedProgramNotSupported)]
    [ProducesError(ErrorCode.TargetUnwritable)]
    public void What_an_archive_cannot_hold_is_refused_and_leaves_nothing()
    {
        var builder = new ExportedProgramBuilder();
        builder.Method("forward", method => method.Output(method.Input("x", ScalarType.UInt32, 2)));
        var path = _folder.File("model.pt2");
        var error = Assert.Throws<TandemException>(() => ExportedProgramWriter.Write(builder.Build(), path));
        Assert.Equal((ErrorCode.ExportedProgramNotSupported, "method 'forward'"), (error.Code, error.Details.Location));

        var slash = new ExportedProgramBuilder();
        slash.Method("a/b", method => method.Output(method.Input("x", ScalarType.Float, 2)));
        Assert.Equal(ErrorCode.ArgumentInvalid, Assert.Throws<TandemException>(() => ExportedProgramWriter.Write(slash.Build(), path)).Code);
        Assert.Equal(ErrorCode.TargetUnwritable, Assert.Throws<TandemException>(() => ExportedProgramWriter.Write(Program(), _folder.File("none/model.pt2"))).Code);
        Assert.Empty(Directory.GetFileSystemEntries(_folder.Path));
    }

    public void Dispose() => _folder.Dispose();

    private static string Read(ZipArchive zip, string name)
    {
        using var reader = new StreamReader(zip.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }

    private static ExportedProgram Program()
    {
        var builder = new ExportedProgramBuilder();
        var values = ModelData.FromElements<float>([.. Enumerable.Range(0, 12).Select(i => i / 3f)], [3, 4]);
        var (weight, tied) = (builder.Parameter("w", values), builder.Parameter("v", values));
        var one = builder.Buffer("one", ModelData.FromElements<float>(new float[3], [3]));
        var two = builder.Buffer("two", ModelData.FromElements<float>(new float[3], [3]), isPersistent: true);
        var constant = builder.Constant<long>("c", [2, 0, 1], [3]);
        var batch = builder.Dim("batch", 2, 16);
        builder.Method("step", method =>
        {
            var x = method.Input("x", ScalarType.Float, batch, 4);
            var y = x.Linear(weight) + x.Linear(tied);
            var doubled = method.Cat([y, y], 0).Reshape([batch * 2, 3]).Reshape([batch, 6]);
            method.Assign(one, y.Sum([0]));
            method.Assign(two, y.Sum([0]) * 2);
            var branch = method.Cond(y.Sum().Gt(0), [y], inside => [inside[0] * 2.5], inside => [inside[0].Relu()])[0];
            method.Output(branch, doubled, y.Call("aten::index_select", [1, constant]), y.Call("aten::clamp", [-0.5, double.PositiveInfinity]));
        });
        builder.Method("other", method => method.Output(method.Input("x", ScalarType.Float, 1, 4).Linear(weight)));
        return builder.Build();
    }
}
