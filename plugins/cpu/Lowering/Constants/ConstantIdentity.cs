using Tandem.Sdk;

namespace Tandem.Plugins.Cpu.Lowering.Constants;

/// <summary>Which view on which content: two constants of equal identity are one constant of the payload.</summary>
/// <param name="Content">The content, by reference.</param>
/// <param name="View">Element type, offset, sizes and strides.</param>
internal readonly record struct ConstantIdentity(DataContent Content, string View);
