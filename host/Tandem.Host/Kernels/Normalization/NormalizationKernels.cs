using Tandem.Host.Kernels.Common;
using Tandem.Sdk;

namespace Tandem.Host.Kernels.Normalization;

/// <summary>Layer, group and batch normalisation: statistics in double, results rounded once.</summary>
internal static unsafe class NormalizationKernels
{
    internal static void Register(KernelRegistry registry) => registry
        .Add("aten::native_layer_norm.out", LayerNorm)
        .Add("aten::native_group_norm.out", GroupNorm)
        .Add("aten::_native_batch_norm_legit_no_training.out", BatchNormInference)
        .Add("aten::_native_batch_norm_legit.no_stats_out", BatchNormStatistics)
        .Add("aten::_native_batch_norm_legit.out", BatchNormTraining);

    private static void LayerNorm(KernelContext context, Arguments arguments)
    {
        var input = arguments.Tensor(0);
        var shape = arguments.IntList(1);
        var (weight, bias, epsilon) = (arguments.OptionalTensor(2), arguments.OptionalTensor(3), arguments.Double(4));
        var outputs = arguments.TensorList(arguments.Count - 1);
        var (output, means, factors) = (outputs[0]!, outputs[1]!, outputs[2]!);
        var kept = input.Rank - shape.Length;
        Dims.Check(kept >= 0 && input.IsContiguous && output.IsContiguous, "layer_norm needs a contiguous tensor that ends with the normalised shape");
        Span<int> sizes = stackalloc int[input.Rank];
        long count = 1;
        for (var i = 0; i < input.Rank; i++)
        {
            sizes[i] = i < kept ? input.Sizes[i] : 1;
            count *= i < kept ? 1 : input.Sizes[i];
            Dims.Check(i < kept || shape[i - kept] == input.Sizes[i], "the normalised shape is another");
        }

        CheckParameters(weight, bias, count);
        output.Resize(input.Sizes);
        means.Resize(sizes);
        factors.Resize(sizes);
        for (long row = 0; row < means.ElementCount; row++)
        {
            var (mean, factor) = Statistics(input, row * count, count, epsilon);
            for (long i = 0; i < count; i++)
            {
                Write(output, (row * count) + i, (Read(input, (row * count) + i) - mean) * factor, weight, bias, i);
            }

            Store(means, row, mean);
            Store(factors, row, factor);
        }
    }

    private static void GroupNorm(KernelContext context, Arguments arguments)
    {
        var input = arguments.Tensor(0);
        var (weight, bias) = (arguments.OptionalTensor(1), arguments.OptionalTensor(2));
        var (batches, channels, area, groups, epsilon) = (arguments.Int(3), arguments.Int(4), arguments.Int(5), arguments.Int(6), arguments.Double(7));
        var outputs = arguments.TensorList(arguments.Count - 1);
        var (output, means, factors) = (outputs[0]!, outputs[1]!, outputs[2]!);
        Dims.Check(input.Rank >= 2 && batches == input.Sizes[0] && channels == input.Sizes[1] && area == Dims.Product(input.Sizes[2..]), "group_norm's sizes do not fit its input");
        Dims.Check(groups > 0 && channels % groups == 0 && input.IsContiguous && output.IsContiguous, "group_norm's groups do not divide its channels");
        CheckParameters(weight, bias, channels);
        output.Resize(input.Sizes);
        means.Resize([(int)batches, (int)groups]);
        factors.Resize([(int)batches, (int)groups]);
        var count = channels / groups * area;
        for (long row = 0; row < batches * groups; row++)
        {
            var (mean, factor) = Statistics(input, row * count, count, epsilon);
            var firstChannel = row % groups * (channels / groups);
            for (long i = 0; i < count; i++)
            {
                Write(output, (row * count) + i, (Read(input, (row * count) + i) - mean) * factor, weight, bias, firstChannel + (i / area));
            }

            Store(means, row, mean);
            Store(factors, row, factor);
        }
    }

    private static void BatchNormInference(KernelContext context, Arguments arguments)
    {
        var outputs = arguments.TensorList(arguments.Count - 1);
        outputs[1]!.Resize([0]);
        outputs[2]!.Resize([0]);
        Apply(arguments.Tensor(0), arguments.OptionalTensor(1), arguments.OptionalTensor(2), arguments.Double(6), outputs[0]!, arguments.Tensor(3), arguments.Tensor(4));
    }

    // input, weight, bias, training, momentum, eps
    private static void BatchNormStatistics(KernelContext context, Arguments arguments)
    {
        var outputs = arguments.TensorList(arguments.Count - 1);
        Train(arguments.Tensor(0), arguments.OptionalTensor(1), arguments.OptionalTensor(2), null, null, 0, arguments.Double(5), outputs);
    }

