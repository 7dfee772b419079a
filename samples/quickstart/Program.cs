// Loads the sample language model and asks it for one token: which piece follows "0, 477, 478, 258"?
using Tandem.Host;

var folder = AppContext.BaseDirectory;
using var runtime = new TandemRuntime(new TandemOptions { PluginFolders = [Path.Combine(folder, "plugins")] });
using var program = runtime.LoadProgram(Path.Combine(folder, "models", "tales", "xnnpack_fp32.pte"));
using var session = program.CreateSession();

var prefill = session.GetMethod("prefill");
prefill.SetInput<long>(0, [0, 477, 478, 258], [1, 4]);
prefill.SetInput<long>(1, [0, 1, 2, 3], [4]);
prefill.Execute();

var logits = prefill.GetOutput(0).AsReadOnlySpan<float>();
Console.WriteLine($"next token: {System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits)}");
