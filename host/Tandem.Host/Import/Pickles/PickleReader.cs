using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Tandem.Sdk;

namespace Tandem.Host.Import.Pickles;

/// <summary>Interprets the pickles that torch.save writes for tensors.</summary>
/// <remarks>
/// A pickle is a program; this reader runs the part of its language that builds values, over a list of allowed names, each of which has a meaning here
/// (<see cref="PickleCalls"/>). Nothing is looked up, imported or called. Values are shared, never copied, so that a pickle cannot make more of itself
/// than its own length.
/// </remarks>
internal ref struct PickleReader
{
    /// <summary>Longest pickle.</summary>
    internal const int MaxLength = 64 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(false, true);

    private readonly ReadOnlySpan<byte> _bytes;
    private readonly List<object?> _stack = [];
    private readonly Dictionary<uint, object?> _memo = [];
    private int _at;

    private PickleReader(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Interprets a pickle.</summary>
    /// <param name="bytes">The pickle.</param>
    /// <returns>Its value: null, bool, long, double, string, object?[] (a tuple), or a type of this folder.</returns>
    /// <exception cref="TandemException"><see cref="ErrorCode.ArchiveInvalid"/>, <see cref="ErrorCode.ExportedProgramNotSupported"/> (a name or opcode that is not allowed).</exception>
    internal static object? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > MaxLength)
        {
            throw new TandemException(ErrorCode.ProgramLimitExceeded, "a pickle is too long", new ErrorDetails
            {
                Expected = $"at most {MaxLength} bytes",
                Found = $"{bytes.Length} bytes",
            });
        }

        return new PickleReader(bytes).Read();
    }

    private object? Read()
    {
        while (true)
        {
            var opcode = Take(1)[0];
            switch (opcode)
            {
                case (byte)'.':
                    var result = Pop();
                    return _stack.Count == 0 && _at == _bytes.Length ? result : throw Invalid("the pickle goes on after its end");
                case 0x80:
                    if (Take(1)[0] is not (>= 2 and <= 5) and var protocol)
                    {
                        throw NotSupported("a pickle has an unknown protocol", "2 to 5", $"{protocol}");
                    }

                    break;
                case 0x95:
                    Take(8);
                    break;
                case (byte)'c':
                    Push(Allowed($"{TakeLine()}.{TakeLine()}"));
                    break;
                case 0x93:
                    var name = PopText();
                    Push(Allowed($"{PopText()}.{name}"));
                    break;
                case (byte)'q':
                    _memo[Take(1)[0]] = Peek();
                    break;
                case (byte)'r':
                    _memo[TakeUInt32()] = Peek();
                    break;
                case 0x94:
                    _memo[(uint)_memo.Count] = Peek();
                    break;
                case (byte)'h':
                    Push(Recall(Take(1)[0]));
                    break;
                case (byte)'j':
                    Push(Recall(TakeUInt32()));
                    break;
                case (byte)'(':
                    Push(PickleMark.Instance);
                    break;
                case (byte)'0':
                    Pop();
                    break;
                case (byte)'N':
                    Push(null);
                    break;
                case 0x88:
                    Push(true);
                    break;
                case 0x89:
                    Push(false);
                    break;
                case (byte)'K':
                    Push((long)Take(1)[0]);
                    break;
                case (byte)'M':
                    Push((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)));
                    break;
                case (byte)'J':
                    Push((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)));
                    break;
                case 0x8a:
                    Push(TakeLong());
                    break;
                case (byte)'G':
                    Push(BinaryPrimitives.ReadDoubleBigEndian(Take(8)));
                    break;
                case 0x8c:
                    Push(TakeText(Take(1)[0]));
                    break;
                case (byte)'X':
                    Push(TakeText(TakeUInt32()));
                    break;
                case 0x8d:
                    Push(TakeText(BinaryPrimitives.ReadUInt64LittleEndian(Take(8))));
                    break;
                case (byte)')':
                    Push(Array.Empty<object?>());
                    break;
                case 0x85 or 0x86 or 0x87:
                    Push(PopItems(_stack.Count - (opcode - 0x84)));
                    break;
                case (byte)'t':
                    Push(PopToMark());
                    break;
                case (byte)']':
                    Push(new PickleList());
                    break;
                case (byte)'a':
                    var item = Pop();
                    PeekAs<PickleList>("a list").Items.Add(item);
                    break;
                case (byte)'e':
                    var items = PopToMark();
                    PeekAs<PickleList>("a list").Items.AddRange(items);
                    break;
                case (byte)'}':
                    Push(new PickleDictionary());
                    break;
                case (byte)'s':
                    SetItems(PopItems(_stack.Count - 2));
                    break;
                case (byte)'u':
                    SetItems(PopToMark());
                    break;
                case (byte)'Q':
                    Push(PickleCalls.LoadStorage(Pop()));
                    break;
                case (byte)'R' or 0x81:
                    var arguments = Pop() as object?[] ?? throw Invalid("a call is given no tuple");
                    var function = Pop() as PickleGlobal ?? throw Invalid("what is called is no name");
                    Push(PickleCalls.Reduce(function, arguments));
                    break;
                case (byte)'b':
                    // State of an ordered dictionary or an opaque object says nothing about tensors.
                    Pop();
                    if (Peek() is not (PickleDictionary or PickleOpaque))
                    {
                        throw NotSupported("a pickle sets the state of an object", "tensors, lists, dictionaries", Peek()?.GetType().Name ?? "None");
                    }

                    break;
                default:
                    throw NotSupported("a pickle uses an opcode that is not allowed", "what torch.save writes for tensors", $"0x{opcode:x2} at byte {_at - 1}");
            }
        }
    }

    private readonly void Push(object? value) => _stack.Add(value);

    private readonly object? Pop()
    {
        var value = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return value;
    }

    private readonly object? Peek() => _stack.Count > 0 ? _stack[^1] : throw Invalid("the pickle's stack is empty");

    private readonly T PeekAs<T>(string expected)
        where T : class => Peek() as T ?? throw Invalid($"{expected} is missing on the pickle's stack");

    private readonly string PopText() => Pop() as string ?? throw Invalid("a string is missing on the pickle's stack");

    private readonly object?[] PopItems(int start)
    {
        if (start < 0)
        {
            throw Invalid("the pickle's stack is empty");
        }

        object?[] items = [.. CollectionsMarshal.AsSpan(_stack)[start..]];
        _stack.RemoveRange(start, items.Length);
        return items.Contains(PickleMark.Instance) ? throw Invalid("a mark is where a value must be") : items;
    }

    private readonly object?[] PopToMark()
    {
        var mark = _stack.LastIndexOf(PickleMark.Instance);
        if (mark < 0)
        {
            throw Invalid("the pickle's stack has no mark");
        }

        object?[] items = [.. CollectionsMarshal.AsSpan(_stack)[(mark + 1)..]];
        _stack.RemoveRange(mark, items.Length + 1);
        return items;
    }

    private readonly void SetItems(object?[] items)
    {
        var target = PeekAs<PickleDictionary>("a dictionary").Items;
        if (items.Length % 2 != 0)
        {
            throw Invalid("a dictionary is given a key without a value");
        }

        for (var i = 0; i < items.Length; i += 2)
        {
            target[items[i] as string ?? throw Invalid("a dictionary's key is no string")] = items[i + 1];
        }
    }

    private readonly object? Recall(uint index) => _memo.TryGetValue(index, out var value) ? value : throw Invalid("the pickle recalls what it has not kept");

    private readonly PickleGlobal Allowed(string name) => PickleCalls.IsAllowed(name) ? new PickleGlobal(name)
        : throw NotSupported("a pickle names something that is not allowed", "tensors of torch and torchao", name);

    private ReadOnlySpan<byte> Take(ulong count)
    {
        if (count > (ulong)(_bytes.Length - _at))
        {
            throw Invalid("the pickle ends early");
        }

        _at += (int)count;
        return _bytes.Slice(_at - (int)count, (int)count);
    }

    private uint TakeUInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    private long TakeLong()
    {
        var bytes = Take(Take(1)[0]);
        if (bytes.Length > 8)
        {
            throw NotSupported("a pickle's integer is too long", "at most 64 bits", $"{bytes.Length} bytes");
        }

        long value = bytes.Length > 0 && (bytes[^1] & 0x80) != 0 ? -1 : 0;
        for (var i = bytes.Length - 1; i >= 0; i--)
        {
            value = (value << 8) | bytes[i];
        }

        return value;
    }

    private string TakeText(ulong length)
    {
        try
        {
            return StrictUtf8.GetString(Take(length));
        }
        catch (ArgumentException)
        {
            throw Invalid("a pickle's string is not UTF-8");
        }
    }

    private string TakeLine()
    {
        var end = _bytes[_at..].IndexOf((byte)'\n');
        if (end < 0)
        {
            throw Invalid("the pickle ends early");
        }

        var text = TakeText((ulong)end);
        _at++;
        return text;
    }

    private readonly TandemException Invalid(string problem) =>
        new(ErrorCode.ArchiveInvalid, problem, new ErrorDetails { Found = $"at byte {_at} of a pickle", NextStep = "export the model again" });

    private static TandemException NotSupported(string problem, string expected, string found) => new(ErrorCode.ExportedProgramNotSupported, problem,
        new ErrorDetails { Expected = expected, Found = found, NextStep = "export the model with ordinary tensors, or with torch 2.9 or later" });
}
