// Takes the runtime from a service provider that appsettings.json configures, and says who would serve XnnpackBackend.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Tandem.Host;

var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.Services.AddTandem(builder.Configuration);
using var host = builder.Build();

host.Services.GetRequiredService<TandemOptions>().PluginFolders.Add(Path.Combine(AppContext.BaseDirectory, "plugins"));
var runtime = host.Services.GetRequiredService<TandemRuntime>();
var choice = runtime.Resolver.Resolve("forward", "XnnpackBackend");
Console.WriteLine($"{choice.PluginId} {choice.PluginVersion}: {choice.Reason}");
