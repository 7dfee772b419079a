namespace Tandem.Cli.Tests;
