using Azure.Core;
using Azure.Core.Pipeline;

namespace Queuerite.Compat;

/// <summary>Changes the SDK's requests before they are signed.</summary>
public sealed class Changes : HttpPipelineSynchronousPolicy
{
    private readonly Action<Request> _change;

    public Changes(Action<Request> change) => _change = change;

    /// <summary>Sends this query parameter, whatever the SDK would send.</summary>
    public static Changes Query(string name, string value) => new(request =>
    {
        var kept = request.Uri.Query.TrimStart('?')
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Where(pair => !pair.StartsWith($"{name}=", StringComparison.OrdinalIgnoreCase));
        request.Uri.Query = "?" + string.Join('&', kept.Append($"{name}={Uri.EscapeDataString(value)}"));
    });

    // Policies of a call come before the one that signs, which is one of a try.
    public T In<T>(T options) where T : ClientOptions
    {
        options.AddPolicy(this, HttpPipelinePosition.PerCall);
        return options;
    }

    public override void OnSendingRequest(HttpMessage message) => _change(message.Request);
}
