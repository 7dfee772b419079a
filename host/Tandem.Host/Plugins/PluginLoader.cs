using System.Reflection;
using System.Runtime.CompilerServices;
using Tandem.Sdk;

namespace Tandem.Host.Plugins;

/// <summary>Loads plugins into <see cref="PluginLoadContext"/>.</summary>
internal sealed class PluginLoader : IPluginLoader
{
    // No inlining: references to the context must not live in a caller's frame, or it would never unload.
    [MethodImpl(MethodImplOptions.NoInlining)]
    public IBackendPlugin Load(string folder, PluginManifest manifest, out WeakReference context)
    {
        var loadContext = new PluginLoadContext(Path.GetFullPath(folder), manifest);
        context = new WeakReference(loadContext, trackResurrection: true);
        try
        {
            var assembly = loadContext.LoadFromAssemblyPath(Path.GetFullPath(Path.Combine(folder, manifest.Assembly)));
            var type = assembly.GetType(manifest.EntryPoint, throwOnError: false);
            if (type is null || !typeof(IBackendPlugin).IsAssignableFrom(type) || type.IsAbstract || type.GetConstructor(Type.EmptyTypes) is null)
            {
                throw new TandemException(ErrorCode.PluginEntryPointInvalid, "the entry point cannot be used", new ErrorDetails
                {
                    File = Path.Combine(folder, manifest.Assembly),
                    Location = manifest.EntryPoint,
                    Expected = "a public class with a parameterless constructor that implements IBackendPlugin",
                    Found = type is null ? "no such type" : type.IsAbstract ? "an abstract type" : !typeof(IBackendPlugin).IsAssignableFrom(type) ? "a class that does not implement it" : "no such constructor",
                });
            }

            return (IBackendPlugin)Activator.CreateInstance(type)!;
        }
        catch (Exception error)
        {
            loadContext.Unload();
            if (error is TandemException)
            {
                throw;
            }

            var cause = error is TargetInvocationException { InnerException: { } inner } ? inner : error;
            throw new TandemException(error is BadImageFormatException or FileLoadException or TypeLoadException ? ErrorCode.PluginEntryPointInvalid : ErrorCode.PluginStartFailed,
                "the plugin cannot be started", new ErrorDetails
                {
                    File = Path.Combine(folder, manifest.Assembly),
                    Location = manifest.EntryPoint,
                    Found = $"{cause.GetType().Name}: {cause.Message}",
                });
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Unload(WeakReference context) => (context.Target as PluginLoadContext)?.Unload();
}
