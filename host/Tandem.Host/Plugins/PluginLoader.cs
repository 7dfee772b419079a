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
        var loadContext = new PluginLoadContext(folder, manifest);
        context = new WeakReference(loadContext, trackResurrection: true);
        try
        {
            var type = FindEntryPoint(loadContext.LoadMain(), folder, manifest);
            return (IBackendPlugin)Activator.CreateInstance(type)!;
        }
        catch (Exception error)
        {
            if (manifest.IsUnloadable)
            {
                loadContext.Unload();
            }

            throw Translate(error, folder, manifest);
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Unload(WeakReference context) => (context.Target as PluginLoadContext)?.Unload();

    // The error that is kept never refers to the plugin's exception: its type and stack trace would keep the plugin in the process.
    private static TandemException Translate(Exception error, string folder, PluginManifest manifest)
    {
        var cause = error is TargetInvocationException { InnerException: { } inner } ? inner : error;
        var typed = cause as TandemException ?? cause.InnerException as TandemException;
        var where = new ErrorDetails { File = Path.Combine(folder, manifest.Assembly), Location = manifest.EntryPoint };
        return typed is not null ? new TandemException(typed.Code, typed.Problem, typed.Details).With(where)
            : new TandemException(error is BadImageFormatException or FileLoadException or TypeLoadException ? ErrorCode.PluginEntryPointInvalid : ErrorCode.PluginStartFailed,
                "the plugin cannot be started", where with { Found = $"{cause.GetType().Name}: {cause.Message}", NextStep = "ask the plugin's vendor" });
    }

    private static Type FindEntryPoint(Assembly assembly, string folder, PluginManifest manifest)
    {
        var type = assembly.GetType(manifest.EntryPoint, throwOnError: false);
        var problem = type is null ? "no such type"
            : !typeof(IBackendPlugin).IsAssignableFrom(type) ? "a type that does not implement it"
            : type.IsAbstract ? "an abstract type"
            : type.ContainsGenericParameters ? "a generic type"
            : !type.IsVisible ? "a type that is not public"
            : type.GetConstructor(Type.EmptyTypes) is null ? "a type without such a constructor"
            : null;
        return problem is null ? type! : throw new TandemException(ErrorCode.PluginEntryPointInvalid, "the entry point cannot be used", new ErrorDetails
        {
            File = Path.Combine(folder, manifest.Assembly),
            Location = manifest.EntryPoint,
            Expected = "a public class with a parameterless constructor that implements IBackendPlugin",
            Found = problem,
            NextStep = "correct 'entryPoint' in plugin.json",
        });
    }
}
