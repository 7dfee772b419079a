namespace Tandem.Sdk;

/// <summary>
/// What went wrong, as a number that never changes its meaning. The thousands say where: 1 source and container,
/// 2 program, 3 named data, 4 plugin, 5 selection, 6 method and execution, 7 operator, 8 backend payload, 9 caller.
/// </summary>
public enum ErrorCode
{
    /// <summary>A file or stream cannot be opened or read.</summary>
    SourceUnreadable = 1001,

    /// <summary>The source ends before the bytes that it declares.</summary>
    SourceTruncated = 1002,

    /// <summary>The file identifier or magic is not the one of the expected format.</summary>
    FormatNotRecognised = 1003,

    /// <summary>The format is recognised, and this host refuses it: a bundled program, a version that it does not know.</summary>
    FormatNotSupported = 1004,

    /// <summary>An extended header contradicts itself or the file.</summary>
    HeaderInvalid = 1005,

    /// <summary>A FlatBuffer refers outside its buffer, is misaligned, nests too deep or holds too many tables.</summary>
    FlatBufferInvalid = 1006,

    /// <summary>The file changed while it was in use.</summary>
    SourceChanged = 1007,

    /// <summary>A segment lies outside the file.</summary>
    SegmentOutOfRange = 1008,

    /// <summary>An archive is damaged or contradicts itself: a wrong checksum, members that overlap, headers that disagree.</summary>
    ArchiveInvalid = 1009,

    /// <summary>A file cannot be written: its folder is missing, may not be written or has no room.</summary>
    TargetUnwritable = 1010,

    /// <summary>A required table, vector or string is absent.</summary>
    ProgramFieldMissing = 2001,

    /// <summary>An index refers to nothing.</summary>
    ProgramIndexOutOfRange = 2002,

    /// <summary>A tensor's sizes, dim order, dtype or byte count are impossible.</summary>
    TensorInvalid = 2003,

    /// <summary>Planned memory lies outside its arena, or an arena is impossible.</summary>
    MemoryPlanInvalid = 2004,

    /// <summary>An instruction is impossible: a jump out of the chain, an argument of the wrong kind.</summary>
    InstructionInvalid = 2005,

    /// <summary>A constant lies outside its segment.</summary>
    ConstantOutOfRange = 2006,

    /// <summary>The program asks for something that ExecuTorch's format allows and this host does not run.</summary>
    ProgramNotSupported = 2007,

    /// <summary>The program holds more of something than the limit allows.</summary>
    ProgramLimitExceeded = 2008,

    /// <summary>An exported program contradicts itself: a value is used before it is set, a signature does not fit its graph.</summary>
    ExportedProgramInvalid = 2009,

    /// <summary>An exported program holds something that is unknown or that no program for devices can have.</summary>
    ExportedProgramNotSupported = 2010,

    /// <summary>A weight that is to be quantised holds NaN or infinity.</summary>
    WeightNotFinite = 2011,

    /// <summary>No data has this key.</summary>
    NamedDataNotFound = 3001,

    /// <summary>Two sources hold different bytes under one key.</summary>
    NamedDataConflict = 3002,

    /// <summary>Named data does not have the layout, size or alignment that its user needs.</summary>
    NamedDataMismatch = 3003,

    /// <summary>A data handle was used after it was released.</summary>
    NamedDataReleased = 3004,

    /// <summary>A plugin's manifest is missing, is not JSON or does not follow the schema.</summary>
    ManifestInvalid = 4001,

    /// <summary>A file that the manifest names is missing.</summary>
    PluginFileMissing = 4002,

    /// <summary>A file's hash is not the one in the manifest.</summary>
    PluginHashMismatch = 4003,

    /// <summary>The plugin's SDK version range does not include this host's SDK.</summary>
    PluginSdkVersionMismatch = 4004,

    /// <summary>The plugin does not run on this platform.</summary>
    PluginPlatformMismatch = 4005,

    /// <summary>The plugin's entry point is missing, has the wrong type or cannot be constructed.</summary>
    PluginEntryPointInvalid = 4006,

    /// <summary>The plugin's code threw while it was starting.</summary>
    PluginStartFailed = 4007,

    /// <summary>The plugin did not start within the limit.</summary>
    PluginStartTimedOut = 4008,

    /// <summary>A path in the manifest leaves the plugin's folder.</summary>
    PluginPathEscapes = 4009,

    /// <summary>The plugin did not unload.</summary>
    PluginUnloadFailed = 4010,

    /// <summary>No usable plugin serves this backend id.</summary>
    BackendNotFound = 5001,

    /// <summary>The backend's plugin is there, and says that it cannot run on this machine.</summary>
    BackendNotAvailable = 5002,

    /// <summary>The configuration is contradictory or names something unknown.</summary>
    ConfigurationInvalid = 5003,

    /// <summary>The program has no method of this name.</summary>
    MethodNotFound = 6001,

    /// <summary>An input's count, kind, dtype, shape or traced value is not the method's.</summary>
    InputInvalid = 6002,

    /// <summary>An output is not of the asked kind, dtype or size.</summary>
    OutputInvalid = 6003,

    /// <summary>A shape grows over its upper bound, or a static shape changes.</summary>
    ShapeExceedsBound = 6004,

    /// <summary>A session is used by two threads at once.</summary>
    SessionBusy = 6005,

    /// <summary>The object was disposed.</summary>
    ObjectReleased = 6006,

    /// <summary>The call ran more instructions than the limit allows.</summary>
    InstructionLimitExceeded = 6007,

    /// <summary>Methods of one program hold separate copies of state that they must share.</summary>
    StateNotShared = 6008,

    /// <summary>Memory for arenas or state cannot be had.</summary>
    OutOfMemory = 6009,

    /// <summary>Operators that the program needs are not registered.</summary>
    OperatorMissing = 7001,

    /// <summary>An operator was given arguments that it refuses.</summary>
    OperatorArgumentInvalid = 7002,

    /// <summary>An operator does not support this dtype.</summary>
    OperatorTypeNotSupported = 7003,

    /// <summary>An operator of an exported program cannot be lowered: nothing runs it and nothing says what it is made of, or its arguments rule it out.</summary>
    OperatorNotLowerable = 7004,

    /// <summary>A delegate's payload is damaged.</summary>
    PayloadInvalid = 8001,

    /// <summary>A delegate's payload asks for something that the backend does not run.</summary>
    PayloadNotSupported = 8002,

    /// <summary>A delegate threw while it executed.</summary>
    DelegateFailed = 8003,

    /// <summary>A backend's ahead-of-time half returned something impossible: a node without decision, a partition without payload.</summary>
    BackendResultInvalid = 8004,

    /// <summary>A backend's ahead-of-time half threw, or did not end within its limit.</summary>
    BackendLoweringFailed = 8005,

    /// <summary>An argument of a public call is wrong.</summary>
    ArgumentInvalid = 9001,

    /// <summary>An input file of tensors (safetensors, npy, JSON, case) is damaged or does not fit.</summary>
    TensorFileInvalid = 9002,
}
