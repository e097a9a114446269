namespace Queuerite.Compat;

/// <summary>Queues: made, deleted, named.</summary>
public class QueueTests : Suite
{
    [Fact]
    public async Task S020_a_queue_is_created()
    {
        var queue = MissingQueue();
        Assert.Equal(201, (await queue.CreateAsync()).Status);
        Assert.True((await queue.ExistsAsync()).Value);
        var properties = (await queue.GetPropertiesAsync()).Value;
        Assert.Equal(0, properties.ApproximateMessagesCount);
        Assert.Empty(properties.Metadata);
    }

    [Fact]
    public async Task S021_the_same_queue_is_created_again()
    {
        var queue = MissingQueue();
        await queue.CreateAsync(Metadata(("a", "1")));
        Assert.Equal(204, (await queue.CreateAsync(Metadata(("a", "1")))).Status);
    }

    [Fact]
    public async Task S022_a_queue_with_other_metadata_is_in_the_way()
    {
        var queue = MissingQueue();
        await queue.CreateAsync(Metadata(("a", "1")));
        await Refused.WithAsync("QueueAlreadyExists", () => queue.CreateAsync(Metadata(("a", "2"))));
        await Refused.WithAsync("QueueAlreadyExists", () => queue.CreateAsync());
        Assert.Equal(Metadata(("a", "1")), (await queue.GetPropertiesAsync()).Value.Metadata);
    }

    [Fact]
    public async Task S023_a_queue_is_deleted()
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("still here");
        Assert.Equal(204, (await queue.DeleteAsync()).Status);
        Assert.False((await queue.ExistsAsync()).Value);
    }

    [Fact]
    public async Task S024_a_queue_that_is_not_there_cannot_be_deleted()
    {
        var queue = MissingQueue();
        await Refused.WithAsync("QueueNotFound", () => queue.DeleteAsync());
        Assert.False((await queue.DeleteIfExistsAsync()).Value);
    }

    [Fact]
    public async Task S025_nothing_can_be_done_with_a_queue_that_is_not_there()
    {
        var queue = MissingQueue();
        Func<Task>[] calls =
        [
            () => queue.GetPropertiesAsync(),
            () => queue.SetMetadataAsync(Metadata(("a", "1"))),
            () => queue.GetAccessPolicyAsync(),
            () => queue.SetAccessPolicyAsync([]),
            () => queue.SendMessageAsync("nowhere to go"),
            () => queue.ReceiveMessageAsync(),
            () => queue.PeekMessageAsync(),
            () => queue.UpdateMessageAsync(MadeUpId, MadeUpReceipt, "text", Seconds(1)),
            () => queue.DeleteMessageAsync(MadeUpId, MadeUpReceipt),
            () => queue.ClearMessagesAsync(),
        ];
        foreach (var call in calls)
        {
            await Refused.WithAsync("QueueNotFound", call);
        }
    }

    [Fact]
    public async Task S026_a_name_has_3_to_63_characters()
    {
        // Three characters leave no room for the prefix of the run; what is a name is told by 404.
        await Refused.WithAsync("QueueNotFound", () => Service.GetQueueClient("zz9").GetPropertiesAsync());
        var longest = Remember((NewName() + new string('x', 63))[..63]);
        Assert.Equal(201, (await Service.GetQueueClient(longest).CreateAsync()).Status);
        await Refused.WithAsync("OutOfRangeInput", () => Service.GetQueueClient("zz").CreateAsync());
        await Refused.WithAsync("OutOfRangeInput", () => Service.GetQueueClient(longest + "x").CreateAsync());
    }

    [Theory]
    [InlineData("Abc")]
    [InlineData("a_b")]
    [InlineData("-ab")]
    [InlineData("a--b")]
    [InlineData("ab-")]
    public Task S027_a_name_has_lower_case_letters_digits_and_single_dashes(string name) =>
        Refused.WithAsync("InvalidResourceName", () => Service.GetQueueClient(name).CreateAsync());

    [Fact]
    public async Task S028_a_queue_is_the_same_by_whatever_way_it_is_reached()
    {
        var byService = await NewQueueAsync();
        var byUrl = new QueueClient(byService.Uri, Account.Credential, Account.Options());
        var byString = new QueueClient(Account.ConnectionString, byService.Name, Account.Options());
        foreach (var (puts, sees) in new[] { (byService, byUrl), (byUrl, byString), (byString, byService) })
        {
            var text = Guid.NewGuid().ToString();
            await puts.SendMessageAsync(text);
            Assert.Contains(text, await TextsAsync(sees));
        }
    }

    [Fact]
    public async Task S029_deleting_a_queue_leaves_the_others_alone()
    {
        var queue = await NewQueueAsync();
        var other = Service.GetQueueClient(Remember($"{queue.Name}-b"));
        await other.CreateAsync();
        await other.SendMessageAsync("stays");
        await queue.DeleteAsync();
        Assert.Equal(new[] { "stays" }, await TextsAsync(other));
    }

    [Fact]
    public async Task S030_a_queue_created_anew_is_empty()
    {
        var queue = MissingQueue();
        await queue.CreateAsync(Metadata(("a", "1")));
        await queue.SendMessageAsync("old");
        await queue.SetAccessPolicyAsync([new QueueSignedIdentifier { Id = "old", AccessPolicy = new QueueAccessPolicy { Permissions = "r" } }]);
        await queue.DeleteAsync();
        await UntilAsync(async () =>
        {
            try
            {
                return (await queue.CreateAsync()).Status == 201;
            }
            catch (RequestFailedException error) when (error.ErrorCode == QueueErrorCode.QueueBeingDeleted)
            {
                return false;
            }
        });
        Assert.Empty(await TextsAsync(queue));
        Assert.Empty((await queue.GetPropertiesAsync()).Value.Metadata);
        Assert.Empty((await queue.GetAccessPolicyAsync()).Value);
    }

    [Fact]
    public async Task S031_existence_can_be_asked_for()
    {
        var queue = MissingQueue();
        Assert.False((await queue.ExistsAsync()).Value);
        await queue.CreateAsync();
        Assert.True((await queue.ExistsAsync()).Value);
    }
}

