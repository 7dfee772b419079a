using Tandem.Plugins.Cpu.Kernels;
using Xunit;

namespace Tandem.Plugins.Cpu.Tests.Kernels;

/// <summary>Test data: every rung; those that this CPU lacks are skipped by name.</summary>
public static class Rungs
{
    /// <summary>Names of all rungs.</summary>
    public static TheoryData<string> All => [.. Enum.GetNames<InstructionSet>()];

    /// <summary>Names of the rungs that have float kernels of their own.</summary>
    public static TheoryData<string> Float
    {
        get
        {
            var names = new TheoryData<string>();
            foreach (var rung in CpuFeatures.AllFloat)
            {
                names.Add(rung.ToString());
            }

            return names;
        }
    }

    internal static InstructionSet Use(string name)
    {
        var rung = Enum.Parse<InstructionSet>(name);
        Assert.SkipUnless(CpuFeatures.IsSupported(rung), $"this CPU does not have {name}");
        return rung;
    }
}
