using Tandem.Benchmarks.Kernels;
using Tandem.Benchmarks.Loads;
using Tandem.Benchmarks.Shared;
using Tandem.Benchmarks.Table;
using Tandem.Plugins.Cpu.Kernels.Generator;
using Tandem.Plugins.Cpu.WarmUp.Generator;

switch (args.FirstOrDefault())
{
    case "table":
        return TableRun.Run(args[1..]);
    case SessionMemory.Verb when args.Length == 3:
        SessionMemory.Run(args[1..]);
        return 0;
    case "generate" when args.Length == 2 && Path.GetFileName(Path.TrimEndingDirectorySeparator(args[1])) == "WarmUp":
        using (var runtime = BenchmarkRuntime.Create(1))
        {
            WarmUpProgram.Write(runtime, Path.Combine(args[1], WarmUpProgram.FileName));
        }

        return 0;
    case "gemm":
        GemmBenchmark.Run(args[1..]);
        return 0;
    case "bmm":
        BatchMatMulBenchmark.Run(args[1..]);
        return 0;
    case "conv":
        ConvolutionBenchmark.Run(args[1..]);
        return 0;
    case "generate" when args.Length == 2:
        foreach (var (name, text) in Path.GetFileName(Path.TrimEndingDirectorySeparator(args[1])) == "QuantizedGemm"
            ? QuantizedTilesGenerator.Generate() : F32GemmGenerator.Generate())
        {
            File.WriteAllText(Path.Combine(args[1], name), text);
        }

        return 0;
    default:
        Console.Error.WriteLine(
            """
            table [--rows PART,...] [--rounds N] [--threads N,...] [--quick] [--output FILE.md] [--without COLUMN,...] [--with libtorch]
                  [--executorch SCRIPT] [--vectors FOLDER]
                                Tandem, ONNX Runtime and ExecuTorch in turn on the same work, beside the limits of the machine; ends with 1 if a goal is
                                missed. --rows runs the rows in whose "group: row" a part occurs. --with libtorch
                                needs tests/benchmarks/Tandem.TorchPeer, built before (Release). SCRIPT runs a Python file with ExecuTorch; it and the
                                vectors are looked for in ../shared beside the checkout.
            gemm [--isa RUNG] [--threads N] [--rounds N] [--chain MB] [M,N,K ...]
                                float products: GFLOP/s beside the FMA peak measured in the same instant; --chain walks through so many distinct weights
            bmm [--isa RUNG] [--threads N] [--rounds N] [BATCH,M,N,K ...]
                                float products of two activations
            conv [--isa RUNG] [--threads N] [--rounds N] [--relu6]
                                convolutions of the sample nets and of MobileNetV2, ResNet
            generate FOLDER     writes the generated kernels (plugins/cpu/Kernels/Gemm or QuantizedGemm) or the program to warm up with (plugins/cpu/WarmUp)
            """);
        return 2;
}
