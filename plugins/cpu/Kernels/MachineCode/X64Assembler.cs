using System.Numerics;

namespace Tandem.Plugins.Cpu.Kernels.MachineCode;

/// <summary>
/// Writes the few x64 instructions that kernels need which .NET has no intrinsic for. Vector registers are all 512 bits wide, by their number.
/// Encodings: Intel's Software Developer's Manual, volume 2 (EVEX: 2.7, disp8*N: 2.7.5).
/// </summary>
internal sealed class X64Assembler
{
    private readonly List<byte> _code = [];

    /// <summary>Bytes written; also the target that a jump backwards takes.</summary>
    public int Position => _code.Count;

    public byte[] ToArray() => [.. _code];

    /// <summary>Fills up to a multiple of 64 bytes with code that traps.</summary>
    public void Align()
    {
        while (_code.Count % 64 != 0)
        {
            _code.Add(0xCC);
        }
    }

    public void Push(Register register) => Short(0x50, register);

    public void Pop(Register register) => Short(0x58, register);

    public void Return() => _code.Add(0xC3);

    public void ZeroUpper() => _code.AddRange([0xC5, 0xF8, 0x77]);

    public void Move(Register destination, Register source) => Registers(0x8B, destination, source);

    /// <summary>Loads 64 bits.</summary>
    public void Load(Register destination, MemoryOperand source) => Memory(0x8B, (int)destination, source);

    public void LoadAddress(Register destination, MemoryOperand source) => Memory(0x8D, (int)destination, source);

    /// <summary>Sets the lower 32 bits and clears the upper.</summary>
    public void SetImmediate(Register destination, uint value)
    {
        Short(0xB8, destination);
        Int32((int)value);
    }

    public void Add(Register destination, Register source) => Registers(0x03, destination, source);

    public void Compare(Register left, Register right) => Registers(0x3B, left, right);

    /// <summary>Adds a number from -128 to 127.</summary>
    public void Add(Register destination, sbyte value)
    {
        Rex(0, 0, (int)destination);
        _code.Add(0x83);
        _code.Add((byte)(0xC0 | ((int)destination & 7)));
        _code.Add((byte)value);
    }

    /// <summary>Adds a number from -128 to 127 to 64 bits of memory.</summary>
    public void Add(MemoryOperand destination, sbyte value)
    {
        Memory(0x83, 0, destination);
        _code.Add((byte)value);
    }

    /// <summary>Adds 64 bits of memory.</summary>
    public void Add(Register destination, MemoryOperand source) => Memory(0x03, (int)destination, source);

    /// <summary>Compares with 64 bits of memory.</summary>
    public void Compare(Register left, MemoryOperand right) => Memory(0x3B, (int)left, right);

    /// <summary>Stores 64 bits.</summary>
    public void Store(MemoryOperand destination, Register source) => Memory(0x89, (int)source, destination);

    /// <summary>KMOVQ from memory to k1, the mask that <see cref="LoadMasked"/> and <see cref="StoreMasked"/> take.</summary>
    public void LoadMask(MemoryOperand source)
    {
        _code.AddRange([0xC4, (byte)(0xC1 | ((~(int)source.Base >> 3 & 1) << 5)), 0xF8, 0x90]);
        Address(1, source, 1);
    }

    /// <summary>Decrements 64 bits of memory and sets the flags.</summary>
    public void Decrement(MemoryOperand destination) => Memory(0xFF, 1, destination);

    /// <summary>Jumps back if the last result was not zero.</summary>
    public void JumpIfNotZero(int target) => Jump(0x85, target);

    /// <summary>Decrements a register and sets the flags.</summary>
    public void Decrement(Register register)
    {
        Rex(0, 0, (int)register);
        _code.Add(0xFF);
        _code.Add((byte)(0xC8 | ((int)register & 7)));
    }

    /// <summary>PREFETCHT0.</summary>
    public void Prefetch(MemoryOperand address)
    {
        if ((int)address.Base >= 8)
        {
            _code.Add(0x41);
        }

        _code.AddRange([0x0F, 0x18]);
        Address(1, address, 1);
    }

