using Tandem.Sdk;

namespace Tandem.Tests;

/// <summary>Says that a test produces an error; a test over all test sources checks that every code has one.</summary>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
internal sealed class ProducesErrorAttribute(ErrorCode code) : Attribute
{
    public ErrorCode Code => code;
}
