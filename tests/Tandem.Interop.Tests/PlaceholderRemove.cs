namespace Tandem.Interop.Tests;