    /// <summary>Jumps to a place further on, which <see cref="Bind"/> names, if the last result was zero.</summary>
    /// <returns>What <see cref="Bind"/> is to be given.</returns>
    public int JumpIfZero()
    {
        _code.AddRange([0x0F, 0x84, 0, 0, 0, 0]);
        return _code.Count;
    }

    /// <summary>Makes the current position the target of a jump.</summary>
    public void Bind(int jump)
    {
        var distance = _code.Count - jump;
        for (var i = 0; i < 4; i++)
        {
            _code[jump - 4 + i] = (byte)(distance >> (8 * i));
        }
    }

    /// <summary>Jumps back.</summary>
    public void Jump(int target)
    {
        _code.Add(0xE9);
        Int32(target - (_code.Count + 4));
    }

    /// <summary>Jumps back if the left side of the last comparison was below the right one.</summary>
    public void JumpIfBelow(int target) => Jump(0x82, target);

    /// <summary>VPDPBUSD: adds to each lane of 32 bits four products of unsigned by signed bytes.</summary>
    public void DotUnsignedSigned(int accumulator, int unsignedBytes, int signedBytes) => Evex(2, 1, 0x50, accumulator, unsignedBytes, signedBytes);

    /// <summary>VPXORD.</summary>
    public void Xor(int destination, int left, int right) => Evex(1, 1, 0xEF, destination, left, right);

    /// <summary>VPXORD with memory.</summary>
    public void Xor(int destination, int left, MemoryOperand right) => Evex(1, 1, 0xEF, destination, left, right, isBroadcast: false);

    /// <summary>VPXORD with 32 bits of memory, broadcast.</summary>
    public void XorBroadcast(int destination, int left, MemoryOperand right) => Evex(1, 1, 0xEF, destination, left, right, isBroadcast: true);

    /// <summary>VPBROADCASTD from a general-purpose register.</summary>
    public void Broadcast(int destination, Register source) => Evex(2, 1, 0x7C, destination, 0, (int)source);

    /// <summary>VPBROADCASTD from memory.</summary>
    public void Broadcast(int destination, MemoryOperand source) => Evex(2, 1, 0x58, destination, 0, source, 4);

    /// <summary>VPADDD with 32 bits of memory, broadcast.</summary>
    public void AddBroadcast(int destination, int left, MemoryOperand right) => Evex(1, 1, 0xFE, destination, left, right, isBroadcast: true);

    /// <summary>VPADDD.</summary>
    public void Add(int destination, int left, int right) => Evex(1, 1, 0xFE, destination, left, right);

    /// <summary>VPANDD.</summary>
    public void And(int destination, int left, int right) => Evex(1, 1, 0xDB, destination, left, right);

    /// <summary>VPSRLD.</summary>
    public void ShiftRight(int destination, int source, byte count) => Shift(2, destination, source, count);

    /// <summary>VPSLLD.</summary>
    public void ShiftLeft(int destination, int source, byte count) => Shift(6, destination, source, count);

    /// <summary>VPMOVZXWD from 32 bytes of memory.</summary>
    public void WidenWords(int destination, MemoryOperand source) => Evex(2, 1, 0x33, destination, 0, source, 32);

    /// <summary>VCVTDQ2PS.</summary>
    public void ToFloat(int destination, int source) => Evex(1, 0, 0x5B, destination, 0, source);

    /// <summary>VFMADD231PS: accumulator += left * right.</summary>
    public void MultiplyAdd(int accumulator, int left, int right) => Evex(2, 1, 0xB8, accumulator, left, right);

    /// <summary>VFMADD213PS: factor = factor * other + addend.</summary>
    public void MultiplyThenAdd(int factor, int other, int addend) => Evex(2, 1, 0xA8, factor, other, addend);

    /// <summary>VFNMADD231PS: accumulator -= left * right.</summary>
    public void MultiplySubtract(int accumulator, int left, int right) => Evex(2, 1, 0xBC, accumulator, left, right);

