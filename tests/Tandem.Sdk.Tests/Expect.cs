using Tandem.Sdk;
using Xunit;

namespace Tandem.Sdk.Tests;

/// <summary>Asserts that know error codes.</summary>
internal static class Expect
{
    internal static TandemException Error(ErrorCode code, Action action)
    {
        var error = Assert.Throws<TandemException>(action);
        Assert.Equal(code, error.Code);
        return error;
    }
}
