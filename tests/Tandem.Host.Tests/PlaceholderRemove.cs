namespace Tandem.Host.Tests;