    /// <summary>VMINPS: <paramref name="right"/> if one is NaN.</summary>
    public void Minimum(int destination, int left, int right) => Evex(1, 0, 0x5D, destination, left, right);

    /// <summary>VMAXPS: <paramref name="right"/> if one is NaN.</summary>
    public void Maximum(int destination, int left, int right) => Evex(1, 0, 0x5F, destination, left, right);

    /// <summary>VCVTPS2DQ: to the nearest, half to even.</summary>
    public void ToInteger(int destination, int source) => Evex(1, 1, 0x5B, destination, 0, source);

    /// <summary>VMULPS with memory.</summary>
    public void Multiply(int destination, int left, MemoryOperand right) => Evex(1, 0, 0x59, destination, left, right, isBroadcast: false);

    /// <summary>VMINPS with 32 bits of memory, broadcast.</summary>
    public void MinimumBroadcast(int destination, int left, MemoryOperand right) => Evex(1, 0, 0x5D, destination, left, right, isBroadcast: true);

    /// <summary>VPACKSSDW: within each 128 bits.</summary>
    public void PackToWords(int destination, int left, int right) => Evex(1, 1, 0x6B, destination, left, right);

    /// <summary>VPACKSSWB: within each 128 bits.</summary>
    public void PackToBytes(int destination, int left, int right) => Evex(1, 1, 0x63, destination, left, right);

    /// <summary>VPADDSW with memory.</summary>
    public void AddWordsSaturated(int destination, int left, MemoryOperand right) => Evex(1, 1, 0xED, destination, left, right, isBroadcast: false);

    /// <summary>VPMAXSB with memory.</summary>
    public void MaximumBytes(int destination, int left, MemoryOperand right) => Evex(2, 1, 0x3C, destination, left, right, isBroadcast: false);

    /// <summary>VPERMD: lanes of 32 bits in the order that <paramref name="order"/> names.</summary>
    public void Permute(int destination, int order, int source) => Evex(2, 1, 0x36, destination, order, source);

    /// <summary>VPUNPCKLBW: the lower bytes of each 128 bits in turn.</summary>
    public void ZipLowBytes(int destination, int left, int right) => Evex(1, 1, 0x60, destination, left, right);

    /// <summary>VPUNPCKHBW: the upper bytes.</summary>
    public void ZipHighBytes(int destination, int left, int right) => Evex(1, 1, 0x68, destination, left, right);

    /// <summary>VPUNPCKLWD: the lower words of each 128 bits in turn.</summary>
    public void ZipLowWords(int destination, int left, int right) => Evex(1, 1, 0x61, destination, left, right);

    /// <summary>VPUNPCKHWD: the upper words.</summary>
    public void ZipHighWords(int destination, int left, int right) => Evex(1, 1, 0x69, destination, left, right);

    /// <summary>VMOVDQA32 between registers.</summary>
    public void Move(int destination, int source) => Evex(1, 1, 0x6F, destination, 0, source);

    /// <summary>VMOVDQU8 of the bytes in k1, zeros elsewhere.</summary>
    public void LoadMasked(int destination, MemoryOperand source) => Evex(1, 3, 0x6F, destination, 0, source, isBroadcast: false, mask: 0x81);

    /// <summary>VMOVDQU8 of the bytes in k1.</summary>
    public void StoreMasked(MemoryOperand destination, int source) => Evex(1, 3, 0x7F, source, 0, destination, isBroadcast: false, mask: 1);

    /// <summary>VMOVDQU32.</summary>
    public void Load(int destination, MemoryOperand source) => Evex(1, 2, 0x6F, destination, 0, source, isBroadcast: false);

    /// <summary>VMOVDQU32.</summary>
    public void Store(MemoryOperand destination, int source) => Evex(1, 2, 0x7F, source, 0, destination, isBroadcast: false);

    private void Jump(byte opcode, int target)
    {
        _code.Add(0x0F);
        _code.Add(opcode);
        Int32(target - (_code.Count + 4));
    }