    // input, weight, bias, running_mean, running_var, training, momentum, eps
    private static void BatchNormTraining(KernelContext context, Arguments arguments)
    {
        var outputs = arguments.TensorList(arguments.Count - 1);
        if (arguments.Bool(5))
        {
            Train(arguments.Tensor(0), arguments.OptionalTensor(1), arguments.OptionalTensor(2), arguments.Tensor(3), arguments.Tensor(4), arguments.Double(6), arguments.Double(7), outputs);
            return;
        }

        outputs[1]!.Resize([0]);
        outputs[2]!.Resize([0]);
        Apply(arguments.Tensor(0), arguments.OptionalTensor(1), arguments.OptionalTensor(2), arguments.Double(7), outputs[0]!, arguments.Tensor(3), arguments.Tensor(4));
    }

    private static void Apply(TensorView input, TensorView? weight, TensorView? bias, double epsilon, TensorView output, TensorView mean, TensorView variance)
    {
        output.Resize(input.Sizes);
        var channels = input.Rank > 1 ? input.Sizes[1] : 1;
        Dims.Check(input.Rank > 1 && mean.ElementCount == channels && variance.ElementCount == channels, "batch_norm's statistics are not one for each channel");
        CheckParameters(weight, bias, channels);
        for (var channel = 0; channel < channels; channel++)
        {
            var (center, factor) = (Read(mean, channel), 1 / Math.Sqrt(Read(variance, channel) + epsilon));
            foreach (var (from, to) in new ChannelElements(input, output, channel))
            {
                Write(output, to, (Read(input, from) - center) * factor, weight, bias, channel);
            }
        }
    }

    private static void Train(
        TensorView input, TensorView? weight, TensorView? bias, TensorView? runningMean, TensorView? runningVariance, double momentum, double epsilon, ReadOnlySpan<TensorView?> outputs)
    {
        var (output, means, factors) = (outputs[0]!, outputs[1]!, outputs[2]!);
        output.Resize(input.Sizes);
        Dims.Check(input.Rank > 1, "batch_norm needs channels");
        var channels = input.Sizes[1];
        CheckParameters(weight, bias, channels);
        Dims.Check(runningMean is null || runningVariance is null || (runningMean.ElementCount == channels && runningVariance.ElementCount == channels), "batch_norm's statistics are not one for each channel");
        means.Resize([channels]);
        factors.Resize([channels]);
        var count = channels == 0 ? 0 : input.ElementCount / channels;
        for (var channel = 0; channel < channels; channel++)
        {
            var (sum, squares) = (0.0, 0.0);
            foreach (var (from, _) in new ChannelElements(input, output, channel))
            {
                sum += Read(input, from);
            }

            var mean = sum / count;
            foreach (var (from, _) in new ChannelElements(input, output, channel))
            {
                squares += (Read(input, from) - mean) * (Read(input, from) - mean);
            }

            var factor = 1 / Math.Sqrt((squares / count) + epsilon);
            foreach (var (from, to) in new ChannelElements(input, output, channel))
            {
                Write(output, to, (Read(input, from) - mean) * factor, weight, bias, channel);
            }

            Store(means, channel, mean);
            Store(factors, channel, factor);
            if (runningMean is not null && runningVariance is not null && !runningMean.IsReadOnly && !runningVariance.IsReadOnly)
            {
                Store(runningMean, channel, ((1 - momentum) * Read(runningMean, channel)) + (momentum * mean));
                Store(runningVariance, channel, ((1 - momentum) * Read(runningVariance, channel)) + (momentum * squares / Math.Max(count - 1, 1)));
            }
        }
    }

    private static void CheckParameters(TensorView? weight, TensorView? bias, long count) =>
        Dims.Check((weight is null || weight.ElementCount == count) && (bias is null || bias.ElementCount == count), "there is not one weight and bias for each place");

    private static (double Mean, double Factor) Statistics(TensorView input, long start, long count, double epsilon)
    {
        var sum = 0.0;
        for (long i = 0; i < count; i++)
        {
            sum += Read(input, start + i);
        }

        var mean = sum / count;
        var squares = 0.0;
        for (long i = 0; i < count; i++)
        {
            var distance = Read(input, start + i) - mean;
            squares += distance * distance;
        }

        return (mean, 1 / Math.Sqrt((squares / count) + epsilon));
    }

    private static void Write(TensorView output, long at, double value, TensorView? weight, TensorView? bias, long parameter)
    {
        value = weight is null ? value : value * Read(weight, parameter);
        Store(output, at, bias is null ? value : value + Read(bias, parameter));
    }

    private static double Read(TensorView tensor, long index) => Elements.LoadDouble((byte*)tensor.Data + (index * tensor.ElementSize), tensor.ScalarType);

    private static void Store(TensorView tensor, long index, double value) =>
        Elements.Store((byte*)tensor.Data + (index * tensor.ElementSize), tensor.ScalarType, value);
}
