using System.Net;
using System.Net.Sockets;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Queuerite.Compat;

/// <summary>Retries, timeouts, versions.</summary>
public class RetryTests : Suite
{
    [Fact]
    public async Task S220_a_retry_is_served()
    {
        var name = (await NewQueueAsync()).Name;
        var first = new FirstFails();
        var options = Account.Options();
        options.Transport = new HttpClientTransport(new HttpClient(first));
        options.Retry.MaxRetries = 3;
        options.Retry.Delay = TimeSpan.FromMilliseconds(10);
        await Account.Service(options).GetQueueClient(name).SendMessageAsync("text");
        Assert.Equal(2, first.Attempts);
        Assert.Equal(new[] { "text" }, await TextsAsync(Service.GetQueueClient(name)));
    }

    [Theory]
    [InlineData(5)]
    [InlineData(60)]
    public async Task S221_a_service_timeout_is_accepted(int seconds)
    {
        var queue = await NewQueueAsync();
        using (StorageExtensions.CreateServiceTimeoutScope(Seconds(seconds)))
        {
            Assert.Equal(201, (await queue.SendMessageAsync("text")).GetRawResponse().Status);
        }
    }

    [Fact]
    public async Task S222_the_client_request_id_comes_back()
    {
        var queue = await NewQueueAsync();
        using (HttpPipeline.CreateClientRequestIdScope("my-own-request-id"))
        {
            var response = (await queue.SendMessageAsync("text")).GetRawResponse();
            Assert.True(response.Headers.TryGetValue("x-ms-client-request-id", out var echoed));
            Assert.Equal("my-own-request-id", echoed);
        }
    }

    [Fact]
    public async Task S223_every_version_that_the_sdk_offers_works()
    {
        var versions = Enum.GetValues<QueueClientOptions.ServiceVersion>().Order().ToArray();
        foreach (var version in new[] { versions[0], versions[versions.Length / 2], versions[^1] })
        {
            var queue = await NewQueueAsync(Account.Prepared(new QueueClientOptions(version)));
            var response = (await queue.SendMessageAsync("text")).GetRawResponse();
            Assert.True(response.Headers.TryGetValue("x-ms-version", out var answered));
            Assert.Equal(version.ToString().TrimStart('V').Replace('_', '-'), answered);
            var got = (await queue.ReceiveMessageAsync()).Value;
            Assert.Equal("text", got.Body.ToString());
            Assert.Equal(204, (await queue.DeleteMessageAsync(got.MessageId, got.PopReceipt)).Status);
        }
    }

    [Fact]
    public async Task S224_an_answer_has_a_request_id_and_a_date()
    {
        var queue = await NewQueueAsync();
        string? asked = null;
        var watching = Changed(queue, new Changes(request => request.Headers.TryGetValue("x-ms-version", out asked)));
        var headers = (await watching.SendMessageAsync("text")).GetRawResponse().Headers;
        Assert.True(Guid.TryParse(headers.RequestId, out _));
        Assert.NotNull(headers.Date);
        Assert.True(headers.TryGetValue("x-ms-version", out var answered));
        Assert.NotNull(asked);
        Assert.Equal(asked, answered);
    }

    private sealed class FirstFails : DelegatingHandler
    {
        public FirstFails() : base(Account.Handler())
        {
        }

        public int Attempts { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Attempts++;
            return Attempts == 1
                ? Task.FromResult(new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { RequestMessage = request, Content = new ByteArrayContent([]) })
                : base.SendAsync(request, cancellationToken);
        }
    }
}

/// <summary>Secondary.</summary>
public class SecondaryTests : Suite
{
    [SkippableFact]
    public async Task S230_a_secondary_reads()
    {
        var secondary = Secondary();
        var name = NewName();
        var queue = Service.GetQueueClient(name);
        await queue.CreateAsync(Metadata(("a", "1")));
        await queue.SendMessageAsync("text");
        await queue.SetAccessPolicyAsync([new QueueSignedIdentifier { Id = "policy", AccessPolicy = new QueueAccessPolicy { Permissions = "r" } }]);

        var reading = secondary.GetQueueClient(name);
        await UntilAsync(async () => (await NamesAsync(secondary, name)).Count == 1);
        await UntilAsync(async () => (await TextsAsync(reading)).Length == 1);
        Assert.Equal(new[] { "text" }, await TextsAsync(reading));
        Assert.Equal("1", (await reading.GetPropertiesAsync()).Value.Metadata["a"]);
        Assert.Equal("policy", Assert.Single((await reading.GetAccessPolicyAsync()).Value).Id);
    }

    [SkippableFact]
    public async Task S231_a_secondary_does_not_write()
    {
        var reading = Secondary().GetQueueClient((await NewQueueAsync()).Name);
        await Refused.WithAsync("InsufficientAccountPermissions", () => reading.SendMessageAsync("text"));
        await Refused.WithAsync("InsufficientAccountPermissions", () => reading.ReceiveMessageAsync());
    }

    [SkippableFact]
    public async Task S232_a_read_falls_back_to_the_secondary()
    {
        Skip.If(Account.Secondary is null, "needs a secondary endpoint");
        var name = (await NewQueueAsync()).Name;
        // The SDK changes the host and nothing else, so where the secondary differs by its path,
        // another name of the same host stands for it.
        var primary = new Uri(Account.Endpoint).Host;
        var host = new Uri(Account.Secondary!).Host;
        host = host == primary ? "localhost" : host;
        var unreachable = new HostFails(primary);
        var options = Account.Options();
        options.Transport = new HttpClientTransport(new HttpClient(unreachable));
        options.Retry.MaxRetries = 2;
        options.Retry.Delay = TimeSpan.FromMilliseconds(10);
        options.GeoRedundantSecondaryUri = new UriBuilder(Account.Secondary!) { Host = host }.Uri;
        var properties = (await Account.Service(options).GetQueueClient(name).GetPropertiesAsync()).Value;
        Assert.Equal(0, properties.ApproximateMessagesCount);
        Assert.Equal(1, unreachable.Failures);
    }

