namespace Tandem.Host.Tests.Formats;

/// <summary>Small programs as trees, to be made wrong.</summary>
internal static class Programs
{
    public static FlatNode Value(byte kind, FlatNode value) => new() { [0] = kind, [1] = value };

    public static FlatNode Int(long value) => Value(2, new FlatNode { [0] = value });

    /// <summary>A float tensor of these sizes.</summary>
    public static FlatNode Tensor(int[] sizes, FlatNode? allocation = null, uint dataIndex = 0, FlatNode? extra = null, byte[]? dimOrder = null) => Value(5, new FlatNode
    {
        [0] = (byte)6,
        [2] = sizes,
        [3] = dimOrder ?? [.. Enumerable.Range(0, sizes.Length).Select(i => (byte)i)],
        [5] = dataIndex,
        [6] = allocation,
        [9] = extra,
    });

    public static FlatNode Allocation(uint id, ulong offset) => new() { [0] = id, [1] = (uint)offset, [2] = (uint)(offset >> 32) };

    public static FlatNode Instruction(byte kind, FlatNode arguments) => new() { [0] = kind, [1] = arguments };

    public static FlatNode Call(int operation, params int[] arguments) => Instruction(1, new FlatNode { [0] = operation, [1] = arguments });

    /// <summary>add(x, x) -> planned, with a constant, a list and a delegate that nothing calls.</summary>
    public static FlatNode Plan(string name = "forward") => new()
    {
        [0] = name,
        [2] = new FlatNode[]
        {
            Tensor([2, 3]), Tensor([2, 3], Allocation(1, 16)), Int(1), Tensor([4], dataIndex: 1),
            Value(7, new FlatNode { [0] = new long[] { 2, 2 } }), Value(10, new FlatNode { [0] = new[] { 0, 1 } }),
            Value(11, new FlatNode { [0] = new[] { -1, 3 } }), Value(1, []), Value(3, new FlatNode { [0] = true }),
            Value(4, new FlatNode { [0] = 0.5 }), Value(6, new FlatNode { [0] = "text" }), Value(8, new FlatNode { [0] = new[] { 1.0, 2.0 } }),
            Value(9, new FlatNode { [0] = new byte[] { 0, 1 } }),
        },
        [3] = new[] { 0 },
        [4] = new[] { 1 },
        [5] = new FlatNode[] { new() { [2] = new FlatNode[] { Call(0, 0, 0, 2, 1), Instruction(4, new FlatNode { [0] = 8, [1] = 2 }), Instruction(3, new FlatNode { [0] = 1, [1] = 1 }), Instruction(5, new FlatNode { [0] = 1 }) } } },
        [6] = new FlatNode[] { new() { [0] = "aten::add", [1] = "out" } },
        [7] = new FlatNode[] { new() { [0] = "XnnpackBackend", [1] = new FlatNode { [0] = (byte)1, [1] = 1u }, [2] = new FlatNode[] { new() { [0] = "key", [1] = new byte[] { 1 } } } } },
        [8] = new long[] { 0, 64 },
    };

    public static FlatNode Root(params FlatNode[] plans) => new()
    {
        [1] = plans,
        [4] = new FlatNode[] { new() { [0] = 0ul, [1] = 16ul }, new() { [0] = 16ul, [1] = 16ul } },
        [5] = new FlatNode { [0] = 0u, [1] = new long[] { 0, 0 } },
        [7] = new FlatNode[] { new() { [0] = "weights", [1] = 1u } },
    };

    public static FlatNode Data(int[] sizes, ulong offset = 0, ulong size = 16, uint segment = 0) => new()
    {
        [1] = new FlatNode[] { new() { [0] = offset, [1] = size } },
        [2] = new FlatNode[]
        {
            new() { [0] = "w", [1] = segment, [2] = new FlatNode { [0] = (byte)6, [1] = sizes, [2] = Enumerable.Range(0, sizes.Length).Select(i => (byte)i).ToArray() } },
            new() { [0] = "blob", [1] = 0u },
        },
    };

    public static byte[] Segments { get; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    /// <summary>The program after a change to its plan and root.</summary>
    public static byte[] With(Action<FlatNode>? plan = null, Action<FlatNode>? root = null)
    {
        var thePlan = Plan();
        plan?.Invoke(thePlan);
        var theRoot = Root(thePlan);
        root?.Invoke(theRoot);
        return theRoot.Program(Segments);
    }
}
