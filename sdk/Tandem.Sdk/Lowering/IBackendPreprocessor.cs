namespace Tandem.Sdk;

/// <summary>The ahead-of-time half of a backend.</summary>
public interface IBackendPreprocessor
{
}
