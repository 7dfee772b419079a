namespace Tandem.Soak;

/// <summary>The programs of the checkout that a soak runs.</summary>
public static class SoakPrograms
{
    private static readonly string[] Others =
    [
        "convnet", "mobilenet_like", "mobilenet_like_static_int8", "resnet_like", "unet_like", "mlp_8da8w", "mlp_two_methods_8da4w", "transformer_encoder",
    ];

    /// <summary>The sample model first; then, where ../shared is beside the checkout, quantised and other programs.</summary>
    /// <returns>Language models and other programs.</returns>
    public static (IReadOnlyList<string> LanguageModels, IReadOnlyList<string> Others) Find()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "Plugins.sln")))
        {
            root = root.Parent;
        }

        if (root is null)
        {
            throw new InvalidOperationException("a soak runs from inside the checkout");
        }

        var vectors = Path.Combine(root.Parent?.FullName ?? root.FullName, "shared", "vectors");
        var models = new List<string> { Path.Combine(root.FullName, "samples", "models", "tales", "xnnpack_fp32.pte") };
        var quantised = Path.Combine(vectors, "tales", "xnnpack_8da4w.pte");
        if (File.Exists(quantised))
        {
            models.Add(quantised);
        }

        var others = Others.Select(name => Path.Combine(vectors, "models", name, "xnnpack.pte")).Where(File.Exists).ToList();
        return (models, others);
    }
}
