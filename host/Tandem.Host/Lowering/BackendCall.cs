using System.Globalization;

namespace Tandem.Host.Lowering;

/// <summary>One call of a backend's code on a thread of its own.</summary>
internal sealed class BackendCall<T>(Func<T> call)
{
    // Deep graphs are walked by recursion.
    private const int StackSize = 16 << 20;
    private readonly ManualResetEventSlim _ended = new();

    /// <summary>What it returned; set once <see cref="Wait"/> said true.</summary>
    internal T? Result { get; private set; }

    /// <summary>What it threw; null if it returned.</summary>
    internal Exception? Failure { get; private set; }

    internal void Start(string name) => new Thread(Run, StackSize)
    {
        IsBackground = true,
        Name = name,
        CurrentCulture = CultureInfo.InvariantCulture,
        CurrentUICulture = CultureInfo.InvariantCulture,
    }.Start();

    /// <summary>Waits for the end.</summary>
    internal bool Wait(TimeSpan limit) => _ended.Wait(limit);

    private void Run()
    {
        try
        {
            Result = call();
        }
        catch (Exception error)
        {
            Failure = error;
        }

        _ended.Set();
    }
}
