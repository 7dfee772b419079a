using System.Collections.Immutable;

namespace Tandem.Sdk;

/// <summary>The ahead-of-time half of a backend: partitions methods, and turns the partitions into payloads. Implemented by plugins.</summary>
/// <remarks>
/// <para>Calls: <see cref="CreatePartitioner"/>, a partitioning of every method, then <see cref="Preprocess"/> once with every partition of every
/// method. A backend that shares nothing between partitions implements <see cref="PreprocessPartition"/> and leaves <see cref="Preprocess"/> alone.</para>
/// <para>Equal input gives equal bytes: no clock, no random numbers, no dependence on culture, paths or the number of threads.</para>
/// <para>Ownership: the host disposes the preprocessor when the program is written. The results must not need it any more by then.</para>
/// <para>Threading: one call at a time. Failure: throw <see cref="TandemException"/>; nothing of the lowering is written.</para>
/// <para>Versioning: interfaces that plugins implement grow only by members with a default implementation and by capability interfaces that a plugin
/// may implement beside them; classes that the host implements grow only by virtual members with defaults. So a compiled plugin keeps working.</para>
/// </remarks>
public interface IBackendPreprocessor : IDisposable
{
    /// <summary>Makes the partitioner of one lowering.</summary>
    /// <param name="options">Lowering options of this backend.</param>
    /// <returns>The partitioner.</returns>
    IBackendPartitioner CreatePartitioner(BackendOptions options);

    /// <summary>Turns all partitions of all methods into payloads. By default one after the other, in order.</summary>
    /// <param name="context">The partitions and the store; valid during the call.</param>
    /// <returns>One result for each partition, in any order.</returns>
    IReadOnlyList<PreprocessResult> Preprocess(PreprocessContext context)
    {
        var results = ImmutableArray.CreateBuilder<PreprocessResult>();
        foreach (var method in context.Methods)
        {
            foreach (var partition in method.Partitions)
            {
                context.CancellationToken.ThrowIfCancellationRequested();
                results.Add(PreprocessPartition(partition, context));
            }
        }

        return results.ToImmutable();
    }

    /// <summary>Turns one partition into a payload, looking at no other.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="context">The context of the whole call.</param>
    /// <returns>The result.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.BackendResultInvalid"/>: the backend implements <see cref="Preprocess"/> only.</exception>
    PreprocessResult PreprocessPartition(BackendPartition partition, PreprocessContext context) =>
        throw new TandemException(ErrorCode.BackendResultInvalid, "the backend turns partitions into payloads together only",
            new ErrorDetails { File = context.BackendId, Location = partition.Identity.ToString(), NextStep = "call Preprocess, or implement PreprocessPartition" });

    /// <summary>Gives back what the preprocessor holds; by default nothing.</summary>
    void IDisposable.Dispose()
    {
    }
}
