namespace Queuerite.Compat;

/// <summary>Service: lists, properties, statistics. One class, so that no two tests change the
/// properties at once.</summary>
public class ServiceTests : Suite
{
    [Fact]
    public async Task S001_queues_are_listed_by_name()
    {
        var stem = await ThreeQueuesAsync();
        var listed = new List<QueueItem>();
        await foreach (var queue in Service.GetQueuesAsync(prefix: stem))
        {
            listed.Add(queue);
        }
        Assert.Equal(new[] { $"{stem}-a", $"{stem}-b", $"{stem}-c" }, listed.Select(queue => queue.Name));
        Assert.All(listed, queue => Assert.True(queue.Metadata is null || queue.Metadata.Count == 0));
    }

    [Fact]
    public async Task S002_a_prefix_selects()
    {
        var stem = await ThreeQueuesAsync();
        var other = Remember($"{stem}-ab");
        await Service.CreateQueueAsync(other);
        Assert.Equal(new[] { $"{stem}-a", other }, await NamesAsync(Service, $"{stem}-a"));
        Assert.Empty(await NamesAsync(Service, $"{stem}-none"));
    }

    [Fact]
    public async Task S003_a_list_includes_metadata_when_it_is_asked_for()
    {
        var name = NewName();
        await Service.CreateQueueAsync(name, Metadata(("owner", "sales")));
        Assert.Equal(Metadata(("owner", "sales")), (await ListedAsync(QueueTraits.Metadata, name)).Metadata);
        Assert.True((await ListedAsync(QueueTraits.None, name)).Metadata is null or { Count: 0 });
    }

    [Fact]
    public async Task S004_a_list_comes_in_pages()
    {
        var names = await SevenQueuesAsync();
        var pages = new List<Page<QueueItem>>();
        await foreach (var page in Service.GetQueuesAsync(prefix: names[0][..^2]).AsPages(pageSizeHint: 3))
        {
            pages.Add(page);
        }
        Assert.Equal(new[] { 3, 3, 1 }, pages.Select(page => page.Values.Count));
        Assert.Equal(names, pages.SelectMany(page => page.Values).Select(queue => queue.Name));
    }

    [Fact]
    public async Task S005_a_page_can_be_continued_by_another_client()
    {
        var names = await SevenQueuesAsync();
        var stem = names[0][..^2];
        string? token = null;
        await foreach (var page in Service.GetQueuesAsync(prefix: stem).AsPages(pageSizeHint: 3))
        {
            token = page.ContinuationToken;
            break;
        }
        Assert.False(string.IsNullOrEmpty(token));
        var rest = new List<string>();
        await foreach (var page in Account.Service().GetQueuesAsync(prefix: stem).AsPages(token))
        {
            rest.AddRange(page.Values.Select(queue => queue.Name));
        }
        Assert.Equal(names[3..], rest);
    }

    [Fact]
    public Task S006_a_marker_that_is_none_is_refused() =>
        Refused.WithAsync("OutOfRangeInput", async () =>
        {
            await foreach (var _ in Service.GetQueuesAsync(prefix: Account.Prefix).AsPages("garbage"))
            {
            }
        });

    [Fact]
    public Task S007_a_page_of_no_queues_is_refused() =>
        Refused.WithAsync("OutOfRangeQueryParameterValue", async () =>
        {
            var service = Account.Service(Changes.Query("maxresults", "0").In(Account.Options()));
            await NamesAsync(service, Account.Prefix);
        });

    [Fact]
    public async Task S008_a_deleted_queue_is_listed_no_more()
    {
        var queue = await NewQueueAsync();
        Assert.Equal(new[] { queue.Name }, await NamesAsync(Service, queue.Name));
        await queue.DeleteAsync();
        Assert.Empty(await NamesAsync(Service, queue.Name));
    }

    [Fact]
    public async Task S009_service_properties_are_read()
    {
        var properties = (await Service.GetPropertiesAsync()).Value;
        Assert.NotNull(properties.Logging);
        Assert.NotNull(properties.HourMetrics);
        Assert.NotNull(properties.MinuteMetrics);
        Assert.NotNull(properties.Cors);
    }

    [Fact]
    public Task S010_service_properties_are_kept() => RestoringAsync(async () =>
    {
        await Service.SetPropertiesAsync(Full());
        await UntilAsync(async () =>
        {
            var properties = (await Service.GetPropertiesAsync()).Value;
            return properties.Logging.RetentionPolicy is { Enabled: true, Days: 7 }
                && properties.Logging is { Read: true, Write: true, Delete: false }
                && properties.HourMetrics is { Enabled: true, IncludeApis: true }
                && properties.MinuteMetrics is { Enabled: true, IncludeApis: false };
        });
    });

    [Fact]
    public Task S011_cors_rules_are_kept() => RestoringAsync(async () =>
    {
        await Service.SetPropertiesAsync(new QueueServiceProperties { Cors = [Rule(1), Rule(2)] });
        await UntilAsync(async () => (await RulesAsync()).Count == 2);
        var rules = await RulesAsync();
        Assert.Equal(new[] { "https://1.example", "https://2.example" }, rules.Select(rule => rule.AllowedOrigins));
        Assert.All(rules, rule => Assert.Equal(
            ("GET,PUT", "x-ms-meta-*", "x-ms-*", 300),
            (rule.AllowedMethods, rule.AllowedHeaders, rule.ExposedHeaders, rule.MaxAgeInSeconds)));
    });

