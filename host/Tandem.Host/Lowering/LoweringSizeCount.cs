using Tandem.Host.Diagnostics.Reports;
using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Lowering;

/// <summary>Counts where the bytes of a program went.</summary>
internal static class LoweringSizeCount
{
    internal static LoweringSizes Count(ProgramImage image, LoweringRecord record)
    {
        var named = image.NamedData.Concat(image.DataFiles.SelectMany(file => file.Data)).Where(item => item.Key != LoweringMetadata.Key).ToList();
        var weights = Distinct(image.Constants.Concat(image.MutableData).Concat(named.Select(item => item.Content)));
        var payloads = Distinct(image.Plans.SelectMany(plan => plan.Delegates).Select(item => item.Processed));
        var lengths = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var item in named)
        {
            lengths[item.Key] = item.Content.Length;
        }

        var unshared = image.Plans.Sum(plan => plan.Delegates.Sum(item => item.Processed.Length) + plan.Plan.Values.OfType<ValueModel.Tensor>().Select(tensor => tensor.Storage switch
        {
            TensorStorageKind.Constant => (Key: $"#{tensor.DataIndex}", image.Constants[tensor.DataIndex - 1].Length),
            TensorStorageKind.PlannedInitialised => (Key: $"@{tensor.DataIndex}", image.MutableData[tensor.DataIndex - 1].Length),
            TensorStorageKind.ExternalConstant => (Key: tensor.Name!, Length: lengths.GetValueOrDefault(tensor.Name!)),
            _ => (Key: "", Length: 0),
        }).DistinctBy(item => item.Key).Sum(item => item.Length))
            + record.Methods.SelectMany(method => method.Partitions).Sum(partition => partition.NamedDataKeys.Distinct().Sum(key => lengths.GetValueOrDefault(key)));
        return new LoweringSizes(weights, payloads, unshared);
    }

    private static long Distinct(IEnumerable<DataContent> contents)
    {
        var known = new ContentIndex();
        var (bytes, count) = (0L, 0);
        foreach (var content in contents)
        {
            if (!known.TryGet(content, out _))
            {
                known.Add(content, count++);
                bytes += content.Length;
            }
        }

        return bytes;
    }
}
