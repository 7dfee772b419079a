using Tandem.Host.Formats.Model;
using Tandem.Sdk;

namespace Tandem.Host.Execution;

/// <summary>
/// What a method computes with while it executes: the value table, with the tensors between inputs and outputs. It keeps nothing of a session, so a method
/// needs one for each execution at the same time, however many sessions there are.
/// </summary>
/// <remarks>Whoever takes it has it alone until it is released. For another session than the last one's its tensors are pointed at that session's memory.</remarks>
internal sealed unsafe class MethodFrame
{
    private readonly MethodCode _code;
    private readonly TensorView[] _tensors;
    private readonly TensorView[] _aliases;
    private readonly TensorView[] _overwritten;
    private long _sessionId;
    private int _isTaken;

    /// <summary>Creates one that its maker has taken.</summary>
    internal MethodFrame(MethodCode code)
    {
        _code = code;
        _isTaken = 1;
        Values = code.Template.AsSpan().ToArray();
        for (var slot = code.BoundaryCount; slot < Values.Length; slot++)
        {
            if (Values[slot].IsNone)
            {
                Values[slot] = code.CreateOwn(slot);
            }
        }

        _tensors = Array.ConvertAll(code.FrameTensors, item => Values[item.Slot].AsTensor());
        _aliases = Array.ConvertAll(code.FrameAliases, item => Values[item.Slot].AsTensor());
        _overwritten = Array.ConvertAll(code.OverwrittenTensors, slot => Values[slot].AsTensor());
    }

    /// <summary>The value table: first what the session brings, then what is the frame's.</summary>
    internal EValue[] Values { get; }

    /// <summary>The next frame of the same method.</summary>
    internal MethodFrame? Next { get; set; }

    /// <summary>Takes the frame unless somebody has it.</summary>
    internal bool TryTake() => Volatile.Read(ref _isTaken) == 0 && Interlocked.CompareExchange(ref _isTaken, 1, 0) == 0;

    /// <summary>Gives it back.</summary>
    internal void Release() => Volatile.Write(ref _isTaken, 0);

    /// <summary>Makes the table ready for an execution: every one starts from the same.</summary>
    /// <param name="session">The session.</param>
    /// <param name="boundary">Its inputs and outputs.</param>
    /// <param name="arenas">Its activations.</param>
    /// <param name="inputOutput">Its memory for inputs and outputs of this method.</param>
    internal void Enter(Session session, EValue[] boundary, byte*[] arenas, byte* inputOutput)
    {
        boundary.CopyTo(Values, 0);

        // Prim operators and moves write into the value table.
        foreach (var slot in _code.OverwrittenNumbers)
        {
            Values[slot] = _code.Template[slot];
        }

        for (var i = 0; i < _overwritten.Length; i++)
        {
            Values[_code.OverwrittenTensors[i]] = EValue.FromTensor(_overwritten[i]);
        }

        if (_sessionId != session.Id)
        {
            _sessionId = session.Id;
            for (var i = 0; i < _tensors.Length; i++)
            {
                var placement = _code.FrameTensors[i].Placement;
                _tensors[i].Bind(PointerTo(placement, session, arenas, inputOutput));
            }
        }

        // What the caller has bound to an input or output, its views have too.
        for (var i = 0; i < _aliases.Length; i++)
        {
            _aliases[i].Bind(boundary[_code.FrameAliases[i].Boundary].AsTensor().Data);
        }
    }

    /// <summary>Where a planned tensor is in a session's memory; null if it has no place.</summary>
    internal static byte* PointerTo(Placement placement, Session session, byte*[] arenas, byte* inputOutput) => placement.Kind switch
    {
        PlacementKind.Arena => arenas[placement.MemoryId] + placement.Offset,
        PlacementKind.State => session.State + placement.Offset,
        PlacementKind.InputOutput => inputOutput + placement.Offset,
        _ => null,
    };
}
