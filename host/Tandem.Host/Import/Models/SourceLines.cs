namespace Tandem.Host.Import.Models;

/// <summary>Finds the line of the model in a stack trace of the exporter.</summary>
internal static class SourceLines
{
    /// <summary>The innermost line that is the model's and not a library's: 'nets.py, line 388, in forward: y = self.l(a + b) * scale'; null if there is none.</summary>
    /// <param name="trace">The stack trace; innermost last.</param>
    /// <returns>File, line, function and source text.</returns>
    internal static string? Innermost(string? trace)
    {
        if (string.IsNullOrEmpty(trace))
        {
            return null;
        }

        string? model = null;
        string? any = null;
        var lines = trace.Split('\n');
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i].Trim();
            if (!line.StartsWith("File \"", StringComparison.Ordinal))
            {
                continue;
            }

            var source = i + 1 < lines.Length && !lines[i + 1].TrimStart().StartsWith("File \"", StringComparison.Ordinal) ? lines[i + 1].Trim() : "";
            var text = line[5..].Replace("\"", "") + (source.Length > 0 ? $": {source}" : "");
            any = text;
            if (!line.Contains("site-packages", StringComparison.Ordinal) && !line.Contains("dist-packages", StringComparison.Ordinal)
                && !line.Contains("<eval_with_key>", StringComparison.Ordinal))
            {
                model = text;
            }
        }

        return model ?? any;
    }
}
