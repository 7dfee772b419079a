using System.Buffers.Binary;
using System.Text;
using Tandem.Host.TensorFiles;
using Tandem.Sdk;
using Tandem.Tests;
using Xunit;

namespace Tandem.Host.Tests.TensorFiles;

public sealed class SafetensorsFileTests
{
    [Fact]
    public void WhatIsWrittenIsReadBack()
    {
        using var folder = new TemporaryFolder();
        var tensors = new Dictionary<string, TensorData>
        {
            ["a"] = new(new TensorLayout(ScalarType.Float, [2, 2]), new byte[16]),
            ["empty"] = new(new TensorLayout(ScalarType.Long, [0, 3]), Array.Empty<byte>()),
            ["scalar"] = new(new TensorLayout(ScalarType.BFloat16, []), new byte[] { 1, 2 }),
        };

        SafetensorsFile.Write(folder.File("t.safetensors"), tensors);
        var read = SafetensorsFile.Read(folder.File("t.safetensors"));

        Assert.Equal(tensors.Keys.Order(), read.Keys.Order());
        foreach (var (name, tensor) in tensors)
        {
            Assert.Equal(tensor.Layout, read[name].Layout);
            Assert.Equal(tensor.Bytes.ToArray(), read[name].Bytes.ToArray());
        }

        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}")]
    [InlineData("{\"a\":{\"dtype\":\"X\",\"shape\":[1],\"data_offsets\":[0,4]}}")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[2147483647,2147483647,2147483647],\"data_offsets\":[0,4]}}")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}")]
    [InlineData("{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,4]}}")]
    [InlineData("{\"a\":3}")]
    [InlineData("[1")]
    [ProducesError(ErrorCode.TensorFileInvalid)]
    public void T1_HostileHeaderIsATypedError(string header)
    {
        var file = new byte[8 + header.Length + 4];
        BinaryPrimitives.WriteInt64LittleEndian(file, header.Length);
        Encoding.UTF8.GetBytes(header, file.AsSpan(8));

        var error = Assert.Throws<TandemException>(() => SafetensorsFile.Read("hostile", file));

        Assert.Equal(ErrorCode.TensorFileInvalid, error.Code);
        Assert.Equal("hostile", error.Details.File);
    }

    [Fact]
    public void T2_EveryTruncationIsATypedError()
    {
        using var folder = new TemporaryFolder();
        SafetensorsFile.Write(folder.File("t"), [new("a", new TensorData(new TensorLayout(ScalarType.Float, [3]), new byte[12]))]);
        var bytes = File.ReadAllBytes(folder.File("t"));

        for (var length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(ErrorCode.TensorFileInvalid, Assert.Throws<TandemException>(() => SafetensorsFile.Read("t", bytes.AsMemory(0, length))).Code);
        }
    }

    [Fact]
    public void MissingFileNamesItself()
    {
        var error = Assert.Throws<TandemException>(() => SafetensorsFile.Read("/nowhere/x.safetensors"));
        Assert.Equal(ErrorCode.SourceUnreadable, error.Code);
        Assert.Equal("/nowhere/x.safetensors", error.Details.File);
    }
}