    private void Short(int opcode, Register register)
    {
        if ((int)register >= 8)
        {
            _code.Add(0x41);
        }

        _code.Add((byte)(opcode | ((int)register & 7)));
    }

    private void Registers(byte opcode, Register register, Register rm)
    {
        Rex((int)register, 0, (int)rm);
        _code.Add(opcode);
        _code.Add((byte)(0xC0 | (((int)register & 7) << 3) | ((int)rm & 7)));
    }

    private void Memory(byte opcode, int register, MemoryOperand memory)
    {
        Rex(register, (int)memory.Index, (int)memory.Base);
        _code.Add(opcode);
        Address(register, memory, 1);
    }

    private void Rex(int register, int index, int rm) => _code.Add((byte)(0x48 | ((register >> 3) << 2) | ((index >> 3) << 1) | (rm >> 3)));

    private void Evex(int map, int prefix, byte opcode, int register, int second, int rm)
    {
        Prefix(map, prefix, register, second, indexBit: rm >> 4, baseBit: rm >> 3, isBroadcast: false);
        _code.Add(opcode);
        _code.Add((byte)(0xC0 | ((register & 7) << 3) | (rm & 7)));
    }

    private void Evex(int map, int prefix, byte opcode, int register, int second, MemoryOperand memory, bool isBroadcast, int mask = 0)
    {
        Prefix(map, prefix, register, second, (int)memory.Index >> 3, (int)memory.Base >> 3, isBroadcast, mask);
        _code.Add(opcode);
        Address(register, memory, isBroadcast ? 4 : 64);
    }

    /// <summary>An instruction that reads so many bytes of memory, which its displacement counts in.</summary>
    private void Evex(int map, int prefix, byte opcode, int register, int second, MemoryOperand memory, int unit)
    {
        Prefix(map, prefix, register, second, (int)memory.Index >> 3, (int)memory.Base >> 3, isBroadcast: false);
        _code.Add(opcode);
        Address(register, memory, unit);
    }

    private void Shift(int operation, int destination, int source, byte count)
    {
        Evex(1, 1, 0x72, operation, destination, source);
        _code.Add(count);
    }

    // The bits of registers are stored inverted. The mask is the number of its register, with 0x80 for zeros in what it leaves out.
    private void Prefix(int map, int prefix, int register, int second, int indexBit, int baseBit, bool isBroadcast, int mask = 0)
    {
        _code.Add(0x62);
        _code.Add((byte)(((~register >> 3 & 1) << 7) | ((~indexBit & 1) << 6) | ((~baseBit & 1) << 5) | ((~register >> 4 & 1) << 4) | map));
        _code.Add((byte)(((~second & 15) << 3) | 4 | prefix));
        _code.Add((byte)(0x40 | mask | (isBroadcast ? 0x10 : 0) | ((~second >> 4 & 1) << 3)));
    }

    /// <summary>ModRM, SIB and displacement; a short displacement counts in units of <paramref name="unit"/> bytes.</summary>
    private void Address(int register, MemoryOperand memory, int unit)
    {
        var displacement = memory.Displacement;
        var isShort = displacement % unit == 0 && displacement / unit is >= sbyte.MinValue and <= sbyte.MaxValue;
        var hasNone = displacement == 0 && ((int)memory.Base & 7) != 5;
        var mode = hasNone ? 0 : isShort ? 0x40 : 0x80;
        var needsSib = memory.Index != Register.Rsp || ((int)memory.Base & 7) == 4;
        _code.Add((byte)(mode | ((register & 7) << 3) | (needsSib ? 4 : (int)memory.Base & 7)));
        if (needsSib)
        {
            _code.Add((byte)((BitOperations.Log2((uint)memory.Scale) << 6) | (((int)memory.Index & 7) << 3) | ((int)memory.Base & 7)));
        }

        if (isShort && !hasNone)
        {
            _code.Add((byte)(displacement / unit));
        }
        else if (!hasNone)
        {
            Int32(displacement);
        }
    }

    private void Int32(int value)
    {
        for (var i = 0; i < 4; i++)
        {
            _code.Add((byte)(value >> (8 * i)));
        }
    }
}
