using System.Text;

namespace Tandem.Plugins.Cpu.Kernels.Generator;

/// <summary>Writes the files <c>Kernels/Gemm/F32Gemm.MxNv.g.cs</c>: M rows by N registers of columns, all accumulators explicit locals.</summary>
internal static class F32GemmGenerator
{
    public const int MaxRows = 8;

    /// <summary>
    /// Most registers of columns for a number of rows. Many rows are bound by arithmetic, and two registers of columns reach its peak: more
    /// would only take longer to compile.
    /// </summary>
    public static int MaxPanels(int rows) => rows <= 4 ? 4 : 2;

    // A step depends on the one before through its accumulator; few accumulators take several steps at once.
    private static int Unrolled(int accumulators) => accumulators == 1 ? 4 : accumulators <= 4 ? 2 : 1;

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

            internal static unsafe partial class F32Gemm<TSimd, V, TWeights, E>
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
        var unrolled = Unrolled(rows * panels);
        const string sums = "cdef";
        const string weights = "vwpq";
        const string values = "xyzu";
        void Line(int indent, string line) => text.Append(' ', indent * 4).Append(line).Append('\n');

        text.Append("// Written by F32GemmGenerator; do not edit.\nusing System.Runtime.CompilerServices;\n\nnamespace Tandem.Plugins.Cpu.Kernels;\n\n");
        text.Append("internal static unsafe partial class F32Gemm<TSimd, V, TWeights, E>\n{\n");
        Line(1, "[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
        Line(1, $"private static void Tile{rows}x{panels}(TileArguments* t)");
        Line(1, "{");
        Line(2, "var b0 = (E*)t->B;");
        for (var j = 1; j < panels; j++)
        {
            Line(2, $"var b{j} = b{j - 1} + t->BPanel;");
        }

        Line(2, "var bStep = t->BStep;");
        if (rows == 1)
        {
            Line(2, "var ahead = Math.Max(PrefetchBytes / sizeof(E), PrefetchSteps * bStep);");
        }

        for (var i = 0; i < rows; i++)
        {
            Line(2, $"V {Join(panels, j => $"c{i}{j}")};");
        }

        for (var u = 1; u < unrolled; u++)
        {
            for (var i = 0; i < rows; i++)
            {
                Line(2, $"V {Join(panels, j => $"{sums[u]}{i}{j} = TSimd.Zero")};");
            }
        }

        Line(2, "var init = t->Init;");
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < panels; j++)
            {
                Line(2, $"c{i}{j} = TSimd.Load(init{Lanes(j)});");
            }

            if (i < rows - 1)
            {
                Line(2, "init += t->InitStride;");
            }
        }

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

        if (unrolled > 1)
        {
            Line(3, "nint k = 0;");
            Line(3, $"for (; k + {unrolled} <= length; k += {unrolled})");
            Line(3, "{");
            for (var u = 0; u < unrolled; u++)
            {
                Step(u);
            }

            Line(3, "}");
            text.Append('\n');
            Line(3, unrolled == 2 ? "if (k < length)" : "for (; k < length; k++)");
            Line(3, "{");
            Step(0);
            Line(3, "}");
        }
        else
        {
            Line(3, "for (nint k = 0; k < length; k++)");
            Line(3, "{");
            Step(0);
            Line(3, "}");
        }

        Line(2, "}");
        text.Append('\n');
        for (var u = 1; u < unrolled; u++)
        {
            for (var i = 0; i < rows; i++)
            {
                for (var j = 0; j < panels; j++)
                {
                    Line(2, $"c{i}{j} = TSimd.Add(c{i}{j}, {sums[u]}{i}{j});");
                }
            }
        }

        Line(2, "if (t->IsBounded)");
        Line(2, "{");
        Line(3, "var low = TSimd.Broadcast(t->Min);");
        Line(3, "var high = TSimd.Broadcast(t->Max);");
        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < panels; j++)
            {
                Line(3, $"c{i}{j} = TSimd.Clamp(c{i}{j}, low, high);");
            }
        }

        Line(2, "}");
        text.Append('\n');
        Line(2, "var o = t->C;");
        for (var i = 0; panels > 1 && i < rows; i++)
        {
            for (var j = 0; j < panels - 1; j++)
            {
                Line(2, $"TSimd.Store(o{Lanes(j)}, c{i}{j});");
            }

            if (i < rows - 1)
            {
                Line(2, "o += t->CStride;");
            }
        }

        text.Append('\n');
        var last = panels - 1;
        Line(2, $"o = t->C{Lanes(last)};");
        Line(2, "var lanes = t->LastLanes;");
        Line(2, "if (lanes == TSimd.Width)");
        Line(2, "{");
        Stores(i => $"TSimd.Store(o, c{i}{last});");
        Line(2, "}");
        Line(2, "else");
        Line(2, "{");
        Stores(i => $"TSimd.StorePartial(o, c{i}{last}, lanes);");
        Line(2, "}");
        Line(1, "}");
        text.Append("}\n");
        return text.ToString();

        void Step(int u)
        {
            var (k, sum, weight, value) = (u == 0 ? "k" : $"k + {u}", sums[u], weights[u], values[u]);
            for (var j = 0; j < panels; j++)
            {
                Line(4, $"var {weight}{j} = TWeights.Load(b{j});");
            }

            // One row uses each weight once: what weights wait for is memory.
            for (var j = 0; rows == 1 && j < panels; j++)
            {
                Line(4, $"TSimd.Prefetch((float*)(b{j} + ahead));");
            }

            for (var i = 0; i < rows; i++)
            {
                Line(4, $"{(i == 0 ? "var " : "")}{value} = TSimd.Broadcast(a{i}[{k}]);");
                for (var j = 0; j < panels; j++)
                {
                    Line(4, $"{sum}{i}{j} = TSimd.MultiplyAdd({value}, {weight}{j}, {sum}{i}{j});");
                }
            }

            for (var j = 0; j < panels; j++)
            {
                Line(4, $"b{j} += bStep;");
            }
        }

        void Stores(Func<int, string> store)
        {
            for (var i = 0; i < rows; i++)
            {
                Line(3, store(i));
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
