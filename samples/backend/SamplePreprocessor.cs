using System.Collections.Immutable;
using System.Text;
using Tandem.Sdk;

namespace Tandem.Samples.Backend;

/// <summary>The ahead-of-time half: weights go into the store, the payload is only the list of their keys.</summary>
public sealed class SamplePreprocessor : IBackendPreprocessor
{
    public IBackendPartitioner CreatePartitioner(BackendOptions options) => new SamplePartitioner();

    public PreprocessResult PreprocessPartition(BackendPartition partition, PreprocessContext context)
    {
        var keys = ImmutableArray.CreateBuilder<string>();
        foreach (var input in partition.Program.Signature.Inputs)
        {
            if (input is { Kind: GraphInputKind.Parameter, Tensor: { } tensor })
            {
                // Under the hash of its content, a weight meets itself in every partition and method.
                keys.Add(context.NamedData.AddByContent(tensor.Storage, alignment: 16));
            }
        }

        var payload = string.Join('\n', keys);
        return new PreprocessResult(partition.Identity, DataContent.FromMemory(Encoding.UTF8.GetBytes(payload), partition.Identity.ToString()))
        {
            NamedDataKeys = keys.ToImmutable(),
        };
    }
}
