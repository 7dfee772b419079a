using Tandem.Host.Formats;
using Tandem.Host.Import;
using Tandem.Host.Lowering;
using Tandem.Host.Lowering.Passes;
using Tandem.Sdk;

namespace Tandem.Host.Export;

/// <summary>Writes archives of torch.export (.pt2): what <see cref="ExportedProgramReader"/> reads, and PyTorch 2.9 and later load.</summary>
/// <remarks>
/// <para>
/// Layout, names and alignment are torch's. A content that several tensors or methods share is stored once, state excepted. Weights are copied a piece at a time and never held. A
/// program with the one method "forward" becomes what torch.export.load opens; others are what load_pt2 opens. PyTorch knows operators of extensions, as the torchao ones of
/// quantised programs, once their package is imported.
/// </para>
/// <para>Equal programs give equal bytes for equal file names. Threading: all members may be called from any thread.</para>
/// </remarks>
public static class ExportedProgramWriter
{
    private const string OnlyMethod = "forward";
    private const string OnlyModel = "model";

    /// <summary>Writes a file: to a temporary file first, then renamed.</summary>
    /// <param name="program">The program.</param>
    /// <param name="path">The file; replaced if it is there. It may be the one from which the program was read, if the platform lets go of mapped files.</param>
    /// <param name="cancellationToken">Cancels; nothing is written then.</param>
    /// <exception cref="TandemException">
    /// <see cref="ErrorCode.ExportedProgramInvalid"/>; <see cref="ErrorCode.ExportedProgramNotSupported"/>: an archive cannot hold the program, as one that is lowered;
    /// <see cref="ErrorCode.ArgumentInvalid"/>: a method's name is no name of a file; <see cref="ErrorCode.TargetUnwritable"/>; what reading a weight throws.
    /// </exception>
    public static void Write(ExportedProgram program, string path, CancellationToken cancellationToken = default)
    {
        var root = Path.GetFileNameWithoutExtension(path);
        TargetFile.Write(path, stream => WriteTo(program, stream, root, cancellationToken));
    }

    /// <summary>Writes to a stream.</summary>
    /// <param name="program">The program.</param>
    /// <param name="target">Only written to; not closed.</param>
    /// <param name="name">Name of the archive's root folder; torch takes that of the file.</param>
    /// <param name="cancellationToken">Cancels; what is written then is no archive.</param>
    /// <exception cref="TandemException">As for a file.</exception>
    public static void WriteTo(ExportedProgram program, Stream target, string name, CancellationToken cancellationToken = default)
    {
        ExportedProgramChecker.Check(program);
        var root = name.Length > 0 && name is not ("." or "..") && !name.Any(IsForbidden) ? name : "archive";
        var package = new PackageWriter(target, root);
        var state = MutatedBuffers.Find(program);
        var (weights, constants) = (new PayloadFolder("weights", "weight", state), new PayloadFolder("constants", "tensor", state));
        foreach (var method in program.Methods)
        {
            if (method.Name.Any(IsForbidden))
            {
                throw new TandemException(ErrorCode.ArgumentInvalid, "the name of a method is no name of a file", new ErrorDetails { Found = $"'{method.Name}'" });
            }

            var model = program.Methods.Length == 1 && method.Name == OnlyMethod ? OnlyModel : method.Name;
            try
            {
                weights.Write(package, model, method.Signature.Inputs.Where(input => IsWeight(input)), method, cancellationToken);
                constants.Write(package, model, method.Signature.Inputs.Where(input => !IsWeight(input) && input.Kind != GraphInputKind.UserInput), method, cancellationToken);
                package.Add($"models/{model}.json", ProgramJson.Write(method));
            }
            catch (TandemException error) when (error.Details.Location is null)
            {
                throw error.With(new ErrorDetails { Location = $"method '{method.Name}'" });
            }

            // Example inputs are not kept by programs; torch takes an empty member for none.
            package.Add($"data/sample_inputs/{model}.pt", []);
        }

        package.Finish();
    }

    private static bool IsWeight(GraphInputSpec input) => input.Kind == GraphInputKind.Parameter || (input.Kind == GraphInputKind.Buffer && input.IsPersistent);

    private static bool IsForbidden(char letter) => char.IsControl(letter) || letter is '/' or '\\' || char.IsSurrogate(letter);
}
