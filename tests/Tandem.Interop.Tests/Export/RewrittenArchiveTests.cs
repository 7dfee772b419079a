using System.Diagnostics;
using Tandem.Host.Export;
using Tandem.Host.Import;
using Tandem.Host.Lowering;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Interop.Tests.Export;

/// <summary>Every archive that torch.export wrote, read, written and read again.</summary>
public sealed class RewrittenArchiveTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_archive_is_written_as_it_was_read()
    {
        var clock = Stopwatch.StartNew();
        var (archives, before, after) = (0, 0L, 0L);
        var failures = new List<string>();
        foreach (var file in SharedVectors.Files(".pt2"))
        {
            try
            {
                var program = ExportedProgramReader.Read(file);
                var first = Write(program);
                var read = ExportedProgramReader.FromMemory(first, file);
                if (ExportedProgramText.Write(program) != ExportedProgramText.Write(read))
                {
                    failures.Add($"{file}: read differently");
                }

                foreach (var (input, back) in program.Methods.SelectMany(method => method.Signature.Inputs).Zip(read.Methods.SelectMany(method => method.Signature.Inputs)))
                {
                    if (input.Tensor is { } tensor && (tensor.Spec != back.Tensor?.Spec || tensor.Storage.ContentHash != back.Tensor.Storage.ContentHash))
                    {
                        failures.Add($"{file}: {input.QualifiedName} has other bytes");
                    }
                }

                if (!first.AsSpan().SequenceEqual(Write(read)))
                {
                    failures.Add($"{file}: written differently the second time");
                }

                archives++;
                before += new FileInfo(file).Length;
                after += first.Length;
            }
            catch (TandemException error)
            {
                failures.Add($"{file}: {error.Message}");
            }
        }

        output.WriteLine($"{archives} archives, {before:n0} bytes became {after:n0}, {clock.ElapsedMilliseconds} ms");
        Assert.True(failures.Count == 0, string.Join('\n', failures));
        Assert.True(archives >= 370, $"{archives} archives");
    }

    private static byte[] Write(ExportedProgram program)
    {
        using var stream = new MemoryStream();
        ExportedProgramWriter.WriteTo(program, stream, "model");
        return stream.ToArray();
    }
}