    [Fact]
    public Task S012_five_cors_rules_are_the_most() => RestoringAsync(async () =>
    {
        QueueServiceProperties Rules(int count) => new() { Cors = Enumerable.Range(1, count).Select(Rule).ToList() };
        await Service.SetPropertiesAsync(Rules(5));
        await UntilAsync(async () => (await RulesAsync()).Count == 5);
        await Refused.WithAsync("InvalidXmlDocument", () => Service.SetPropertiesAsync(Rules(6)));
        Assert.Equal(5, (await RulesAsync()).Count);
    });

    [Fact]
    public Task S013_no_cors_rules_remove_them_all() => RestoringAsync(async () =>
    {
        await Service.SetPropertiesAsync(new QueueServiceProperties { Cors = [Rule(1)] });
        await UntilAsync(async () => (await RulesAsync()).Count == 1);
        await Service.SetPropertiesAsync(new QueueServiceProperties { Cors = [] });
        await UntilAsync(async () => (await RulesAsync()).Count == 0);
    });

    [Fact]
    public Task S014_a_retention_of_366_days_is_refused() => RestoringAsync(async () =>
    {
        var properties = Full();
        properties.Logging.RetentionPolicy.Days = 366;
        await Refused.WithAsync("InvalidXmlDocument", () => Service.SetPropertiesAsync(properties));
    });

    [Fact]
    public Task S015_properties_that_are_left_out_keep_their_value() => RestoringAsync(async () =>
    {
        await Service.SetPropertiesAsync(Full());
        await Service.SetPropertiesAsync(new QueueServiceProperties { Cors = [Rule(1)] });
        await UntilAsync(async () => (await RulesAsync()).Count == 1);
        var properties = (await Service.GetPropertiesAsync()).Value;
        Assert.True(properties.Logging is { Read: true, Write: true, Delete: false });
        Assert.True(properties.HourMetrics is { Enabled: true, IncludeApis: true });
    });

    [SkippableFact]
    public async Task S016_the_secondary_tells_how_far_it_is()
    {
        Skip.If(Account.Secondary is null, "needs a secondary endpoint");
        var secondary = new QueueServiceClient(new Uri(Account.Secondary!), Account.Credential, Account.Options());
        var replication = (await secondary.GetStatisticsAsync()).Value.GeoReplication;
        Assert.Equal(QueueGeoReplicationStatus.Live, replication.Status);
        Assert.NotNull(replication.LastSyncedOn);
    }

    [Fact]
    public Task S017_the_primary_tells_no_statistics() =>
        Refused.WithAsync("InvalidQueryParameterValue", () => Service.GetStatisticsAsync());

    private static async Task<QueueItem> ListedAsync(QueueTraits traits, string prefix)
    {
        var listed = new List<QueueItem>();
        await foreach (var queue in Service.GetQueuesAsync(traits, prefix))
        {
            listed.Add(queue);
        }
        return Assert.Single(listed);
    }

    private static async Task<IList<QueueCorsRule>> RulesAsync() => (await Service.GetPropertiesAsync()).Value.Cors;

    /// <summary>The properties are everybody's: they are put back.</summary>
    private static async Task RestoringAsync(Func<Task> test)
    {
        var before = (await Service.GetPropertiesAsync()).Value;
        try
        {
            await test();
        }
        finally
        {
            await Service.SetPropertiesAsync(before);
        }
    }

    private static QueueServiceProperties Full() => new()
    {
        Logging = new QueueAnalyticsLogging
        {
            Version = "1.0",
            Read = true,
            Write = true,
            Delete = false,
            RetentionPolicy = new QueueRetentionPolicy { Enabled = true, Days = 7 },
        },
        HourMetrics = Metrics(includeApis: true),
        MinuteMetrics = Metrics(includeApis: false),
        Cors = [],
    };

    private static QueueMetrics Metrics(bool includeApis) => new()
    {
        Version = "1.0",
        Enabled = true,
        IncludeApis = includeApis,
        RetentionPolicy = new QueueRetentionPolicy { Enabled = true, Days = 7 },
    };

    private static QueueCorsRule Rule(int number) => new()
    {
        AllowedOrigins = $"https://{number}.example",
        AllowedMethods = "GET,PUT",
        AllowedHeaders = "x-ms-meta-*",
        ExposedHeaders = "x-ms-*",
        MaxAgeInSeconds = 300,
    };

    private async Task<string> ThreeQueuesAsync()
    {
        var stem = NewName("list");
        foreach (var end in "bca")
        {
            await Service.CreateQueueAsync(Remember($"{stem}-{end}"));
        }
        return stem;
    }

    private async Task<string[]> SevenQueuesAsync()
    {
        var stem = NewName("page");
        var names = Enumerable.Range(0, 7).Select(number => Remember($"{stem}-{number}")).ToArray();
        foreach (var name in names.Reverse())
        {
            await Service.CreateQueueAsync(name);
        }
        return names;
    }
}
