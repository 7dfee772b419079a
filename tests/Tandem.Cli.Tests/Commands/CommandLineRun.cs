namespace Tandem.Cli.Tests.Commands;

/// <summary>One run of the command in this process.</summary>
internal sealed record CommandLineRun(int ExitCode, string Output, string Error)
{
    public static readonly string Model = Repository.File("samples", "models", "tales", "xnnpack_fp32.pte");

    public static async Task<CommandLineRun> Run(params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var exitCode = await CommandLine.RunAsync(args, new Terminal(output, error));
        return new CommandLineRun(exitCode, output.ToString(), error.ToString());
    }
}
