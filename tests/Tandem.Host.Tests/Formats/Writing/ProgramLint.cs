using System.Buffers.Binary;
using Tandem.FlatBuffers;
using Tandem.Host.Formats;
using Tandem.Host.Formats.Model;
using Xunit;

namespace Tandem.Host.Tests.Formats.Writing;

/// <summary>What ExecuTorch's writer guarantees about a .pte, asserted on bytes.</summary>
internal static class ProgramLint
{
    /// <summary>Checks a file.</summary>
    /// <param name="file">The bytes.</param>
    /// <param name="overlaps">Whether named data may lie in the constant segment.</param>
    internal static void Check(byte[] file, bool overlaps = false)
    {
        using var source = DataSource.FromMemory("lint.pte", file);
        var model = ProgramReader.Read(source);
        Assert.Equal("ET12"u8, file.AsSpan(4, 4));
        Assert.True(file.Length >= 64, "ExecuTorch reads 64 bytes before it looks at them");
        var hasData = model.Segments.Any(segment => segment.Length > 0);
        Assert.Equal(hasData, file.AsSpan(8, 4).SequenceEqual("eh00"u8));
        var flat = FlatTable.Root(file.AsSpan(0, (int)(model.Header?.ProgramSize ?? file.Length)), new FlatLimits(file.Length));
        Assert.False(flat.Has(0), "the version is left out");
        for (var slot = 1; slot <= 5; slot++)
        {
            Assert.True(flat.Has(slot), $"field {slot} of the program is there");
        }

        CheckSegments(file, model, overlaps);
        CheckPlans(flat, model);
    }

    private static void CheckSegments(byte[] file, ProgramModel model, bool overlaps)
    {
        if (model.Header is not { } header)
        {
            return;
        }

        Assert.Equal(32, header.Length);
        Assert.Equal(0, header.SegmentBaseOffset % 128);
        // Beyond 128 only where named data asks for more.
        Assert.InRange(header.SegmentBaseOffset - header.ProgramSize, 0, model.NamedData.IsEmpty ? 127 : 4095);
        Assert.Equal(file.Length, header.SegmentBaseOffset + header.SegmentDataSize);
        Assert.Equal(0, BinaryPrimitives.ReadInt32LittleEndian(file) % 4);
        var segments = model.Segments.Select(segment => (Offset: segment.Offset - header.SegmentBaseOffset, segment.Length)).ToList();
        Assert.Equal(0, segments[0].Offset);
        Assert.All(segments, segment => Assert.Equal(0, segment.Offset % 128));
        var covered = new bool[file.Length];
        covered.AsSpan(0, (int)header.ProgramSize).Fill(true);
        long end = 0;
        foreach (var (offset, length) in segments)
        {
            Assert.True(offset == (end + 127) / 128 * 128 || (overlaps && offset + length <= segments[0].Length));
            end = Math.Max(end, offset + length);
            covered.AsSpan((int)(header.SegmentBaseOffset + offset), (int)length).Fill(true);
        }

        Assert.Equal(header.SegmentDataSize, end);
        for (var i = 0; i < file.Length; i++)
        {
            Assert.True(covered[i] || file[i] == 0, $"byte {i} lies between segments and is not zero");
        }

        if (model.ConstantSegmentIndex >= 0)
        {
            Assert.Equal(0, model.ConstantSegmentIndex);
            var offsets = model.Constants.Select(constant => constant.Offset - header.SegmentBaseOffset).ToList();
            Assert.Equal(0, offsets[0]);
            Assert.Equal(offsets.Order(), offsets);
            Assert.All(offsets, offset => Assert.Equal(0, offset % 16));
        }
    }

    private static void CheckPlans(FlatTable flat, ProgramModel model)
    {
        var plans = flat.ReadVector(1, 4);
        for (var i = 0; i < plans.Count; i++)
        {
            var table = flat.TableAt(plans, i);
            for (var slot = 0; slot <= 8; slot++)
            {
                Assert.True(table.Has(slot), $"field {slot} of a plan is there");
            }
        }

        var methods = model.Plans.TakeWhile(plan => plan.Chains[0].Length > 0 || plan.Inputs.Length > 0).Select(plan => plan.Name).ToList();
        Assert.Equal(methods.Order(StringComparer.Ordinal), methods);
        Assert.All(model.Plans, plan =>
        {
            Assert.Single(plan.Chains);
            Assert.Equal(0, plan.PlannedBufferSizes[0]);
            Assert.All(plan.PlannedBufferSizes, size => Assert.Equal(0, size % 16));
            Assert.All(plan.Values.OfType<ValueModel.Tensor>(), tensor => Assert.Equal(0, tensor.MemoryOffset % 16));
            Assert.Equal(plan.Operators.Distinct(), plan.Operators);
        });
    }
}
