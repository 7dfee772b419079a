using Tandem.Sdk;
using Xunit;

namespace Tandem.Sdk.Tests.Errors;

public sealed class TandemExceptionTests
{
    [Fact]
    public void T3_the_message_carries_the_code_and_every_fact()
    {
        var error = new TandemException(ErrorCode.NamedDataConflict, "two sources differ",
            new ErrorDetails { File = "f", Location = "l", Expected = "e", Found = "x", NextStep = "n" });
        Assert.Equal("TDM3002 NamedDataConflict: two sources differ; file: f; at: l; expected: e; found: x; next: n", error.Message);
        Assert.Equal("TDM3001 NamedDataNotFound: no", new TandemException(ErrorCode.NamedDataNotFound, "no").Message);
    }

    [Fact]
    public void T3_an_outer_layer_adds_facts_and_replaces_none()
    {
        var inner = new TandemException(ErrorCode.PayloadInvalid, "broken", new ErrorDetails { Location = "node 3" });
        var outer = inner.With(new ErrorDetails { File = "a.pte", Location = "other", NextStep = "lower again" });
        Assert.Equal((ErrorCode.PayloadInvalid, "broken"), (outer.Code, outer.Problem));
        Assert.Equal(("a.pte", "node 3", "lower again"), (outer.Details.File, outer.Details.Location, outer.Details.NextStep));
        Assert.Same(inner, outer.InnerException);
    }

    [Fact]
    public void T3_no_two_codes_have_one_number() =>
        Assert.Equal(Enum.GetNames<ErrorCode>().Length, Enum.GetValues<ErrorCode>().Select(code => (int)code).Distinct().Count());
}
