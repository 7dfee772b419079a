using System.CommandLine;
using Spectre.Console;
using Tandem.Cli.Inputs;
using Tandem.Host;
using Tandem.Host.Execution;
using Tandem.Host.Replay;
using Tandem.Host.TensorFiles;
using Tandem.Sdk;

namespace Tandem.Cli.Commands;

/// <summary><c>tandem run</c>: runs one method once.</summary>
internal static class RunCommand
{
    /// <summary>Creates the verb.</summary>
    public static Command Create(Terminal terminal)
    {
        var model = new Argument<string>("MODEL.pte") { Description = "The program." };
        var method = new Option<string?>("--method", "-m") { Description = "Method; default: the only one, or 'forward'." };
        var inputs = new Option<string[]>("--inputs", "-i")
        {
            Description = "A .safetensors file with tensors in.0, in.1, ...; or one .npy file or JSON value for each input in order; or 'random'.",
            AllowMultipleArgumentsPerToken = true,
            DefaultValueFactory = _ => [],
        };
        var outputs = new Option<string?>("--outputs", "-o")
        {
            Description = "Write the outputs: a .safetensors file with out.0, out.1, ..., or a folder of .npy files.",
        };
        var seed = new Option<int>("--seed") { Description = "Seed of random inputs.", DefaultValueFactory = _ => 0 };
        var common = new CommonOptions();
        var command = new Command("run", """
            Runs a method once and prints a summary of each output.

            Examples:
              tandem run model.pte --inputs in.safetensors --outputs out.safetensors
              tandem run model.pte -m decode --inputs tokens.npy '[5]'
              tandem run model.pte --inputs random
            """) { model, method, inputs, outputs, seed };
        common.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            using var runtime = common.CreateRuntime(parsed);
            using var program = runtime.LoadProgram(parsed.GetValue(model)!, parsed.GetValue(common.Data)!);
            Warnings.Print(terminal, program);
            using var session = program.CreateSession();
            var loaded = session.GetMethod(MethodNames.Choose(program, parsed.GetValue(method)));
            MethodInputs.Set(loaded, InputSource.Read(loaded.Info, parsed.GetValue(inputs)!, parsed.GetValue(seed)));
            loaded.Execute(cancellation);
            Print(terminal, loaded);
            if (parsed.GetValue(outputs) is { } path)
            {
                Write(path, loaded);
                terminal.Error.MarkupLineInterpolated($"wrote {path}");
            }

            return Task.FromResult(ExitCode.Success);
        });
        return command;
    }

    private static void Print(Terminal terminal, Method method)
    {
        for (var i = 0; i < method.Info.Outputs.Count; i++)
        {
            var value = method.GetOutputValue(i);
            var text = value.Kind == EValueKind.Tensor ? TensorSummary.Describe(value.AsTensor()) : value.ToString();
            terminal.Output.MarkupLineInterpolated($"output {i}: {text}");
        }
    }

    private static void Write(string path, Method method)
    {
        var tensors = Enumerable.Range(0, method.Info.Outputs.Count).Select(i => method.GetOutputValue(i)).Select((value, i) => (value, i))
            .Where(pair => pair.value.Kind == EValueKind.Tensor)
            .Select(pair => (Name: $"out.{pair.i}", Tensor: TensorSummary.ToContiguous(pair.value.AsTensor()))).ToList();
        if (path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase))
        {
            SafetensorsFile.Write(path, tensors.Select(item => KeyValuePair.Create(item.Name, item.Tensor)));
            return;
        }

        Directory.CreateDirectory(path);
        foreach (var (name, tensor) in tensors)
        {
            NpyFile.Write(Path.Combine(path, name + ".npy"), tensor);
        }
    }
}
