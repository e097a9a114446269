using System.Diagnostics;

namespace Queuerite.Compat;

/// <summary>What all tests share: the account, queues of their own, and waiting.</summary>
public abstract class Suite : IAsyncLifetime
{
    private readonly List<string> _names = [];

    protected static Account Account => Account.Current;

    protected static QueueServiceClient Service { get; } = Account.Current.Service();

    /// <summary>A receipt of the right form for a message that nobody has.</summary>
    protected static string MadeUpReceipt { get; } =
        Convert.ToBase64String([2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 215, 1]);

    protected static string MadeUpId { get; } = "11111111-2222-3333-4444-555555555555";

    public Task InitializeAsync() => Task.CompletedTask;

    /// <summary>Deletes every queue that a name was made for, also after a failure.</summary>
    public async Task DisposeAsync()
    {
        foreach (var name in _names)
        {
            await Service.GetQueueClient(name).DeleteIfExistsAsync();
        }
    }

    protected static TimeSpan Seconds(double count) => TimeSpan.FromSeconds(count);

    protected static Dictionary<string, string> Metadata(params (string Name, string Value)[] pairs) =>
        pairs.ToDictionary(pair => pair.Name, pair => pair.Value);

    protected string NewName(string purpose = "q") =>
        Remember($"{Account.Prefix}{purpose}-{Guid.NewGuid().ToString("N")[..12]}");

    protected string Remember(string name)
    {
        _names.Add(name);
        return name;
    }

    protected QueueClient MissingQueue() => Service.GetQueueClient(NewName("missing"));

    protected async Task<QueueClient> NewQueueAsync(QueueClientOptions? options = null)
    {
        var name = NewName();
        await Service.GetQueueClient(name).CreateAsync();
        return (options is null ? Service : Account.Service(options)).GetQueueClient(name);
    }

    /// <summary>The same queue, through a client that changes its requests.</summary>
    protected static QueueClient Changed(QueueClient queue, Changes changes) =>
        Account.Service(changes.In(Account.Options())).GetQueueClient(queue.Name);

    /// <summary>Asks again and again until the answer is yes.</summary>
    protected static async Task UntilAsync(Func<Task<bool>> fact)
    {
        var watch = Stopwatch.StartNew();
        while (!await fact())
        {
            Assert.True(watch.Elapsed < Account.Within, $"not seen within {Account.Within}");
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
    }

    /// <summary>Gets until there is a message.</summary>
    protected static async Task<QueueMessage> GetUntilThereAsync(QueueClient queue)
    {
        QueueMessage? found = null;
        await UntilAsync(async () =>
        {
            found = (await queue.ReceiveMessageAsync()).Value;
            return found is not null;
        });
        return found!;
    }

    protected static async Task<int> CountAsync(QueueClient queue) =>
        (await queue.GetPropertiesAsync()).Value.ApproximateMessagesCount;

    protected static async Task<string[]> TextsAsync(QueueClient queue, int maximum = 32) =>
        (await queue.PeekMessagesAsync(maximum)).Value.Select(message => message.Body.ToString()).ToArray();

    protected static async Task<List<string>> NamesAsync(QueueServiceClient service, string prefix)
    {
        var names = new List<string>();
        await foreach (var queue in service.GetQueuesAsync(prefix: prefix))
        {
            names.Add(queue.Name);
        }
        return names;
    }
}
