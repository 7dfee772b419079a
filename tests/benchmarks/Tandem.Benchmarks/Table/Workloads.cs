using Tandem.Benchmarks.Limits;
using Tandem.Benchmarks.Nets;
using Tandem.Benchmarks.Peers;

namespace Tandem.Benchmarks.Table;

/// <summary>The rows over nets of one input and one output.</summary>
internal static class Workloads
{
    // Three times the level-3 cache of today's machines: hardly any of it is left there when its turn comes again.
    private const double ColdBytes = 110e6;
    private static readonly int[] Widths = [768, 2048, 4096];

    public static IEnumerable<Workload> All => [.. FloatLinear(), .. Int4Linear(), .. Convolutions()];

    private static IEnumerable<Workload> FloatLinear()
    {
        foreach (var rows in new[] { 128, 8 })
        {
            foreach (var width in Widths)
            {
                yield return new Workload
                {
                    Group = "linear f32",
                    Name = $"M={rows} K=N={width}",
                    Net = net => LinearNet.Write(net, rows, width, 1),
                    InputSizes = [rows, width],
                    OutputSizes = [rows, width],
                    Limit = LimitKind.FloatMultiplyAdd,
                    Amount = 2.0 * rows * width * width,
                    Goals = [Goal.Over(OnnxContender.Column, 1.05)],
                };
            }
        }

        foreach (var width in Widths)
        {
            var layers = (int)Math.Ceiling(ColdBytes / (4.0 * width * width));
            yield return new Workload
            {
                Group = "linear f32",
                Name = $"M=1 K=N={width} cold, a layer of {layers}",
                Net = net => LinearNet.Write(net, 1, width, layers),
                InputSizes = [1, width],
                OutputSizes = [1, width],
                Limit = LimitKind.MemoryRead,
                Amount = 4.0 * width * width * layers,
                Parts = layers,
                Tolerance = 1e-3,
                Goals = [Goal.Over(OnnxContender.Column, 1.05), Goal.OfLimit(0.9)],
            };
        }
    }

    private static IEnumerable<Workload> Int4Linear()
    {
        const string group = "linear int8 x int4";
        foreach (var rows in new[] { 128, 64, 8 })
        {
            foreach (var width in Widths)
            {
                yield return new Workload
                {
                    Group = group,
                    Name = $"M={rows} K=N={width}",
                    Net = net => LinearNet.WriteInt4(net, rows, width, 1),
                    InputSizes = [rows, width],
                    OutputSizes = [rows, width],
                    Limit = LimitKind.Int8MultiplyAdd,
                    Amount = 2.0 * rows * width * width,

                    // Activations: one scale for a row here and in ExecuTorch, one for each block in ONNX Runtime.
                    Tolerance = 0.02,
                    Goals = [Goal.Over(OnnxContender.Column, 2), Goal.Over(ExecuTorchContender.Column, 3)],
                };
            }
        }

        foreach (var width in Widths)
        {
            var bytes = Int4Weights.BytesOfWeight * width * width;
            var layers = (int)Math.Ceiling(ColdBytes / bytes);
            yield return new Workload
            {
                Group = group,
                Name = $"M=1 K=N={width} cold, a layer of {layers}",
                Net = net => LinearNet.WriteInt4(net, 1, width, layers),
                InputSizes = [1, width],
                OutputSizes = [1, width],
                Limit = LimitKind.MemoryRead,
                Amount = bytes * layers,
                Parts = layers,

                // Each layer quantises anew.
                Tolerance = 0.02 * Math.Sqrt(layers),
                Goals = [Goal.Over(OnnxContender.Column, 1.6), Goal.OfLimit(0.85)],
            };
        }
    }

    private static IEnumerable<Workload> Convolutions()
    {
        var goals = new[] { Goal.OverFaster(1.05, OnnxContender.Column, ExecuTorchContender.Column) };
        yield return new Workload
        {
            Group = "convolutions f32",
            Name = "MobileNetV2-like 224",
            Net = MobileNetV2.Write,
            InputSizes = [1, 3, MobileNetV2.Size, MobileNetV2.Size],
            OutputSizes = [1, 1000],
            Limit = LimitKind.FloatMultiplyAdd,
            Amount = MobileNetV2.Operations,
            Tolerance = 1e-3,
            Goals = goals,
        };
        yield return new Workload
        {
            Group = "convolutions int8",
            Name = "MobileNetV2-like 224",
            Net = MobileNetV2.Write,
            IsStaticInt8 = true,
            InputSizes = [1, 3, MobileNetV2.Size, MobileNetV2.Size],
            OutputSizes = [1, 1000],
            Limit = LimitKind.Int8MultiplyAdd,
            Amount = MobileNetV2.Operations,

            // A sum between two steps may be rounded to either.
            Tolerance = 0.01,
            Goals = goals,
        };
        yield return new Workload
        {
            Group = "convolutions f32",
            Name = "ResNet-like 3x3, four stages",
            Net = ResidualNet.WriteBody,
            InputSizes = [1, 64, 56, 56],
            OutputSizes = [1, 512, 7, 7],
            Limit = LimitKind.FloatMultiplyAdd,
            Amount = ResidualNet.BodyOperations,
            Tolerance = 1e-3,
            Goals = goals,
        };
        for (var (channels, size) = (64, 56); channels <= 512; (channels, size) = (channels * 2, size / 2))
        {
            var (c, s) = (channels, size);
            yield return new Workload
            {
                Group = "convolutions f32",
                Name = $"3x3 residual, {c} at {s}x{s}",
                Net = net => ResidualNet.Write(net, c, s, 2),
                InputSizes = [1, c, s, s],
                OutputSizes = [1, c, s, s],
                Limit = LimitKind.FloatMultiplyAdd,
                Amount = ResidualNet.Operations(c, s, 2),
                Tolerance = 1e-3,
                Goals = goals,
            };
        }
    }
}
