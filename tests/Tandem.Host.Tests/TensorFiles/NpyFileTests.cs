using System.Text;
using Tandem.Host.TensorFiles;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.TensorFiles;

public sealed class NpyFileTests
{
    [Theory]
    [InlineData(ScalarType.Float, new int[0])]
    [InlineData(ScalarType.Half, new[] { 3 })]
    [InlineData(ScalarType.Long, new[] { 2, 0, 4 })]
    [InlineData(ScalarType.Bool, new[] { 2, 2 })]
    public void WhatIsWrittenIsReadBack(ScalarType type, int[] sizes)
    {
        using var folder = new TemporaryFolder();
        var layout = new TensorLayout(type, sizes);
        var bytes = Enumerable.Range(0, (int)layout.ByteCount).Select(i => (byte)i).ToArray();

        NpyFile.Write(folder.File("x.npy"), new TensorData(layout, bytes));
        var read = NpyFile.Read(folder.File("x.npy"));

        Assert.Equal(layout, read.Layout);
        Assert.Equal(bytes, read.Bytes.ToArray());
        Assert.Equal(0, (new FileInfo(folder.File("x.npy")).Length - bytes.Length) % 64);
    }

    [Fact]
    public void T2_EveryTruncationIsATypedError()
    {
        using var folder = new TemporaryFolder();
        NpyFile.Write(folder.File("x.npy"), new TensorData(new TensorLayout(ScalarType.Float, [3]), new byte[12]));
        var bytes = File.ReadAllBytes(folder.File("x.npy"));
        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(ErrorCode.TensorFileInvalid, Assert.Throws<TandemException>(() => NpyFile.Read("x", bytes.AsMemory(0, length))).Code);
        }
    }

    [Theory]
    [InlineData("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }")]
    [InlineData("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }")]
    [InlineData("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999,), }")]
    [InlineData("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }")]
    public void HeaderThatCannotBeReadIsATypedError(string header)
    {
        byte[] file = [0x93, .. "NUMPY"u8, 1, 0, (byte)header.Length, 0, .. Encoding.ASCII.GetBytes(header), 0, 0, 0, 0];
        Assert.Equal(ErrorCode.TensorFileInvalid, Assert.Throws<TandemException>(() => NpyFile.Read("x", file)).Code);
    }
}
