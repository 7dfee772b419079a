namespace Tandem.Sdk.Tests;
