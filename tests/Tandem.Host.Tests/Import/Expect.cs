using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Import;

/// <summary>Asserts that know error codes.</summary>
internal static class Expect
{
    internal static TandemException Error(ErrorCode code, Action action)
    {
        var error = Assert.Throws<TandemException>(action);
        Assert.True(error.Code == code, error.Message);
        return error;
    }
}
