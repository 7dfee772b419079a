namespace Tandem.Sdk;

/// <summary>Everything that derived data depends on: the content it comes from and every parameter of the derivation.</summary>
/// <param name="BackendId">The backend that derives; no two backends share entries.</param>
/// <param name="Content">Identity of the source bytes.</param>
/// <param name="SecondContent">Identity of further source bytes (bias, scales); default if there are none.</param>
/// <param name="Derivation">Name, version and every parameter: "gemm-f32-pack16 v1 k=128 n=512". Different text, different entry.</param>
public readonly record struct DerivedDataKey(string BackendId, ContentId Content, ContentId SecondContent, string Derivation);
