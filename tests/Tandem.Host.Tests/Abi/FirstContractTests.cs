using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using Tandem.Host.Plugins;
using Tandem.Host.Selection;
using Tandem.Host.Tests.Plugins;
using Tandem.Sdk;
using Xunit;

namespace Tandem.Host.Tests.Abi;

/// <summary>T12: a plugin binary that was compiled against the frozen first contract runs in the current host (tests/abi).</summary>
public sealed class FirstContractTests
{
    private const string Binary = "FirstContractPlugin.dll";

    [Fact]
    public void T12_ABinaryOfTheFirstContractRuns()
    {
        using var folder = Folder();
        using var resolver = new BackendResolver(folder.Catalog, new BackendSelectionOptions { Options = { ["AddBackend"] = new() { ["factor"] = "2" } } });
        var choice = resolver.Resolve("forward", "AddBackend");
        Assert.Equal("first", choice.PluginId);
        Assert.Contains("first contract on 2 threads", choice.Reason, StringComparison.Ordinal);
        Assert.Equal([6, 7, 8], AddBackendCall.Run(choice));
    }

    [Fact]
    public void T12_MembersThatItNeverKnewHaveADefault()
    {
        // The binary was compiled where these did not exist: its type implements CreateRuntime and Dispose, nothing else of the contract.
        using (var portable = new PEReader(File.OpenRead(PluginFolder.Binary(Binary))))
        {
            var metadata = portable.GetMetadataReader();
            var names = metadata.MethodDefinitions.Select(handle => metadata.GetString(metadata.GetMethodDefinition(handle).Name)).ToHashSet();
            var references = metadata.TypeReferences.Select(handle => metadata.GetString(metadata.GetTypeReference(handle).Name)).ToHashSet();
            Assert.Contains("CreateRuntime", names);
            Assert.DoesNotContain("CreatePreprocessor", names);
            Assert.DoesNotContain("IBackendPreprocessor", references);
            Assert.DoesNotContain("IPayloadDescriber", references);
        }

        using var folder = Folder();
        var manifest = folder.Record("first").Manifest!;
        IPluginLoader loader = new PluginLoader();
        using var plugin = loader.Load(folder.Record("first").Folder, manifest, out var context);
        Assert.Null(plugin.CreatePreprocessor("AddBackend", folder.Catalog.InProcessServices));
        using var runtime = plugin.CreateRuntime("AddBackend", folder.Catalog.InProcessServices);
        Assert.False(runtime is IPayloadDescriber);
        loader.Unload(context);
    }

    [Fact]
    public void T12_WhatTheContractGainsIsNeverAbstract()
    {
        // Members that plugins implement, as the first contract had them. A new one must come with a default, or old plugins fail to load.
        string[] first =
        [
            "IBackendPlugin.CreateRuntime", "IBackendRuntime.GetAvailability", "IBackendRuntime.Initialize", "IBackendDelegate.Execute", "IParallelWork.Execute",
        ];
        var abstracts = new[] { typeof(IBackendPlugin), typeof(IBackendRuntime), typeof(IBackendDelegate), typeof(IParallelWork) }
            .SelectMany(type => type.GetMethods().Where(method => method.IsAbstract).Select(method => $"{type.Name}.{method.Name}"));
        Assert.Equal(first, abstracts);
    }

    [Fact]
    public void T12_TheAssemblyVersionIsTheMajorOfTheContract()
    {
        Assert.Equal(new Version(SdkVersion.Current.Major, 0, 0, 0), typeof(IBackendPlugin).Assembly.GetName().Version);
        using var portable = new PEReader(File.OpenRead(PluginFolder.Binary(Binary)));
        var metadata = portable.GetMetadataReader();
        var reference = metadata.AssemblyReferences.Select(metadata.GetAssemblyReference).Single(item => metadata.GetString(item.Name) == "Tandem.Sdk");
        Assert.Equal(new Version(1, 0, 0, 0), reference.Version);
    }

    private static PluginFolder Folder()
    {
        var folder = new PluginFolder();
        folder.Add("first", Binary, "Tandem.FirstContract.FirstContractPlugin");
        return folder;
    }
}
