using System.Text;

namespace Tandem.Plugins.Cpu.Kernels.Generator;

/// <summary>Writes the files <c>Kernels/QuantizedGemm/QuantizedTiles.KIND.MxNv.g.cs</c>: all accumulators explicit locals.</summary>
internal static class QuantizedTilesGenerator
{
    private static readonly string[] Kinds = ["Int4Block32", "Int4Group", "Int4Channel", "Int8Dot", "Int8Wide"];

    /// <summary>Most rows of a tile with so many registers of columns.</summary>
    public static int MaxRows(int panels) => panels == 1 ? 4 : 6;

    /// <summary>Every file's name and text.</summary>
    public static IEnumerable<(string Name, string Text)> Generate()
    {
        foreach (var kind in Kinds)
        {
            for (var panels = 1; panels <= 2; panels++)
            {
                for (var rows = 1; rows <= MaxRows(panels); rows++)
                {
                    yield return ($"QuantizedTiles.{kind}.{rows}x{panels}v.g.cs", new Writer(kind, rows, panels).Write());
                }
            }
        }

        yield return ("QuantizedTiles.Table.g.cs", Table());
    }

    private static string Table()
    {
        var text = new StringBuilder();
        text.Append("// Written by QuantizedTilesGenerator; do not edit.\nnamespace Tandem.Plugins.Cpu.Kernels;\n\n");
        text.Append("internal static unsafe partial class QuantizedTiles<TByte, V, TSimd, F>\n{\n");
        foreach (var kind in Kinds)
        {
            text.Append($"    private static delegate*<QuantizedTileArguments*, void> {kind}(int rows, int panels)\n    {{\n");
            text.Append("        switch ((rows * 4) + panels)\n        {\n");
            for (var panels = 1; panels <= 2; panels++)
            {
                for (var rows = 1; rows <= MaxRows(panels); rows++)
                {
                    text.Append($"            case {(rows * 4) + panels}:\n                return &{kind}Tile{rows}x{panels};\n");
                }
            }

            text.Append("            default:\n                return null;\n        }\n    }\n\n");
        }

        text.Length--;
        text.Append("}\n");
        return text.ToString();
    }

    private sealed class Writer(string kind, int rows, int panels)
    {
        private readonly StringBuilder _text = new();

        private bool IsInt8 => kind is "Int8Dot" or "Int8Wide";

        /// <summary>Whether a sum over all of K is an integer.</summary>
        private bool IsChannel => kind is not ("Int4Block32" or "Int4Group");

        public string Write()
        {
            _text.Append("// Written by QuantizedTilesGenerator; do not edit.\nusing System.Runtime.CompilerServices;\n\nnamespace Tandem.Plugins.Cpu.Kernels;\n\n");
            _text.Append("internal static unsafe partial class QuantizedTiles<TByte, V, TSimd, F>\n{\n");
            Line(1, "[MethodImpl(MethodImplOptions.AggressiveOptimization)]");
            Line(1, $"private static void {kind}Tile{rows}x{panels}(QuantizedTileArguments* t)");
            Line(1, "{");
            Line(2, "var a0 = t->Rows;");
            for (var i = 1; i < rows; i++)
            {
                Line(2, $"var a{i} = a{i - 1} + t->RowStride;");
            }

            Line(2, "var w = t->Weights;");
            switch (kind)
            {
                case "Int4Block32":
                    Block32();
                    break;
                case "Int4Group":
                    Group();
                    break;
                default:
                    Channel();
                    break;
            }

            if (!IsChannel)
            {
                FloatEpilogue();
            }
            else
            {
                IntEpilogue();
            }

            Store();
            Line(1, "}");
            _text.Append("}\n");
            return _text.ToString();
        }

