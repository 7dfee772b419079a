using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Graph;

/// <summary>Random graphs of views, in-place functions and copies: whatever shares memory, the results are those of plain arrays.</summary>
public class MemoryPlanTests
{
    [Fact]
    public void Random_graphs_give_what_plain_arrays_give()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            var writer = new PayloadWriter();
            var values = new List<(uint Id, int[] Sizes, float[] Data)>();
            var inputs = new List<(float[] Data, int[] Sizes)>();
            var outputs = new List<(int[] Sizes, float[] Data)>();
            for (var i = 0; i < 2; i++)
            {
                int[] sizes = [random.Next(1, 4), random.Next(1, 4), random.Next(1, 5)];
                var data = TestData.Numbers(Count(sizes), (seed * 10) + i);
                values.Add((writer.Input(Dims(sizes)), sizes, data));
                inputs.Add((data, sizes));
            }

            for (var n = 0; n < 15; n++)
            {
                var (id, sizes, data) = values[random.Next(values.Count)];
                var isOutput = n >= 12 || random.Next(6) == 0;
                switch (random.Next(6))
                {
                    case 0:
                        Add(sizes, [.. data.Select(v => -v)], y => writer.Unary(PayloadNodeKind.Negate, id, y));
                        break;
                    case 1:
                        int[] flat = [1, Count(sizes), 1];
                        Add(flat, data, y => writer.Reshape(id, y, Dims(flat)));
                        break;
                    case 2:
                        int[] turned = [sizes[1], sizes[0], sizes[2]];
                        var moved = new float[data.Length];
                        for (var i = 0; i < data.Length; i++)
                        {
                            moved[(((i / sizes[2] % sizes[1]) * sizes[0]) + (i / (sizes[1] * sizes[2]))) * sizes[2] + (i % sizes[2])] = data[i];
                        }

                        Add(turned, moved, y => writer.Transpose(id, y, 1, 0, 2));
                        break;
                    case 3:
                        int[] cut = [1, .. sizes[1..]];
                        var first = sizes[0] - 1;
                        var length = sizes[1] * sizes[2];
                        Add(cut, data[(first * length)..], y => writer.Slice(id, y, [(uint)first, 0, 0], Dims(cut)));
                        break;
                    case 4:
                        var partner = values.Where(v => v.Sizes.SequenceEqual(sizes)).OrderBy(_ => random.Next()).First();
                        Add(sizes, [.. data.Zip(partner.Data, (a, b) => a - b)], y => writer.Binary(PayloadNodeKind.Subtract, id, partner.Id, y));
                        break;
                    default:
                        Add(sizes, data, y => writer.Unary(PayloadNodeKind.Copy, id, y));
                        break;
                }

                void Add(int[] outputSizes, float[] expected, Action<uint> node)
                {
                    var y = isOutput ? writer.Output(Dims(outputSizes)) : writer.Internal(Dims(outputSizes));
                    node(y);
                    values.Add((y, outputSizes, expected));
                    if (isOutput)
                    {
                        outputs.Add((outputSizes, expected));
                    }
                }
            }

            using var runner = new DelegateRunner(writer, inputs.Count + outputs.Count);
            var results = outputs.Select(o => runner.Tensor(ScalarType.Float, o.Sizes)).ToList();
            for (var call = 0; call < 2; call++)
            {
                runner.Execute([.. inputs.Select(i => runner.Floats(i.Data, i.Sizes)), .. results]);
                for (var i = 0; i < outputs.Count; i++)
                {
                    Assert.True(outputs[i].Data.AsSpan().SequenceEqual(results[i].AsReadOnlySpan<float>()), $"seed {seed}, output {i}");
                }
            }
        }
    }

    private static int Count(int[] sizes) => sizes.Aggregate(1, (x, y) => x * y);

    private static uint[] Dims(int[] sizes) => Array.ConvertAll(sizes, s => (uint)s);
}
