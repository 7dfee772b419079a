using System.Runtime.InteropServices;
using Tandem.Host.Execution;
using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;
using Tandem.Host.Kernels;
using Tandem.Sdk;

namespace Tandem.Host.Tests.Execution;

/// <summary>A runtime with a few operators that tests can follow by hand, and programs from models that no file holds.</summary>
internal sealed class TestHost : IDisposable
{
    internal TestHost(Action<TandemOptions>? configure = null)
    {
        var options = new TandemOptions { Threads = 1, ConfigureKernels = AddKernels };
        configure?.Invoke(options);
        Runtime = new TandemRuntime(options);
    }

    internal TandemRuntime Runtime { get; }

    /// <summary>Loads plans; <paramref name="data"/> is the file: constants and initial contents lie in it as float rows of one constant each.</summary>
    internal Program Load(float[][] data, params PlanBuilder[] plans)
    {
        // 64 bytes ahead, so that delegates have payload bytes at 0.
        var bytes = new byte[64 + data.Sum(item => (item.Length * 4 + 63) & -64)];
        var ranges = new List<DataRange>();
        var offset = 64;
        foreach (var item in data)
        {
            MemoryMarshal.AsBytes(item.AsSpan()).CopyTo(bytes.AsSpan(offset));
            ranges.Add(new DataRange(offset, item.Length * 4));
            offset += (item.Length * 4 + 63) & -64;
        }

        using var source = DataSource.FromMemory("test.pte", bytes);
        return new Program(Runtime, source, [], file => new ProgramModel
        {
            SourceName = file.Name,
            SourceLength = file.Length,
            Version = 0,
            Header = null,
            Plans = [.. plans.Select(plan => plan.Build())],
            Segments = [],
            Constants = [.. ranges],
            ConstantSegmentIndex = -1,
            MutableInitialData = [.. ranges],
            NamedData = [],
        });
    }

    internal Program Load(params PlanBuilder[] plans) => Load([], plans);

    public void Dispose() => Runtime.Dispose();

    private static void AddKernels(KernelRegistry kernels)
    {
        kernels.Add("test::add", (_, arguments) =>
        {
            var (left, right, result) = (arguments.Tensor(0), arguments.Tensor(1), arguments.Tensor(2));
            result.Resize(left.Sizes);
            var a = left.AsReadOnlySpan<float>();
            var b = right.AsReadOnlySpan<float>();
            var c = result.AsSpan<float>();
            for (var i = 0; i < c.Length; i++)
            {
                c[i] = a[i] + b[i % b.Length];
            }
        });
        kernels.Add("test::count", (_, arguments) => arguments[0] = EValue.FromInt(arguments.Int(0) + 1));
        kernels.Add("test::less", (_, arguments) => arguments[2] = EValue.FromBool(arguments.Int(0) < arguments.Int(1)));
        kernels.Add("test::throw", (_, _) => throw new InvalidCastException("on purpose"));
        kernels.Add("test::refuse", (_, _) => throw new TandemException(ErrorCode.OperatorArgumentInvalid, "refused on purpose"));
    }
}