        private void Block32()
        {
            Line(2, "var s = t->Scales;");
            Line(2, "var step = t->GroupStep;");
            Each((i, v) => Line(2, $"var f{i}{v} = TSimd.Zero;"));
            Line(2, "for (var n = t->GroupCount; n > 0; n--)");
            Line(2, "{");
            Prefetches(4);
            BlockOfNibbles(3, "d");
            for (var v = 0; v < panels; v++)
            {
                Line(3, $"var s{v} = TByte.LoadBFloat16(s{Offset(v, "2 * TByte.Width")});");
            }

            Each((i, v) => Line(3, $"f{i}{v} = TSimd.MultiplyAdd(TByte.ToFloat(TByte.Fold(d{i}{v})), s{v}, f{i}{v});"));
            Line(3, "w += step;");
            Line(3, "s += step;");
            Advance(3);
            Line(2, "}");
            _text.Append('\n');
        }

        private void Group()
        {
            Line(2, "var s = t->Scales;");
            Line(2, "var sums = t->Sums;");
            Line(2, "for (var n = t->GroupCount; n > 0; n--)");
            Line(2, "{");
            Each((i, v) => Line(3, $"var c{i}{v} = TByte.Zero;"));
            Line(3, "var b = w;");
            Line(3, "var step = t->BlockStep;");
            Line(3, "for (var m = t->BlocksPerGroup; m > 0; m--)");
            Line(3, "{");
            BlockOfNibbles(4, "d", "b");
            Each((i, v) => Line(4, $"c{i}{v} = TByte.Add(c{i}{v}, TByte.Fold(d{i}{v}));"));
            Line(4, "b += step;");
            Advance(4);
            Line(3, "}");
            _text.Append('\n');
            for (var v = 0; v < panels; v++)
            {
                Line(3, $"var s{v} = TByte.LoadBFloat16(s{Offset(v, "2 * TByte.Width")});");
            }

            Each((i, v) =>
            {
                var place = $"sums{Offset((i * panels) + v, "TByte.Width")}";
                Line(3, $"TSimd.Store({place}, TSimd.MultiplyAdd(TByte.ToFloat(c{i}{v}), s{v}, TSimd.Load({place})));");
            });
            Line(3, "w += t->GroupStep;");
            Line(3, "s += t->GroupStep;");
            Line(2, "}");
            _text.Append('\n');
            Each((i, v) => Line(2, $"var f{i}{v} = TSimd.Load(sums{Offset((i * panels) + v, "TByte.Width")});"));
        }

        private void Channel()
        {
            Line(2, "var step = t->BlockStep;");
            Each((i, v) => Line(2, $"var c{i}{v} = TByte.Zero;"));
            Line(2, "for (var n = t->BlocksPerGroup; n > 0; n--)");
            Line(2, "{");
            Prefetches(IsInt8 ? 8 : 4);
            if (!IsInt8)
            {
                BlockOfNibbles(3, "d");
                Each((i, v) => Line(3, $"c{i}{v} = TByte.Add(c{i}{v}, TByte.Fold(d{i}{v}));"));
            }
            else if (kind == "Int8Dot")
            {
                BlockOfBytes();
            }
            else
            {
                BlockOfWideBytes();
            }

            Line(3, "w += step;");
            Advance(3);
            Line(2, "}");
            _text.Append('\n');
        }

        private void Prefetches(int registers)
        {
            for (var v = 0; rows == 1 && v < registers * panels; v++)
            {
                Line(3, $"TByte.Prefetch(w + PrefetchDistance{Offset(v, "4 * TByte.Width")});");
            }
        }

