namespace Tandem.Host.Diagnostics.Reports;

/// <summary>One instruction.</summary>
/// <param name="Index">Index in the chain.</param>
/// <param name="Kind">kernel, delegate, move, jump_false or free.</param>
/// <param name="Target">Operator name, delegate, or destination.</param>
/// <param name="Arguments">Value indices.</param>
public sealed record InstructionReport(int Index, string Kind, string Target, IReadOnlyList<int> Arguments);
