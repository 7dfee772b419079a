using System.Reflection;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests;

/// <summary>Every error of reading files has a test that produces it.</summary>
public sealed class ErrorCodeTests
{
    [Fact]
    public void EveryErrorCodeOfAFileHasATest()
    {
        // TDM1006 is the FlatBuffers reader's own; its tests lie beside it.
        var produced = typeof(ErrorCodeTests).Assembly.GetTypes().SelectMany(type => type.GetMethods())
            .SelectMany(method => method.GetCustomAttributes<ProducesErrorAttribute>()).Select(attribute => attribute.Code)
            .Append(ErrorCode.FlatBufferInvalid).ToHashSet();
        Assert.All(Enum.GetValues<ErrorCode>().Where(code => (int)code < 3000), code => Assert.Contains(code, produced));
    }
}
