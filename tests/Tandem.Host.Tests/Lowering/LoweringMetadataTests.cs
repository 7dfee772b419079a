using System.Text;
using Tandem.Host.Diagnostics.Reports;
using Tandem.Host.Lowering;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Lowering;

public sealed class LoweringMetadataTests
{
    private const string First = "aaaaaaaaaa1";
    private const string Second = "aaaaaaaaaa2";

    private static readonly LoweringRecord Record = new(
        [new LoweringBackendRecord("A", "a 1.0"), new LoweringBackendRecord("B", "b 2.0")],
        [
            new LoweringMethodRecord("prefill",
            [
                new LoweringNodeRecord("linear", "aten::linear", 0, []),
                new LoweringNodeRecord("linear_1", "aten::linear", 1, [new LoweringRefusalRecord("A", "no bias")]),
                new LoweringNodeRecord("odd", "aten::relu", -1, [new LoweringRefusalRecord("A", "no relu"), new LoweringRefusalRecord("B", "too \"small\" <1>")]),
            ],
            [new LoweringPartitionRecord(0, "A", [First]), new LoweringPartitionRecord(1, "B", [First, Second])]),
            new LoweringMethodRecord("empty", [], []),
        ]);

    [Fact]
    public void D23_the_record_comes_back_from_a_small_entry()
    {
        var bytes = LoweringMetadata.Write(Record);
        Assert.Equal("""
            {"version":1,"backends":[["A","a 1.0"],["B","b 2.0"]],"data":["aaaaaaaaaa1","aaaaaaaaaa2"],"reasons":[[0,"no bias"],[0,"no relu"],[1,"too \"small\" <1>"]],"methods":[{"name":"prefill","delegates":[{"backend":0,"data":"0","nodes":[["aten::linear","0"]]},{"backend":1,"data":"0-1","nodes":[["aten::linear","1","0"]]}],"host":{"nodes":[["aten::relu","'odd","1-2"]]}},{"name":"empty","delegates":[],"host":{"nodes":[]}}]}
            """, Encoding.UTF8.GetString(bytes));
        var read = LoweringMetadata.Read(bytes, [Second, First, "other"]);
        Assert.Equal(Record.Backends, read.Backends);
        Assert.Equal(Flat(Record), Flat(read));
    }

    [Fact]
    public void Keys_are_abbreviated_as_far_as_they_differ()
    {
        var record = new LoweringRecord([new LoweringBackendRecord("A", "a")], [new LoweringMethodRecord("f", [], [new LoweringPartitionRecord(0, "A", [new string('0', 64), new string('1', 64)])])]);
        var bytes = LoweringMetadata.Write(record);
        Assert.Contains("[\"00000000\",\"11111111\"]", Encoding.UTF8.GetString(bytes), StringComparison.Ordinal);
        Assert.Equal([new string('0', 64), "11111111"], LoweringMetadata.Read(bytes, [new string('0', 64)]).Methods[0].Partitions[0].NamedDataKeys);
    }

    [Fact]
    public void Every_damage_is_a_typed_error_or_another_record()
    {
        var bytes = LoweringMetadata.Write(Record);
        for (var i = 0; i < bytes.Length; i++)
        {
            foreach (var value in "\0\"{}[]0-9:,'"u8)
            {
                var damaged = bytes.ToArray();
                damaged[i] = value;
                Try(damaged);
            }

            Try(bytes[..i]);
        }

        void Try(byte[] damaged)
        {
            try
            {
                LoweringMetadata.Read(damaged, [First, Second]);
            }
            catch (TandemException error)
            {
                Assert.Equal(ErrorCode.NamedDataMismatch, error.Code);
            }
        }
    }

    private static IEnumerable<string> Flat(LoweringRecord record) => record.Methods.SelectMany(method => method.Nodes
        .Select(node => $"{method.Name} {node.Name} {node.Operator} {node.Partition} {string.Join("; ", node.Refusals)}")
        .Concat(method.Partitions.Select(partition => $"{method.Name} {partition.Index} {partition.BackendId} {string.Join(' ', partition.NamedDataKeys)}")));
}
