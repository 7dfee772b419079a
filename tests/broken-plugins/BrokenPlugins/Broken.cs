using System.Runtime.InteropServices;
using Tandem.Sdk;

namespace Tandem.BrokenPlugins;

/// <summary>What all of them share: a plugin for AddBackend without a runtime.</summary>
public abstract class Broken : IBackendPlugin
{
    public virtual IBackendRuntime? CreateRuntime(string backendId, HostServices services) => null;

    public virtual void Dispose() => GC.SuppressFinalize(this);
}

public sealed class ThrowsInConstructor : Broken
{
    public ThrowsInConstructor() => throw new OwnException("the constructor does not like it here");
}

/// <summary>An exception of the plugin's own type: keeping it would keep the plugin.</summary>
public sealed class OwnException(string message) : Exception(message);

public sealed class ThrowsTypedInConstructor : Broken
{
    public ThrowsTypedInConstructor() => throw new TandemException(ErrorCode.BackendNotAvailable, "no device", new ErrorDetails { Found = "no driver" }, new OwnException("inner"));
}

public sealed class ThrowsInCreateRuntime : Broken
{
    public override IBackendRuntime? CreateRuntime(string backendId, HostServices services) => throw new OwnException("no runtime today");
}

public sealed class HasNoRuntime : Broken;

/// <summary>Hangs until the test says otherwise, through a file in its folder.</summary>
public sealed class HangsInStart : Broken
{
    public override IBackendRuntime? CreateRuntime(string backendId, HostServices services)
    {
        while (!File.Exists(Path.Combine(services.PluginFolder, "go-on")))
        {
            Thread.Sleep(5);
        }

        return null;
    }

    public override void Dispose() => GC.SuppressFinalize(this);
}

public sealed class IsUnavailable : Broken
{
    public override IBackendRuntime? CreateRuntime(string backendId, HostServices services) => new Runtime("the device is not plugged in");

    private sealed class Runtime(string reason) : IBackendRuntime
    {
        public BackendAvailability GetAvailability() => new(false, reason);

        public IBackendDelegate Initialize(DelegateInitializeContext context) => throw new TandemException(ErrorCode.BackendNotAvailable, reason);

        public void Dispose()
        {
        }
    }
}

public sealed class ThrowsInDispose : Broken
{
    public override void Dispose() => throw new OwnException("does not want to go");
}

/// <summary>Leaves a handle behind that keeps it in the process.</summary>
public sealed class LeavesHandleBehind : Broken
{
    private readonly GCHandle _handle;

    public LeavesHandleBehind() => _handle = GCHandle.Alloc(this);

    public bool IsAllocated => _handle.IsAllocated;
}

/// <summary>Asks for a library by the name in a file of its folder.</summary>
public sealed partial class AsksForNativeLibrary : Broken
{
    public override IBackendRuntime? CreateRuntime(string backendId, HostServices services) =>
        throw new TandemException(ErrorCode.BackendNotAvailable, $"process {GetPid()}");

    [LibraryImport("native-part", EntryPoint = "SystemNative_GetPid")]
    private static partial int GetPid();
}

public sealed partial class AsksForSystemLibrary : Broken
{
    public override IBackendRuntime? CreateRuntime(string backendId, HostServices services) => throw new InvalidOperationException($"{GetPid()}");

    [LibraryImport("libc", EntryPoint = "getpid")]
    private static partial int GetPid();
}

/// <summary>Asks for an assembly that only the host has.</summary>
public sealed class AsksForHost : Broken
{
    public AsksForHost() => System.Runtime.Loader.AssemblyLoadContext.GetLoadContext(typeof(AsksForHost).Assembly)!
        .LoadFromAssemblyName(new System.Reflection.AssemblyName("Tandem.Host"));
}

public sealed class IsNoPlugin;

public sealed class HasNoConstructor : Broken
{
    public HasNoConstructor(int count) => Count = count;

    public int Count { get; }
}

internal sealed class IsInternal : Broken;
