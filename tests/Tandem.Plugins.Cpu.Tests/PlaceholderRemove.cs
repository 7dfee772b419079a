namespace Tandem.Plugins.Cpu.Tests;
