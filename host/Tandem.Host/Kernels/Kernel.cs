using Tandem.Sdk;

namespace Tandem.Host.Kernels;

/// <summary>An operator that runs on the host's CPU: reads its arguments, resizes and writes its outputs, which are the last arguments.</summary>
/// <param name="context">Scratch memory, compute threads, random numbers.</param>
/// <param name="arguments">The arguments in the order of the operator's schema, then the outputs.</param>
public delegate void Kernel(KernelContext context, Arguments arguments);
