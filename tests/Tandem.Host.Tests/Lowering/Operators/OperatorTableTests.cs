using Tandem.Host.Lowering.Operators;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Lowering.Operators;

public sealed class OperatorTableTests
{
    [Fact]
    public void A_schema_has_parameters_defaults_and_its_out_variant()
    {
        var schema = OperatorTable.Get("aten::add.Tensor");

        Assert.Equal(["self", "other", "alpha"], schema.Parameters.Select(parameter => parameter.Name));
        Assert.Equal(new OperatorParameter("alpha", "Scalar", "1", IsKeywordOnly: true, IsWritten: false), schema.Find("alpha"));
        Assert.Equal(["Tensor"], schema.Returns);
        Assert.Equal("aten::add.out", schema.OutVariant);
    }

    [Fact]
    public void Alias_marks_are_read_and_left_out()
    {
        Assert.True(OperatorTable.Get("aten::copy_").Find("self")!.IsWritten);
        Assert.Equal("Tensor", OperatorTable.Get("aten::split.Tensor").Find("self")!.Type);
        Assert.Equal(["Tensor[]"], OperatorTable.Get("aten::split.Tensor").Returns);
    }

    [Fact]
    public void A_factory_loses_its_options_in_the_out_variant()
    {
        var schema = OperatorTable.Get("aten::full");

        Assert.Equal("aten::full.out", schema.OutVariant);
        Assert.Equal(["size", "fill_value"], schema.OutParameters.Select(parameter => parameter.Name));
    }

    [Fact]
    public void List_defaults_keep_their_commas() => Assert.Equal("[0, 0]", OperatorTable.Get("aten::conv2d").Find("padding")!.Default);

    [Fact]
    public void Results_of_a_tuple_are_told_apart() => Assert.Equal(["Tensor", "Tensor"], OperatorTable.Get("aten::topk").Returns);

    [Fact]
    public void An_unknown_operator_is_named() =>
        Assert.Equal("acme::nothing", Assert.Throws<TandemException>(() => OperatorTable.Get("acme::nothing")).Details.Location);
}
