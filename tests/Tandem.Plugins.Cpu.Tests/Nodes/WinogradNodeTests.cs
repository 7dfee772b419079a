using Tandem.Plugins.Cpu.Payload;
using Tandem.Plugins.Cpu.Tests.Fakes;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Nodes;

/// <summary>3x3 convolutions that may take Winograd's transforms, through the plugin's public entry.</summary>
public class WinogradNodeTests
{
    private const int Channels = 64;

    private static readonly float[] s_filter = TestData.Numbers(Channels * 9 * Channels, 2);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void An_option_switches_the_transforms_off(int threads)
    {
        var input = TestData.Numbers(20 * 17 * Channels, 1);
        using var usual = new Net(threads);
        using var on = new Net(threads, ("winograd", "true"));
        using var off = new Net(threads, ("winograd", "False"));
        var expected = off.Run(input, 20, 17);
        Assert.Equal(usual.Run(input, 20, 17), on.Run(input, 20, 17));
        Equal(expected, on.Run(input, 20, 17));
        Assert.NotEqual(expected, on.Run(input, 20, 17));
    }

    [Fact]
    public void A_value_that_is_neither_true_nor_false_is_a_configuration_error()
    {
        var error = Assert.Throws<TandemException>(() => new Net(1, ("winograd", "fast")));
        Assert.Equal(ErrorCode.ConfigurationInvalid, error.Code);
        Assert.Equal("winograd", error.Details.Location);
        Assert.Equal("fast", error.Details.Found);
    }

    [Fact]
    public void Sizes_that_take_and_leave_the_transforms_run_on_one_packed_filter()
    {
        using var net = new Net(2);
        using var direct = new Net(2, ("winograd", "false"));
        var packed = net.PackedBytes;
        foreach (var (height, width) in (ReadOnlySpan<(int, int)>)[(24, 24), (2, 3), (23, 17), (1, 1), (24, 1), (24, 24)])
        {
            var input = TestData.Numbers(height * width * Channels, height);
            Equal(direct.Run(input, height, width), net.Run(input, height, width));
        }

        Assert.Equal(packed, net.PackedBytes);
    }

    private static void Equal(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], 1e-3f);
        }
    }

    /// <summary>One convolution of up to 24x24 pixels.</summary>
    private sealed class Net : IDisposable
    {
        private readonly DelegateRunner _runner;
        private readonly TensorView _input;
        private readonly TensorView _output;

        public Net(int threads, params (string Name, string Value)[] options)
        {
            var writer = new PayloadWriter();
            writer.Convolution(
                PayloadNodeKind.Conv2d, [1, 1, 1, 1, 3, 3, 1, 1, 1, 1, Channels, Channels, 1, 0, 0], writer.Input(1, 24, 24, Channels),
                writer.Constant(s_filter, Channels, 3, 3, Channels), writer.Constant(TestData.Numbers(Channels, 3), Channels),
                writer.Output(1, 24, 24, Channels));
            _runner = new DelegateRunner(writer, 2, null, threads, Array.ConvertAll(options, o => KeyValuePair.Create(o.Name, o.Value)));
            _input = _runner.Tensor(ScalarType.Float, [1, 24, 24, Channels], isDynamic: true);
            _output = _runner.Tensor(ScalarType.Float, [1, 24, 24, Channels], isDynamic: true);
        }

        public long PackedBytes => _runner.Host.Cache.ByteCount;

        public float[] Run(float[] input, int height, int width)
        {
            _input.Resize([1, height, width, Channels]);
            input.CopyTo(_input.AsSpan<float>());
            _runner.Execute(_input, _output);
            return _output.AsReadOnlySpan<float>().ToArray();
        }

        public void Dispose() => _runner.Dispose();
    }
}
