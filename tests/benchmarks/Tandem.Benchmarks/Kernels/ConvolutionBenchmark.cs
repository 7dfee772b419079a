using System.Runtime.InteropServices;
using Tandem.Plugins.Cpu.Kernels;

namespace Tandem.Benchmarks.Kernels;

/// <summary>Float convolutions: layers of the sample nets, then of MobileNetV2 and ResNet-50 at 224x224.</summary>
internal static unsafe class ConvolutionBenchmark
{
    private static readonly (string Name, int Size, ConvolutionParameters Geometry)[] Layers =
    [
        ("resnet_like stem", 64, new(7, 7, 2, 2, 1, 1, 3, 3, 1, 3, 16)),
        ("resnet_like 3x3", 16, new(3, 3, 1, 1, 1, 1, 1, 1, 1, 16, 16)),
        ("resnet_like 3x3/2", 16, new(3, 3, 2, 2, 1, 1, 1, 1, 1, 16, 32)),
        ("resnet_like 1x1/2", 16, new(1, 1, 2, 2, 1, 1, 0, 0, 1, 16, 32)),
        ("resnet_like 3x3", 8, new(3, 3, 1, 1, 1, 1, 1, 1, 1, 32, 32)),
        ("resnet_like 3x3/2", 8, new(3, 3, 2, 2, 1, 1, 1, 1, 1, 32, 48)),
        ("resnet_like 3x3", 4, new(3, 3, 1, 1, 1, 1, 1, 1, 1, 48, 48)),
        ("mobilenet_like stem", 48, new(3, 3, 2, 2, 1, 1, 1, 1, 1, 3, 16)),
        ("mobilenet_like 1x1", 24, new(1, 1, 1, 1, 1, 1, 0, 0, 1, 16, 32)),
        ("mobilenet_like dw", 24, new(3, 3, 1, 1, 1, 1, 1, 1, 32, 1, 1)),
        ("mobilenet_like 1x1", 24, new(1, 1, 1, 1, 1, 1, 0, 0, 1, 32, 16)),
        ("mobilenet_like 1x1", 24, new(1, 1, 1, 1, 1, 1, 0, 0, 1, 16, 48)),
        ("mobilenet_like dw/2", 24, new(3, 3, 2, 2, 1, 1, 1, 1, 48, 1, 1)),
        ("mobilenet_like 1x1", 12, new(1, 1, 1, 1, 1, 1, 0, 0, 1, 48, 24)),
        ("mobilenet_like 1x1", 12, new(1, 1, 1, 1, 1, 1, 0, 0, 1, 24, 72)),
        ("mobilenet_like dw", 12, new(3, 3, 1, 1, 1, 1, 1, 1, 72, 1, 1)),
        ("mobilenet_like 1x1", 12, new(1, 1, 1, 1, 1, 1, 0, 0, 1, 72, 24)),
        ("mobilenet_like se", 1, new(1, 1, 1, 1, 1, 1, 0, 0, 1, 32, 8)),
        ("mbv2 stem", 224, new(3, 3, 2, 2, 1, 1, 1, 1, 1, 3, 32)),
        ("mbv2 dw", 112, new(3, 3, 1, 1, 1, 1, 1, 1, 32, 1, 1)),
        ("mbv2 1x1", 56, new(1, 1, 1, 1, 1, 1, 0, 0, 1, 24, 144)),
        ("mbv2 1x1", 14, new(1, 1, 1, 1, 1, 1, 0, 0, 1, 64, 384)),
        ("mbv2 1x1", 14, new(1, 1, 1, 1, 1, 1, 0, 0, 1, 384, 64)),
        ("mbv2 dw", 14, new(3, 3, 1, 1, 1, 1, 1, 1, 384, 1, 1)),
        ("mbv2 dw/2", 56, new(3, 3, 2, 2, 1, 1, 1, 1, 144, 1, 1)),
        ("dw 5x5", 28, new(5, 5, 1, 1, 1, 1, 2, 2, 120, 1, 1)),
        ("resnet50 stem", 224, new(7, 7, 2, 2, 1, 1, 3, 3, 1, 3, 64)),
        ("resnet50 3x3", 56, new(3, 3, 1, 1, 1, 1, 1, 1, 1, 64, 64)),
        ("resnet50 3x3", 28, new(3, 3, 1, 1, 1, 1, 1, 1, 1, 128, 128)),
        ("resnet50 3x3", 14, new(3, 3, 1, 1, 1, 1, 1, 1, 1, 256, 256)),
        ("resnet50 3x3", 7, new(3, 3, 1, 1, 1, 1, 1, 1, 1, 512, 512)),
    ];

    public static void Run(string[] args)
    {
        var options = new KernelOptions(args);
        var pool = options.Threads > 1 ? new SpinPool(options.Threads) : null;
        Console.WriteLine($"{options.InstructionSet}, {options.Threads} thread(s)");
        Console.WriteLine($"{"layer",-20} {"size",5} {"in",5} {"out",5} {"us min",10} {"us median",10} {"GFLOP/s",9} {"of peak",8} {"error",8}");
        foreach (var (name, size, geometry) in Layers)
        {
            One(options, pool, name, size, geometry, false);
            if (WinogradPlan.Fits(geometry))
            {
                One(options, pool, "- Winograd", size, geometry, true);
            }
        }

        pool?.Stop();
    }