/// <summary>Metadata.</summary>
public class MetadataTests : Suite
{
    [Fact]
    public async Task S040_metadata_are_kept()
    {
        var queue = MissingQueue();
        await queue.CreateAsync(Metadata(("a", "1"), ("b", "2")));
        Assert.Equal(Metadata(("a", "1"), ("b", "2")), await KeptAsync(queue));
    }

    [Fact]
    public async Task S041_setting_metadata_replaces_them_all()
    {
        var queue = MissingQueue();
        await queue.CreateAsync(Metadata(("a", "1"), ("b", "2")));
        await queue.SetMetadataAsync(Metadata(("c", "3")));
        Assert.Equal(Metadata(("c", "3")), await KeptAsync(queue));
        await queue.SetMetadataAsync(Metadata());
        Assert.Empty(await KeptAsync(queue));
    }

    [Fact]
    public async Task S042_names_are_the_same_in_any_case()
    {
        var queue = await NewQueueAsync();
        await queue.SetMetadataAsync(Metadata(("MixedCase", "value")));
        var pair = Assert.Single(await KeptAsync(queue));
        Assert.Equal("mixedcase", pair.Key, ignoreCase: true);
        Assert.Equal("value", pair.Value);
    }

    [Theory]
    [InlineData("1st")]
    [InlineData("a-b")]
    public async Task S043_a_name_that_is_no_identifier_is_refused(string name)
    {
        var queue = await NewQueueAsync();
        await Refused.WithAsync("InvalidMetadata", () => queue.SetMetadataAsync(Metadata((name, "1"))));
    }

    [Fact]
    public async Task S044_metadata_are_at_most_8_kib()
    {
        var queue = await NewQueueAsync();
        var value = new string('x', 8000);
        await queue.SetMetadataAsync(Metadata(("a", value)));
        Assert.Equal(value, (await KeptAsync(queue))["a"]);
        await Refused.WithAsync(
            "MetadataTooLarge",
            () => queue.SetMetadataAsync(Metadata(("a", new string('x', 4096)), ("b", new string('y', 4096)))));
    }

    [Fact]
    public async Task S045_values_keep_what_a_header_can_carry()
    {
        var queue = await NewQueueAsync();
        var metadata = Metadata(
            ("spaces", "one two  three"),
            ("signs", "a,b=\"c\" 'd' %41"),
            ("punctuation", "!#$&()*+-./:;<>?@[]^_`{|}~\\"));
        await queue.SetMetadataAsync(metadata);
        Assert.Equal(metadata, await KeptAsync(queue));
    }

    [Fact]
    public async Task S046_names_with_an_underscore_are_signed_as_the_client_sorts_them()
    {
        var queue = await NewQueueAsync();
        var metadata = Metadata(("a_b", "1"), ("a1", "2"), ("ab", "3"), ("a", "4"), ("_a", "5"));
        await queue.SetMetadataAsync(metadata);
        Assert.Equal(metadata, await KeptAsync(queue));
    }