    private static QueueServiceClient Secondary()
    {
        Skip.If(Account.Secondary is null, "needs a secondary endpoint");
        return new QueueServiceClient(new Uri(Account.Secondary!), Account.Credential, Account.Options());
    }

    private sealed class HostFails : DelegatingHandler
    {
        private readonly string _host;

        public HostFails(string host) : base(Account.Handler()) => _host = host;

        public int Failures { get; private set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.Host == _host)
            {
                Failures++;
                throw new HttpRequestException("unreachable on purpose");
            }
            return base.SendAsync(request, cancellationToken);
        }
    }
}

/// <summary>Errors.</summary>
public class ErrorTests : Suite
{
    [Fact]
    public async Task S240_an_error_has_status_code_and_message()
    {
        var queue = MissingQueue();
        await Refused.WithAsync("QueueNotFound", () => queue.GetPropertiesAsync());
        await Refused.WithAsync("QueueNotFound", () => queue.SendMessageAsync("text"));
    }

    [Fact]
    public async Task S241_a_missing_queue_is_told_in_each_way()
    {
        var queue = MissingQueue();
        Assert.False((await queue.ExistsAsync()).Value);
        Assert.False((await queue.DeleteIfExistsAsync()).Value);
        await Refused.WithAsync("QueueNotFound", () => queue.GetPropertiesAsync());
    }

    [Fact]
    public async Task S242_an_error_names_the_parameter()
    {
        var queue = await NewQueueAsync();
        var error = await Refused.WithAsync(
            "InvalidQueryParameterValue",
            () => queue.SendMessageAsync("text", visibilityTimeout: Seconds(10), timeToLive: Seconds(10)));
        Assert.Equal("visibilitytimeout", error.Data["QueryParameterName"]);
    }

    [Fact]
    public async Task S243_an_error_has_a_request_id()
    {
        var error = await Refused.WithAsync("QueueNotFound", () => MissingQueue().GetPropertiesAsync());
        var id = error.GetRawResponse()!.Headers.RequestId;
        Assert.True(Guid.TryParse(id, out _));
        Assert.Contains($"RequestId:{id}", error.Message);
    }

    [Fact]
    public async Task S244_an_unreachable_server_is_the_clients_error()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var endpoint = new Uri($"http://127.0.0.1:{port}/{Account.Name}");
        var service = new QueueServiceClient(endpoint, Account.Credential, Account.Options());
        var error = await Assert.ThrowsAsync<RequestFailedException>(() => service.GetPropertiesAsync());
        Assert.Equal(0, error.Status);
    }
}

/// <summary>Concurrency.</summary>
public class ConcurrencyTests : Suite
{
    [Fact]
    public async Task S250_sixteen_consumers_share_a_queue()
    {
        var queue = await NewQueueAsync();
        await Task.WhenAll(Enumerable.Range(0, 200).Select(number => queue.SendMessageAsync($"message {number}")));

        async Task<List<string>> ConsumeAsync()
        {
            var handled = new List<string>();
            while ((await queue.ReceiveMessagesAsync(8, Seconds(120))).Value is { Length: > 0 } messages)
            {
                foreach (var message in messages)
                {
                    await queue.DeleteMessageAsync(message.MessageId, message.PopReceipt);
                    handled.Add(message.Body.ToString());
                }
            }
            return handled;
        }

        var handled = (await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => ConsumeAsync()))).SelectMany(list => list).ToList();
        Assert.Equal((200, 200), (handled.Count, handled.Distinct().Count()));
        Assert.Equal(0, await CountAsync(queue));
    }

    [Fact]
    public async Task S251_sixteen_producers_lose_nothing()
    {
        var queue = await NewQueueAsync();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(async producer =>
        {
            for (var number = 0; number < 20; number++)
            {
                await queue.SendMessageAsync($"{producer}/{number}");
            }
        }));
        Assert.Equal(320, await CountAsync(queue));
        var texts = new HashSet<string>();
        while ((await queue.ReceiveMessagesAsync(32, Seconds(120))).Value is { Length: > 0 } messages)
        {
            texts.UnionWith(messages.Select(message => message.Body.ToString()));
        }
        Assert.Equal(320, texts.Count);
    }

    [Fact]
    public async Task S252_one_receipt_deletes_once()
    {
        var queue = await NewQueueAsync();
        var sent = (await queue.SendMessageAsync("text")).Value;
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            try
            {
                return (await queue.DeleteMessageAsync(sent.MessageId, sent.PopReceipt)).Status.ToString();
            }
            catch (RequestFailedException error)
            {
                return error.ErrorCode;
            }
        }));
        Assert.Equal(1, outcomes.Count(outcome => outcome == "204"));
        Assert.Equal(15, outcomes.Count(outcome => outcome == "MessageNotFound"));
    }

    [Fact]
    public async Task S253_one_of_many_creates_a_queue()
    {
        var queue = MissingQueue();
        var statuses = await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ => (await queue.CreateAsync()).Status));
        Assert.Equal(1, statuses.Count(status => status == 201));
        Assert.Equal(15, statuses.Count(status => status == 204));
    }
}