    private static void One(KernelOptions options, SpinPool? pool, string name, int size, ConvolutionParameters p, bool isWinograd)
    {
        var outSize = ((size + (2 * p.PaddingTop) - p.KernelHeight) / p.StrideHeight) + 1;
        var shape = new ImageShape(1, size, size, outSize, outSize, p.InputChannels, p.OutputChannels);
        var x = GemmBenchmark.Random(shape.InputImage, 1);
        var w = GemmBenchmark.Random((nint)p.OutputChannels * p.KernelSize * p.GroupInputChannels, 2);
        var bias = GemmBenchmark.Random(p.OutputChannels, 3);
        var y = GemmBenchmark.Random(shape.OutputImage, 4);
        Action action;
        float* scratch;
        IDisposable packed;
        if (p is { Groups: > 1, GroupInputChannels: 1 })
        {
            var filter = DepthwiseConvolution.Pack(options.InstructionSet, w, bias, p);
            packed = filter;
            var job = new DepthwiseJob();
            var memory = GemmBenchmark.Random((DepthwiseConvolution.GetScratchBytes(p, shape, options.Threads) / 4) + 1, 5);
            scratch = memory;
            action = () => DepthwiseConvolution.Run(pool, job, filter, p, shape, x, y, options.Min, options.Max, (byte*)memory);
        }
        else if (isWinograd)
        {
            var filter = Convolution.Pack(options.InstructionSet, w, bias, p);
            packed = filter;
            var job = new WinogradJob();
            var memory = GemmBenchmark.Random((WinogradConvolution.GetScratchBytes(filter, p, shape, options.Threads) / 4) + 1, 5);
            scratch = memory;
            action = () => WinogradConvolution.Run(pool, job, filter, p, shape, x, y, options.Min, options.Max, (byte*)memory);
        }
        else
        {
            var filter = Convolution.Pack(options.InstructionSet, w, bias, p);
            packed = filter;
            var job = new ConvolutionJob();
            var memory = GemmBenchmark.Random((Convolution.GetScratchBytes(filter, p, shape, options.Threads) / 4) + 1, 5);
            scratch = memory;
            action = () => Convolution.Run(pool, job, filter, p, shape, x, y, options.Min, options.Max, (byte*)memory);
        }

        var (min, median, peak) = Sampler.Run(action, options.InstructionSet, options.Rounds);
        action();
        var error = p.GroupInputChannels == 1 ? double.NaN : Error(p, shape, x, w, bias, y, options);
        var operations = 2.0 * outSize * outSize * p.OutputChannels * p.KernelSize * p.GroupInputChannels;
        Console.WriteLine(
            $"{name,-20} {size,5} {p.InputChannels,5} {p.OutputChannels,5} {min * 1e6,10:f2} {median * 1e6,10:f2} {operations / min / 1e9,9:f1} "
            + $"{operations / min / 1e7 / (peak * options.Threads),7:f0}% {error,8:e1}");
        packed.Dispose();
        foreach (var memory in (nint[])[(nint)w, (nint)x, (nint)y, (nint)bias, (nint)scratch])
        {
            NativeMemory.AlignedFree((void*)memory);
        }
    }

    /// <summary>The greatest error of some thousand outputs against sums in double, as a part of the root mean square of those sums.</summary>
    private static double Error(in ConvolutionParameters p, in ImageShape shape, float* x, float* w, float* bias, float* y, KernelOptions options)
    {
        var (greatest, squares, count) = (0.0, 0.0, 0);
        for (nint output = 0; output < shape.OutputImage; output += (shape.OutputImage / 5000) + 1)
        {
            var (pixel, channel) = (output / p.OutputChannels, (int)(output % p.OutputChannels));
            var (row, column) = ((int)(pixel / shape.OutputWidth * p.StrideHeight) - p.PaddingTop, (int)(pixel % shape.OutputWidth * p.StrideWidth) - p.PaddingLeft);
            double sum = bias[channel];
            for (var element = 0; element < p.KernelSize; element++)
            {
                var (iy, ix) = (row + (element / p.KernelWidth), column + (element % p.KernelWidth));
                if ((uint)iy < (uint)shape.InputHeight && (uint)ix < (uint)shape.InputWidth)
                {
                    var source = x + ((((nint)iy * shape.InputWidth) + ix) * p.InputChannels);
                    var filter = w + ((((nint)channel * p.KernelSize) + element) * p.InputChannels);
                    for (var i = 0; i < p.InputChannels; i++)
                    {
                        sum += (double)source[i] * filter[i];
                    }
                }
            }

            greatest = Math.Max(greatest, Math.Abs(Math.Clamp(sum, options.Min, options.Max) - y[output]));
            squares += sum * sum;
            count++;
        }

        return greatest / Math.Sqrt(squares / count);
    }
}
