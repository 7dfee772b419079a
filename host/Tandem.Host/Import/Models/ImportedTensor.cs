using Tandem.Sdk;

namespace Tandem.Host.Import.Models;

/// <summary>What an archive holds under a qualified name: a tensor, or a tensor subclass that is made of others. One of the two is set.</summary>
internal sealed record ImportedTensor(ExportedTensor? Tensor, TensorSubclass? Subclass);

/// <summary>A tensor of a class of its own: what torchao keeps of a quantised weight.</summary>
/// <param name="Type">Name of the class.</param>
/// <param name="Inner">The tensors it is made of, by attribute.</param>
internal sealed record TensorSubclass(string Type, Dictionary<string, ImportedTensor> Inner);