        private void BlockOfNibbles(int indent, string sum, string weights = "w")
        {
            for (var i = 0; i < rows; i++)
            {
                Line(indent, $"var {sum}{i}0 = TByte.Broadcast(a{i} + 32);");
                for (var v = 1; v < panels; v++)
                {
                    Line(indent, $"var {sum}{i}{v} = {sum}{i}0;");
                }
            }

            for (var j = 0; j < 4; j++)
            {
                Line(indent, "{");
                for (var v = 0; v < panels; v++)
                {
                    Line(indent + 1, $"var r{v} = TByte.Load({weights}{Offset((v * 4) + j, "4 * TByte.Width")});");
                    Line(indent + 1, $"var l{v} = TByte.LowNibbles(r{v});");
                }

                Products("l", j * 8);
                for (var v = 0; v < panels; v++)
                {
                    Line(indent + 1, $"l{v} = TByte.HighNibbles(r{v});");
                }

                Products("l", (j * 8) + 4);
                Line(indent, "}");
                _text.Append('\n');
            }

            void Products(string weight, int offset)
            {
                for (var i = 0; i < rows; i++)
                {
                    var declares = i == 0 && offset % 8 == 0 ? "var " : "";
                    Line(indent + 1, $"{declares}x = TByte.Broadcast(a{i}{(offset == 0 ? "" : $" + {offset}")});");
                    for (var v = 0; v < panels; v++)
                    {
                        Line(indent + 1, $"{sum}{i}{v} = TByte.MultiplyAddNibbles({sum}{i}{v}, {weight}{v}, x);");
                    }
                }
            }
        }

        private void BlockOfBytes()
        {
            for (var j = 0; j < 8; j++)
            {
                Line(3, "{");
                for (var v = 0; v < panels; v++)
                {
                    Line(4, $"var w{v} = TByte.Load(w{Offset((v * 8) + j, "4 * TByte.Width")});");
                }

                for (var i = 0; i < rows; i++)
                {
                    Line(4, $"{(i == 0 ? "var " : "")}x = TByte.Broadcast(a{i}{(j == 0 ? "" : $" + {4 * j}")});");
                    for (var v = 0; v < panels; v++)
                    {
                        Line(4, $"c{i}{v} = TByte.MultiplyAddBytes(c{i}{v}, w{v}, x);");
                    }
                }

                Line(3, "}");
                _text.Append('\n');
            }
        }

        private void BlockOfWideBytes()
        {
            for (var j = 0; j < 8; j++)
            {
                Line(3, "{");
                for (var v = 0; v < panels; v++)
                {
                    Line(4, $"var w{v} = TByte.Load(w{Offset((v * 8) + j, "4 * TByte.Width")});");
                    Line(4, $"var e{v} = TByte.EvenBytes(w{v});");
                    Line(4, $"var o{v} = TByte.OddBytes(w{v});");
                }

                for (var i = 0; i < rows; i++)
                {
                    Line(4, $"{(i == 0 ? "var " : "")}x = TByte.Broadcast(a{i}{(j == 0 ? "" : $" + {4 * j}")});");
                    Line(4, $"{(i == 0 ? "var " : "")}y = TByte.EvenBytes(x);");
                    Line(4, "x = TByte.OddBytes(x);");
                    for (var v = 0; v < panels; v++)
                    {
                        Line(4, $"c{i}{v} = TByte.MultiplyAddPairs(TByte.MultiplyAddPairs(c{i}{v}, e{v}, y), o{v}, x);");
                    }
                }

                Line(3, "}");
                _text.Append('\n');
            }
        }

        private void Advance(int indent)
        {
            for (var i = 0; i < rows; i++)
            {
                Line(indent, $"a{i} += BlockBytes;");
            }
        }

        private void FloatEpilogue()
        {
            Line(2, "var p = t->Parameters;");
            Line(2, "var columnSums = (float*)t->ColumnSums;");
            Line(2, "var bias = t->Bias;");
            for (var v = 0; v < panels; v++)
            {
                Line(2, $"var u{v} = TSimd.Load(columnSums{Offset(v, "TByte.Width")});");
                Line(2, $"var b{v} = TSimd.Load(bias{Offset(v, "TByte.Width")});");
            }

            for (var i = 0; i < rows; i++)
            {
                Line(2, $"{(i == 0 ? "var " : "")}zero = TSimd.Broadcast(-p[{i}].ZeroPoint);");
                Line(2, $"{(i == 0 ? "var " : "")}scale = TSimd.Broadcast(p[{i}].InverseScale);");
                for (var v = 0; v < panels; v++)
                {
                    Line(2, $"f{i}{v} = TSimd.MultiplyAdd(TSimd.MultiplyAdd(u{v}, zero, f{i}{v}), scale, b{v});");
                }
            }
        }

