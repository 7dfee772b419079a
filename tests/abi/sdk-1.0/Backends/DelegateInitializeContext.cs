namespace Tandem.Sdk;

/// <summary>What a backend is given to make a delegate. Implemented by the host; members are added without breaking plugins.</summary>
public abstract class DelegateInitializeContext
{
    /// <summary>Name of the method that the delegate call belongs to.</summary>
    public abstract string MethodName { get; }

    /// <summary>Position of the delegate in the method's delegate table: with the method name, the identity of the partition.</summary>
    public abstract int DelegateIndex { get; }

    /// <summary>Identity of the loaded program: equal for every session and method of it, different for every other loaded program.</summary>
    public abstract long ProgramId { get; }

    /// <summary>Identity of the session: equal for every method that shares its state.</summary>
    public abstract long SessionId { get; }

    /// <summary>
    /// The processed bytes, mapped and read-only. The host owns this handle and releases it when the call returns; a backend that reads the
    /// bytes later calls <see cref="DataHandle.AddReference"/> and disposes what it got.
    /// </summary>
    public abstract DataHandle Processed { get; }

    /// <summary>Compile specs from the program, in order.</summary>
    public abstract IReadOnlyList<CompileSpec> CompileSpecs { get; }

    /// <summary>Load-time options for this backend: from configuration, overridden by the caller of the load.</summary>
    public abstract BackendOptions Options { get; }

    /// <summary>Named data of the program and its external files; empty if there is none. Valid as long as the program is loaded.</summary>
    public abstract NamedDataMap NamedData { get; }

    /// <summary>Cache for derived data that lives as long as the program: shared by its methods and sessions.</summary>
    public abstract DerivedDataCache ProgramCache { get; }

    /// <summary>Number of arguments, inputs and outputs, that the delegate is called with.</summary>
    public abstract int ArgumentCount { get; }

    /// <summary>Cancels a long initialisation.</summary>
    public abstract CancellationToken CancellationToken { get; }
}
