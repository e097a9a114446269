using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Azure.Core.Pipeline;

namespace Queuerite.Compat;

/// <summary>What the runner says about the server, and clients for it.</summary>
public sealed class Account
{
    private readonly HttpClient _http;

    private Account()
    {
        Endpoint = Variable("COMPAT_ENDPOINT").TrimEnd('/');
        Secondary = Environment.GetEnvironmentVariable("COMPAT_SECONDARY")?.TrimEnd('/');
        Name = Variable("COMPAT_ACCOUNT");
        Key = Variable("COMPAT_KEY");
        Prefix = $"c{Variable("COMPAT_RUN")}-";
        TakesTokens = Environment.GetEnvironmentVariable("COMPAT_TOKENS") == "unverified";
        Within = TimeSpan.FromSeconds(
            Environment.GetEnvironmentVariable("COMPAT_PATIENCE") == "cloud" ? 45 : 20);
        _http = new HttpClient(Handler());
    }

    public static Account Current { get; } = new();

    public string Endpoint { get; }

    public string? Secondary { get; }

    public string Name { get; }

    public string Key { get; }

    /// <summary>How every queue of this run begins. What does not is somebody else's.</summary>
    public string Prefix { get; }

    public bool TakesTokens { get; }

    /// <summary>How long what takes time may take.</summary>
    public TimeSpan Within { get; }

    public bool IsSecure => Endpoint.StartsWith("https:", StringComparison.Ordinal);

    public StorageSharedKeyCredential Credential => new(Name, Key);

    public string ConnectionString =>
        $"DefaultEndpointsProtocol={new Uri(Endpoint).Scheme};AccountName={Name};AccountKey={Key};QueueEndpoint={Endpoint};";

    /// <summary>These options, without retries, since a retry hides a fault.</summary>
    public T Prepared<T>(T options) where T : QueueClientOptions
    {
        options.Retry.MaxRetries = 0;
        options.Transport = new HttpClientTransport(_http);
        return options;
    }

    public QueueClientOptions Options() => Prepared(new QueueClientOptions());

    public QueueServiceClient Service(QueueClientOptions? options = null) =>
        new(new Uri(Endpoint), Credential, options ?? Options());

    /// <summary>A client that has a shared access signature and nothing else.</summary>
    public QueueServiceClient Signed(string signature) =>
        new(new Uri(Endpoint), new AzureSasCredential(signature), Options());

    /// <summary>Connections that trust the authority of the server's certificate.</summary>
    public static HttpMessageHandler Handler()
    {
        var handler = new SocketsHttpHandler();
        var authority = Environment.GetEnvironmentVariable("COMPAT_CA");
        if (!string.IsNullOrEmpty(authority))
        {
            var policy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
            };
            policy.CustomTrustStore.ImportFromPemFile(authority);
            handler.SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = policy,
            };
        }
        return handler;
    }

    private static string Variable(string name) =>
        Environment.GetEnvironmentVariable(name)
        ?? throw new InvalidOperationException($"{name} is not set");
}