        private void IntEpilogue()
        {
            Line(2, "var p = t->Parameters;");
            Line(2, "var columnSums = t->ColumnSums;");
            Line(2, "var bias = t->Bias;");
            Line(2, "var scales = t->ChannelScales;");
            for (var v = 0; v < panels; v++)
            {
                Line(2, $"var u{v} = TByte.Load(columnSums{Offset(v, "4 * TByte.Width")});");
                Line(2, $"var b{v} = TSimd.Load(bias{Offset(v, "TByte.Width")});");
                Line(2, $"var s{v} = TSimd.Load(scales{Offset(v, "TByte.Width")});");
            }

            for (var i = 0; i < rows; i++)
            {
                Line(2, $"{(i == 0 ? "var " : "")}zero = TByte.Set(-p[{i}].ZeroPoint);");
                Line(2, $"{(i == 0 ? "var " : "")}scale = TSimd.Broadcast(p[{i}].InverseScale);");
                if (kind == "Int8Dot")
                {
                    Line(2, $"{(i == 0 ? "var " : "")}offset = TByte.Set(-TByte.ByteOffset * p[{i}].Sum);");
                }

                for (var v = 0; v < panels; v++)
                {
                    var sum = kind == "Int8Dot" ? $"TByte.Add(c{i}{v}, offset)" : $"c{i}{v}";
                    Line(2, $"var f{i}{v} = TByte.ToFloat(TByte.Add({sum}, TByte.Multiply(u{v}, zero)));");
                    Line(2, $"f{i}{v} = TSimd.MultiplyAdd(TSimd.Multiply(f{i}{v}, scale), s{v}, b{v});");
                }
            }
        }

        private void Store()
        {
            Line(2, "if (t->IsBounded)");
            Line(2, "{");
            Line(3, "var low = TSimd.Broadcast(t->Min);");
            Line(3, "var high = TSimd.Broadcast(t->Max);");
            Each((i, v) => Line(3, $"f{i}{v} = TSimd.Clamp(f{i}{v}, low, high);"));
            Line(2, "}");
            _text.Append('\n');
            Line(2, "var o = t->C;");
            var last = panels - 1;
            for (var i = 0; panels > 1 && i < rows; i++)
            {
                Line(2, $"TSimd.Store(o, f{i}0);");
                if (i < rows - 1)
                {
                    Line(2, "o += t->CStride;");
                }
            }

            if (panels > 1)
            {
                _text.Append('\n');
                Line(2, "o = t->C + TByte.Width;");
            }

            Line(2, "var lanes = t->LastLanes;");
            Line(2, "if (lanes == TByte.Width)");
            Line(2, "{");
            Stores(i => $"TSimd.Store(o, f{i}{last});");
            Line(2, "}");
            Line(2, "else");
            Line(2, "{");
            Stores(i => $"TSimd.StorePartial(o, f{i}{last}, lanes);");
            Line(2, "}");
        }

        private void Stores(Func<int, string> store)
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

        private void Each(Action<int, int> action)
        {
            for (var i = 0; i < rows; i++)
            {
                for (var v = 0; v < panels; v++)
                {
                    action(i, v);
                }
            }
        }

        private void Line(int indent, string line) => _text.Append(' ', indent * 4).Append(line).Append('\n');

        private static string Offset(int index, string unit) => index switch
        {
            0 => "",
            1 => unit.Contains('*') ? $" + ({unit})" : $" + {unit}",
            _ => unit.Contains('*') ? $" + ({index * int.Parse(unit[..1])} * {unit[4..]})" : $" + ({index} * {unit})",
        };
    }
}
