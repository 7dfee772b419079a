using System.Text;

namespace Tandem.Plugins.Cpu.Kernels.Generator;

/// <summary>Writes the files <c>Kernels/Gemm/F32Gemm.MxNv.g.cs</c>: M rows by N registers of columns, all accumulators explicit locals.</summary>
internal static class F32GemmGenerator
{
    public const int MaxRows = 8;

    /// <summary>Most registers of columns for a number of rows; more do not fit into 32 registers.</summary>
    public static int MaxPanels(int rows) => rows <= 6 ? 4 : 3;

    /// <summary>Every file's name and text.</summary>
    public static IEnumerable<(string Name, string Text)> Generate()
    {
        for (var rows = 1; rows <= MaxRows; rows++)
        {
            for (var panels = 1; panels <= MaxPanels(rows); panels++)
            {
                yield return ($"F32Gemm.{rows}x{panels}v.g.cs", Kernel(rows, panels));
            }
        }

        yield return ("F32Gemm.Table.g.cs", Table());
    }

    private static string Table()
    {
        var text = new StringBuilder();
        text.Append("""
            // Written by F32GemmGenerator; do not edit.
            namespace Tandem.Plugins.Cpu.Kernels;

            internal static unsafe partial class F32Gemm<TSimd, V>
            {
                /// <summary>The kernel of a number of rows and registers of columns.</summary>
                public static delegate*<TileArguments*, void> Kernel(int rows, int panels)
                {
                    switch ((rows * 8) + panels)
                    {

            """);
        for (var rows = 1; rows <= MaxRows; rows++)
        {
            for (var panels = 1; panels <= MaxPanels(rows); panels++)
            {
                text.Append($"            case {(rows * 8) + panels}:\n                return &Tile{rows}x{panels};\n");
            }
        }

        text.Append("            default:\n                return null;\n        }\n    }\n}\n");
        return text.ToString();
    }

    private static string Kernel(int rows, int panels)
    {
        var text = new StringBuilder();
        void Line(int indent, string line) => text.Append(' ', indent * 4).Append(line).Append('\n');

        text.Append("// Written by F32GemmGenerator; do not edit.\nusing System.Runtime.CompilerServices;\n\nnamespace Tandem.Plugins.Cpu.Kernels;\n\n");
        text.Append("internal static unsafe partial class F32Gemm<TSimd, V>\n{\n");
        Line(1, "[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
        Line(1, $"private static void Tile{rows}x{panels}(TileArguments* t)");
        Line(1, "{");
        Line(2, "var b0 = t->B;");
        for (var j = 1; j < panels; j++)
        {
            Line(2, $"var b{j} = b{j - 1} + t->BPanel;");
        }

        Line(2, "var bStep = t->BStep;");
        for (var i = 0; i < rows; i++)
        {
            Line(2, $"V {Join(panels, j => $"c{i}{j}")};");
        }

        Line(2, "if (t->Bias != null)");
        Line(2, "{");
        for (var j = 0; j < panels; j++)
        {
            Line(3, $"{string.Concat(Enumerable.Range(0, rows).Select(i => $"c{i}{j} = "))}TSimd.Load(t->Bias{Lanes(j)});");
        }

        Line(2, "}");
        Line(2, "else");
        Line(2, "{");
        Line(3, "var c = t->C;");
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < panels; j++)
            {
                Line(3, j < panels - 1 ? $"c{i}{j} = TSimd.Load(c{Lanes(j)});" : $"c{i}{j} = TSimd.LoadPartial(c{Lanes(j)}, t->LastLanes);");
            }

            if (i < rows - 1)
            {
                Line(3, "c += t->CStride;");
            }
        }

        Line(2, "}");
        text.Append('\n');
        Line(2, "var rows = t->Rows;");
        Line(2, "var length = t->SegmentLength;");
        Line(2, "for (nint s = 0; s < t->SegmentCount; s++)");
        Line(2, "{");
        Line(3, "var offset = t->Offsets[s];");
        for (var i = 0; i < rows; i++)
        {
            Line(3, $"var a{i} = rows[{i}] + offset;");
        }

        Line(3, "for (nint k = 0; k < length; k++)");
        Line(3, "{");
        for (var j = 0; j < panels; j++)
        {
            Line(4, $"var w{j} = TSimd.Load(b{j});");
        }

        for (var i = 0; i < rows; i++)
        {
            Line(4, $"{(i == 0 ? "var " : "")}x = TSimd.Broadcast(a{i}[k]);");
            for (var j = 0; j < panels; j++)
            {
                Line(4, $"c{i}{j} = TSimd.MultiplyAdd(x, w{j}, c{i}{j});");
            }
        }

        for (var j = 0; j < panels; j++)
        {
            Line(4, $"b{j} += bStep;");
        }

        Line(3, "}");
        Line(2, "}");
        text.Append('\n');
        Line(2, "var low = TSimd.Broadcast(t->Min);");
        Line(2, "var high = TSimd.Broadcast(t->Max);");
        Line(2, "var o = t->C;");
        Line(2, "var lanes = t->LastLanes;");
        Line(2, "if (lanes == TSimd.Width)");
        Line(2, "{");
        Stores(false);
        Line(2, "}");
        Line(2, "else");
        Line(2, "{");
        Stores(true);
        Line(2, "}");
        Line(1, "}");
        text.Append("}\n");
        return text.ToString();

        void Stores(bool isPartial)
        {
            for (var i = 0; i < rows; i++)
            {
                for (var j = 0; j < panels; j++)
                {
                    var value = $"TSimd.Clamp(c{i}{j}, low, high)";
                    Line(3, isPartial && j == panels - 1 ? $"TSimd.StorePartial(o{Lanes(j)}, {value}, lanes);" : $"TSimd.Store(o{Lanes(j)}, {value});");
                }

                if (i < rows - 1)
                {
                    Line(3, "o += t->CStride;");
                }
            }
        }
    }

    private static string Lanes(int panel) => panel switch { 0 => "", 1 => " + TSimd.Width", _ => $" + ({panel} * TSimd.Width)" };

    private static string Join(int count, Func<int, string> item) => string.Join(", ", Enumerable.Range(0, count).Select(item));
}