    [Fact]
    public async Task S047_the_count_of_messages_is_in_the_metadata()
    {
        var queue = await NewQueueAsync();
        foreach (var text in new[] { "a", "b", "c" })
        {
            await queue.SendMessageAsync(text);
        }
        await queue.ReceiveMessageAsync();
        Assert.Equal(3, await CountAsync(queue));
    }

    private static async Task<Dictionary<string, string>> KeptAsync(QueueClient queue) =>
        new((await queue.GetPropertiesAsync()).Value.Metadata);
}

/// <summary>Stored access policies.</summary>
public class AccessPolicyTests : Suite
{
    [Fact]
    public async Task S050_a_new_queue_has_no_policies() => Assert.Empty(await PoliciesAsync(await NewQueueAsync()));

    [Fact]
    public async Task S051_a_policy_comes_back_whole()
    {
        var queue = await NewQueueAsync();
        var policy = Policy("whole", "raup");
        await queue.SetAccessPolicyAsync([policy]);
        var kept = Assert.Single(await PoliciesAsync(queue));
        Assert.Equal(
            (policy.Id, policy.AccessPolicy.StartsOn, policy.AccessPolicy.ExpiresOn, "raup"),
            (kept.Id, kept.AccessPolicy.StartsOn, kept.AccessPolicy.ExpiresOn, kept.AccessPolicy.Permissions));
    }

    [Fact]
    public async Task S052_a_policy_may_say_nothing()
    {
        var queue = await NewQueueAsync();
        await queue.SetAccessPolicyAsync([new QueueSignedIdentifier { Id = "bare" }]);
        var kept = Assert.Single(await PoliciesAsync(queue));
        Assert.Equal("bare", kept.Id);
        Assert.True(kept.AccessPolicy is null or { StartsOn: null, ExpiresOn: null, Permissions: null });
    }

    [Fact]
    public async Task S053_setting_policies_replaces_them_all()
    {
        var queue = await NewQueueAsync();
        await queue.SetAccessPolicyAsync([Policy("a", "r"), Policy("b", "a")]);
        await queue.SetAccessPolicyAsync([Policy("c", "u")]);
        Assert.Equal(new[] { "c" }, (await PoliciesAsync(queue)).Select(policy => policy.Id));
        await queue.SetAccessPolicyAsync([]);
        Assert.Empty(await PoliciesAsync(queue));
    }

    [Fact]
    public async Task S054_five_policies_are_the_most()
    {
        var queue = await NewQueueAsync();
        var policies = Enumerable.Range(1, 6).Select(number => Policy($"p{number}", "r")).ToList();
        await queue.SetAccessPolicyAsync(policies.Take(5));
        Assert.Equal(5, (await PoliciesAsync(queue)).Count);
        await Refused.WithAsync("InvalidXmlDocument", () => queue.SetAccessPolicyAsync(policies));
    }

    [Fact]
    public async Task S055_an_identifier_has_1_to_64_characters()
    {
        var queue = await NewQueueAsync();
        var longest = new string('i', 64);
        await queue.SetAccessPolicyAsync([Policy(longest, "r")]);
        Assert.Equal(longest, Assert.Single(await PoliciesAsync(queue)).Id);
        await Refused.WithAsync("InvalidXmlDocument", () => queue.SetAccessPolicyAsync([Policy(longest + "i", "r")]));
    }

    [Fact]
    public async Task S056_a_permission_that_queues_do_not_have_is_refused()
    {
        var queue = await NewQueueAsync();
        await Refused.WithAsync("InvalidXmlDocument", () => queue.SetAccessPolicyAsync([Policy("p", "rwdl")]));
    }

    [Fact]
    public async Task S057_a_start_after_the_expiry_is_accepted()
    {
        var queue = await NewQueueAsync();
        var policy = Policy("backwards", "r");
        (policy.AccessPolicy.StartsOn, policy.AccessPolicy.ExpiresOn) =
            (policy.AccessPolicy.ExpiresOn, policy.AccessPolicy.StartsOn);
        await queue.SetAccessPolicyAsync([policy]);
        var kept = Assert.Single(await PoliciesAsync(queue));
        Assert.True(kept.AccessPolicy.StartsOn > kept.AccessPolicy.ExpiresOn);
    }

    private static async Task<List<QueueSignedIdentifier>> PoliciesAsync(QueueClient queue) =>
        (await queue.GetAccessPolicyAsync()).Value.ToList();

    private static QueueSignedIdentifier Policy(string id, string permissions) => new()
    {
        Id = id,
        AccessPolicy = new QueueAccessPolicy
        {
            StartsOn = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
            ExpiresOn = new DateTimeOffset(2036, 1, 1, 0, 0, 0, TimeSpan.Zero),
            Permissions = permissions,
        },
    };
}
