using Tandem.Sdk;
using Xunit;

namespace Tandem.Sdk.Tests;

public sealed class AssemblyTests
{
    [Fact]
    public void R7_T14_the_sdk_references_nothing_but_the_framework()
    {
        var framework = Path.GetDirectoryName(typeof(object).Assembly.Location)!;
        var references = typeof(IBackendPlugin).Assembly.GetReferencedAssemblies();
        Assert.NotEmpty(references);
        Assert.All(references, reference => Assert.True(File.Exists(Path.Combine(framework, reference.Name + ".dll")), reference.FullName));
    }

    [Fact]
    public void T12_every_class_that_the_host_implements_can_be_extended()
    {
        // A new abstract member would break compiled hosts and fakes in tests: contexts grow by virtual members, so their types stay open.
        Type[] hosts = [typeof(DelegateInitializeContext), typeof(DelegateExecuteContext), typeof(PreprocessContext), typeof(PartitionContext), typeof(NamedDataMap)];
        Assert.All(hosts, type => Assert.True(type.IsAbstract && !type.IsInterface, type.Name));
    }
}
