using System.CommandLine;
using System.Globalization;
using Spectre.Console;
using Tandem.Cli.Inputs;
using Tandem.Cli.Tokenization;
using Tandem.Host.Generation;
using Tandem.Sdk;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem generate</c>: writes text with a language model.</summary>
internal static class GenerateCommand
{
    /// <summary>Creates the verb.</summary>
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("MODEL.pte") { Description = "A program with methods prefill and decode (docs/generate.md)." };
        var tokenizer = new Option<string?>("--tokenizer") { Description = "tokenizer.json; default: the one beside the model." };
        var prompt = new Option<string>("--prompt", "-p") { Description = "The text to go on from.", DefaultValueFactory = _ => "Once upon a time" };
        var maxNew = new Option<int>("--max-new") { Description = "Most new tokens.", DefaultValueFactory = _ => 120 };
        var temperature = new Option<double>("--temperature") { Description = "0 always takes the most probable token.", DefaultValueFactory = _ => 0 };
        var topP = new Option<double>("--top-p") { Description = "Keeps the most probable tokens that add up to this.", DefaultValueFactory = _ => 1 };
        var seed = new Option<int>("--seed") { Description = "Seed of the random choice.", DefaultValueFactory = _ => 0 };
        var ids = new Option<bool>("--ids") { Description = "Print token ids, the prompt's included, instead of text." };
        var stats = new Option<bool>("--stats") { Description = "Print tokens per second to the standard error." };
        var common = new CommonOptions();
        var command = new Command("generate", """
            Writes text, token by token, as it comes.

            Examples:
              tandem generate model.pte --prompt "Once upon a time there was"
              tandem generate model.pte --temperature 0.8 --top-p 0.9 --seed 7 --stats
            """) { model, tokenizer, prompt, maxNew, temperature, topP, seed, ids, stats };
        common.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var path = parsed.GetValue(model)!;
            var file = TokenizerFile.Read(parsed.GetValue(tokenizer)
                ?? Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "tokenizer.json"));
            using var runtime = common.CreateRuntime(parsed);
            using var program = runtime.LoadProgram(path, parsed.GetValue(common.Data)!);
            Warnings.Print(terminal, program);
            using var session = program.CreateSession();
            var generator = new TokenGenerator(session);
            var sampling = new SamplingOptions
            {
                Temperature = parsed.GetValue(temperature),
                TopP = parsed.GetValue(topP),
                Seed = parsed.GetValue(seed),
            };
            var encoded = file.Encode(parsed.GetValue(prompt)!);
            var tokens = generator.Generate(encoded, sampling, parsed.GetValue(maxNew), file.EndId, cancellation);
            if (parsed.GetValue(ids))
            {
                terminal.RawOutput.WriteLine(string.Join(',', encoded.Concat(tokens)));
            }
            else
            {
                Stream(terminal.RawOutput, file, parsed.GetValue(prompt)!, tokens);
            }

            if (parsed.GetValue(stats))
            {
                Print(terminal, generator.Statistics);
            }

            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    /// <summary>Prints the prompt and then each token's text as soon as its characters are whole.</summary>
    public static void Stream(TextWriter output, TokenizerFile tokenizer, string prompt, IEnumerable<int> tokens)
    {
        var text = new Utf8Stream();
        output.Write(prompt);
        foreach (var token in tokens)
        {
            output.Write(text.Append(tokenizer.Bytes(token)));
            output.Flush();
        }

        output.WriteLine(text.Flush());
    }

    /// <summary>Prints where the time went.</summary>
    public static void Print(Terminal terminal, GenerationStatistics statistics) => terminal.Error.MarkupLineInterpolated(
        CultureInfo.InvariantCulture,
        $"prompt {statistics.PromptTokens} tokens in {statistics.PromptTime.TotalMilliseconds:0.0} ms ({statistics.PromptTokensPerSecond:0} tokens/s), decode {statistics.NewTokens} tokens in {statistics.DecodeTime.TotalMilliseconds:0.0} ms ({statistics.NewTokensPerSecond:0} tokens/s)");
}
