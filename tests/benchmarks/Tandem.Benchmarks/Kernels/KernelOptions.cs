using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Benchmarks.Kernels;

/// <summary>Options that all kernel benchmarks share; what is left over names shapes.</summary>
internal sealed class KernelOptions
{
    public KernelOptions(string[] args)
    {
        var rest = new List<string>();
        for (var i = 0; i < args.Length; i++)
        {
            switch (args[i])
            {
                case "--isa":
                    InstructionSet = Enum.Parse<InstructionSet>(args[++i], true);
                    break;
                case "--threads":
                    Threads = int.Parse(args[++i]);
                    break;
                case "--rounds":
                    Rounds = int.Parse(args[++i]);
                    break;
                case "--chain":
                    ChainMegabytes = int.Parse(args[++i]);
                    break;
                case "--weights":
                    Format = Enum.Parse<WeightFormat>(args[++i], true);
                    break;
                case "--relu6":
                    (Min, Max) = (0, 6);
                    break;
                default:
                    rest.Add(args[i]);
                    break;
            }
        }

        Shapes = [.. rest.Select(s => s.Split(',').Select(int.Parse).ToArray())];
    }

    public InstructionSet InstructionSet { get; } = CpuFeatures.Best;

    public int Threads { get; } = 1;

    public int Rounds { get; } = 7;

    /// <summary>Megabytes of distinct weights that a sample walks through; 0: the same weights again and again.</summary>
    public int ChainMegabytes { get; }

    /// <summary>What the weights of <c>gemm</c> are.</summary>
    public WeightFormat Format { get; }

    public float Min { get; } = float.NegativeInfinity;

    public float Max { get; } = float.PositiveInfinity;

    public int[][] Shapes { get; }
}
