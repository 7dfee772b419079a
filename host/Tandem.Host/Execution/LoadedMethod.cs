using System.Runtime.InteropServices;

namespace Tandem.Host.Execution;

/// <summary>A method of a session with what it holds.</summary>
internal sealed unsafe class LoadedMethod(Method method, DelegateHolder delegates, byte*[] arenas, long[] privateArenaSizes)
{
    internal Method Method => method;

    internal DelegateHolder Delegates => delegates;

    internal byte*[] Arenas => arenas;

    /// <summary>Clears arenas that only this method uses: they may hold state without a name.</summary>
    internal void ResetArenas()
    {
        for (var i = 0; i < privateArenaSizes.Length; i++)
        {
            NativeMemory.Clear(arenas[i], (nuint)privateArenaSizes[i]);
        }
    }
}
