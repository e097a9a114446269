namespace Queuerite.Compat;

/// <summary>Put.</summary>
public class PutTests : Suite
{
    private static readonly DateTimeOffset ForEver = new(9999, 12, 31, 23, 59, 59, TimeSpan.Zero);

    [Fact]
    public async Task S070_what_a_put_answers()
    {
        var queue = await NewQueueAsync();
        var sent = (await queue.SendMessageAsync("hello")).Value;
        Assert.True(Guid.TryParse(sent.MessageId, out _));
        Assert.NotEmpty(sent.PopReceipt);
        Assert.Equal(TimeSpan.FromDays(7), sent.ExpirationTime - sent.InsertionTime);
        Assert.Equal(sent.InsertionTime, sent.TimeNextVisible);
    }

    [Fact]
    public async Task S071_every_message_has_an_id_of_its_own()
    {
        var queue = await NewQueueAsync();
        var ids = new HashSet<string>();
        for (var number = 0; number < 10; number++)
        {
            ids.Add((await queue.SendMessageAsync("same")).Value.MessageId);
        }
        Assert.Equal(10, ids.Count);
    }

    [Fact]
    public async Task S072_a_message_may_live_for_ever()
    {
        var queue = await NewQueueAsync();
        var sent = (await queue.SendMessageAsync("for ever", timeToLive: Seconds(-1))).Value;
        Assert.Equal(ForEver, sent.ExpirationTime);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(1073741824)]
    public async Task S073_a_time_to_live_is_what_it_was_asked_to_be(int seconds)
    {
        var queue = await NewQueueAsync();
        var sent = (await queue.SendMessageAsync("text", timeToLive: Seconds(seconds))).Value;
        Assert.Equal(Seconds(seconds), sent.ExpirationTime - sent.InsertionTime);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("-2")]
    public async Task S074_a_time_to_live_of_0_or_minus_2_is_refused(string seconds)
    {
        var queue = await NewQueueAsync();
        await Refused.WithOneOfAsync(
            ["InvalidQueryParameterValue", "OutOfRangeQueryParameterValue"],
            () => Changed(queue, Changes.Query("messagettl", seconds)).SendMessageAsync("text"));
    }

    [Fact]
    public async Task S075_a_message_may_be_put_hidden()
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("hidden", visibilityTimeout: Seconds(60));
        Assert.Null((await queue.ReceiveMessageAsync()).Value);
        Assert.Empty(await TextsAsync(queue));
        Assert.Equal(1, await CountAsync(queue));
    }

    [Fact]
    public async Task S076_a_message_must_not_be_hidden_for_as_long_as_it_lives()
    {
        var queue = await NewQueueAsync();
        await Refused.WithAsync(
            "InvalidQueryParameterValue",
            () => queue.SendMessageAsync("text", visibilityTimeout: Seconds(604800)));
        await Refused.WithAsync(
            "InvalidQueryParameterValue",
            () => queue.SendMessageAsync("text", visibilityTimeout: Seconds(10), timeToLive: Seconds(10)));
        await queue.SendMessageAsync("text", visibilityTimeout: Seconds(604799));
        Assert.Equal(1, await CountAsync(queue));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("604801")]
    public async Task S077_a_visibility_timeout_has_limits_when_a_message_is_put(string seconds)
    {
        var queue = await NewQueueAsync();
        await Refused.WithAsync(
            "OutOfRangeQueryParameterValue",
            () => Changed(queue, Changes.Query("visibilitytimeout", seconds)).SendMessageAsync("text"));
    }

    [Fact]
    public async Task S078_exactly_64_kib_fit()
    {
        var queue = await NewQueueAsync();
        var text = new string('x', 65536);
        await queue.SendMessageAsync(text);
        Assert.Equal(text, (await queue.ReceiveMessageAsync()).Value.Body.ToString());
        await Refused.WithAsync("RequestBodyTooLarge", () => queue.SendMessageAsync(text + "x"));
    }

    [Fact]
    public async Task S079_an_empty_text_is_a_text()
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("");
        Assert.Equal("", (await queue.ReceiveMessageAsync()).Value.Body.ToString());
    }

    [Fact]
    public async Task S080_the_receipt_of_a_put_is_good_at_once()
    {
        var queue = await NewQueueAsync();
        var sent = (await queue.SendMessageAsync("text")).Value;
        Assert.Equal(204, (await queue.DeleteMessageAsync(sent.MessageId, sent.PopReceipt)).Status);
        Assert.Equal(0, await CountAsync(queue));
    }
}

/// <summary>Get.</summary>
public class GetTests : Suite
{
    [Fact]
    public async Task S090_what_a_get_answers()
    {
        var queue = await NewQueueAsync();
        var sent = (await queue.SendMessageAsync("text")).Value;
        var response = await queue.ReceiveMessageAsync();
        var message = response.Value;
        Assert.Equal(
            (sent.MessageId, "text", sent.InsertionTime, sent.ExpirationTime, 1L),
            (message.MessageId, message.Body.ToString(), message.InsertedOn!.Value, message.ExpiresOn!.Value, message.DequeueCount));
        Assert.NotEmpty(message.PopReceipt);
        var hidden = message.NextVisibleOn!.Value - response.GetRawResponse().Headers.Date!.Value;
        Assert.InRange(hidden, Seconds(29), Seconds(31));
    }

    [Fact]
    public async Task S091_an_empty_queue_gives_nothing()
    {
        var queue = await NewQueueAsync();
        Assert.Null((await queue.ReceiveMessageAsync()).Value);
        Assert.Empty((await queue.ReceiveMessagesAsync(32)).Value);
    }

    [Fact]
    public async Task S092_a_get_brings_as_many_as_are_asked_for()
    {
        var queue = await FilledAsync(40);
        Assert.Equal(32, (await queue.ReceiveMessagesAsync(32)).Value.Length);
        Assert.Equal(8, (await queue.ReceiveMessagesAsync(32)).Value.Length);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("33")]
    public async Task S093_the_number_of_messages_has_limits(string number)
    {
        var queue = await NewQueueAsync();
        await Refused.WithAsync(
            "OutOfRangeQueryParameterValue",
            () => Changed(queue, Changes.Query("numofmessages", number)).ReceiveMessagesAsync(1));
    }

    [Fact]
    public async Task S094_a_visibility_timeout_has_limits_when_a_message_is_got()
    {
        var queue = await FilledAsync(1);
        foreach (var seconds in new[] { "0", "604801" })
        {
            await Refused.WithAsync(
                "OutOfRangeQueryParameterValue",
                () => Changed(queue, Changes.Query("visibilitytimeout", seconds)).ReceiveMessageAsync());
        }
        var response = await queue.ReceiveMessageAsync(Seconds(604800));
        var hidden = response.Value.NextVisibleOn!.Value - response.GetRawResponse().Headers.Date!.Value;
        Assert.InRange(hidden, Seconds(604799), Seconds(604801));
    }

    [Fact]
    public async Task S095_a_message_that_was_got_is_hidden()
    {
        var queue = await FilledAsync(1);
        Assert.NotNull((await queue.ReceiveMessageAsync()).Value);
        Assert.Null((await queue.ReceiveMessageAsync()).Value);
        Assert.Empty(await TextsAsync(queue));
    }

    [Fact]
    public async Task S096_each_get_counts()
    {
        var queue = await FilledAsync(1);
        var first = (await queue.ReceiveMessageAsync(Seconds(1))).Value;
        var second = await GetUntilThereAsync(queue);
        Assert.Equal((1L, 2L), (first.DequeueCount, second.DequeueCount));
        Assert.NotEqual(first.PopReceipt, second.PopReceipt);
    }

    [Fact]
    public async Task S097_messages_of_one_get_share_a_time()
    {
        var queue = await FilledAsync(3);
        var messages = (await queue.ReceiveMessagesAsync(3)).Value;
        Assert.Equal(3, messages.Length);
        Assert.Single(messages.Select(message => message.NextVisibleOn).Distinct());
    }

    [Fact]
    public async Task S098_a_message_may_be_hidden_beyond_its_end()
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("short", timeToLive: Seconds(60));
        var message = (await queue.ReceiveMessageAsync(TimeSpan.FromHours(1))).Value;
        Assert.True(message.NextVisibleOn > message.ExpiresOn);
    }

    [Fact]
    public async Task S099_a_client_can_read_a_queue_to_its_end()
    {
        var queue = await FilledAsync(70);
        var ids = new List<string>();
        while ((await queue.ReceiveMessagesAsync(32)).Value is { Length: > 0 } messages)
        {
            ids.AddRange(messages.Select(message => message.MessageId));
        }
        Assert.Equal((70, 70), (ids.Count, ids.Distinct().Count()));
    }

    [Fact]
    public async Task S105_what_a_peek_answers()
    {
        var queue = await NewQueueAsync();
        var sent = (await queue.SendMessageAsync("text")).Value;
        var message = (await queue.PeekMessageAsync()).Value;
        Assert.Equal(
            (sent.MessageId, "text", sent.InsertionTime, sent.ExpirationTime, 0L),
            (message.MessageId, message.Body.ToString(), message.InsertedOn!.Value, message.ExpiresOn!.Value, message.DequeueCount));
    }

    [Fact]
    public async Task S106_a_peek_changes_nothing()
    {
        var queue = await FilledAsync(1);
        var ids = new HashSet<string>();
        for (var time = 0; time < 3; time++)
        {
            ids.Add((await queue.PeekMessageAsync()).Value.MessageId);
        }
        var got = (await queue.ReceiveMessageAsync()).Value;
        Assert.Equal(new[] { got.MessageId }, ids);
        Assert.Equal(1, got.DequeueCount);
    }

    [Fact]
    public async Task S107_a_peek_shows_the_visible_alone()
    {
        var queue = await FilledAsync(3);
        await queue.ReceiveMessageAsync();
        Assert.Equal(2, (await TextsAsync(queue)).Length);
    }

    [Fact]
    public async Task S108_the_number_of_messages_to_peek_has_limits()
    {
        var queue = await FilledAsync(40);
        Assert.Equal(32, (await TextsAsync(queue)).Length);
        foreach (var number in new[] { "0", "33" })
        {
            await Refused.WithAsync(
                "OutOfRangeQueryParameterValue",
                () => Changed(queue, Changes.Query("numofmessages", number)).PeekMessagesAsync(1));
        }
    }

    [Fact]
    public async Task S109_an_empty_queue_shows_nothing()
    {
        var queue = await NewQueueAsync();
        Assert.Null((await queue.PeekMessageAsync()).Value);
        Assert.Empty(await TextsAsync(queue));
    }

    private async Task<QueueClient> FilledAsync(int count)
    {
        var queue = await NewQueueAsync();
        for (var number = 0; number < count; number++)
        {
            await queue.SendMessageAsync($"message {number}");
        }
        return queue;
    }
}

/// <summary>Update.</summary>
public class UpdateTests : Suite
{
    [Fact]
    public async Task S110_text_and_time_are_updated_together()
    {
        var (queue, got) = await GotAsync();
        var response = await queue.UpdateMessageAsync(got.MessageId, got.PopReceipt, "new", Seconds(60));
        Assert.Equal(204, response.GetRawResponse().Status);
        Assert.NotEqual(got.PopReceipt, response.Value.PopReceipt);
        var hidden = response.Value.NextVisibleOn - response.GetRawResponse().Headers.Date!.Value;
        Assert.InRange(hidden, Seconds(59), Seconds(61));
        await queue.UpdateMessageAsync(got.MessageId, response.Value.PopReceipt, visibilityTimeout: Seconds(0));
        Assert.Equal(new[] { "new" }, await TextsAsync(queue));
    }

    [Fact]
    public async Task S111_without_a_text_the_text_stays()
    {
        var (queue, got) = await GotAsync();
        await queue.UpdateMessageAsync(got.MessageId, got.PopReceipt, visibilityTimeout: Seconds(0));
        Assert.Equal(new[] { "text" }, await TextsAsync(queue));
    }

    [Fact]
    public async Task S112_a_timeout_of_0_gives_the_message_back()
    {
        var (queue, got) = await GotAsync();
        await queue.UpdateMessageAsync(got.MessageId, got.PopReceipt, visibilityTimeout: Seconds(0));
        var again = (await queue.ReceiveMessageAsync()).Value;
        Assert.Equal((got.MessageId, 2L), (again.MessageId, again.DequeueCount));
    }

    [Fact]
    public async Task S113_an_update_leaves_the_rest_alone()
    {
        var (queue, got) = await GotAsync();
        var updated = (await queue.UpdateMessageAsync(got.MessageId, got.PopReceipt, "new", Seconds(60))).Value;
        await queue.UpdateMessageAsync(got.MessageId, updated.PopReceipt, visibilityTimeout: Seconds(0));
        var again = (await queue.ReceiveMessageAsync()).Value;
        Assert.Equal(
            (got.MessageId, got.InsertedOn, got.ExpiresOn, 2L),
            (again.MessageId, again.InsertedOn, again.ExpiresOn, again.DequeueCount));
    }

    [Fact]
    public async Task S114_an_old_receipt_is_worth_nothing()
    {
        var (queue, got) = await GotAsync();
        await queue.UpdateMessageAsync(got.MessageId, got.PopReceipt, visibilityTimeout: Seconds(60));
        await Refused.WithAsync(
            "MessageNotFound",
            () => queue.UpdateMessageAsync(got.MessageId, got.PopReceipt, visibilityTimeout: Seconds(60)));
        await Refused.WithAsync("MessageNotFound", () => queue.DeleteMessageAsync(got.MessageId, got.PopReceipt));
    }

    [Fact]
    public async Task S115_a_receipt_is_renewed_again_and_again()
    {
        var (queue, got) = await GotAsync();
        var receipt = got.PopReceipt;
        for (var time = 0; time < 10; time++)
        {
            receipt = (await queue.UpdateMessageAsync(got.MessageId, receipt, visibilityTimeout: Seconds(60))).Value.PopReceipt;
        }
        Assert.Equal(204, (await queue.DeleteMessageAsync(got.MessageId, receipt)).Status);
    }

    [Fact]
    public async Task S116_a_message_can_be_updated_as_soon_as_it_was_put()
    {
        var queue = await NewQueueAsync();
        var sent = (await queue.SendMessageAsync("text")).Value;
        await queue.UpdateMessageAsync(sent.MessageId, sent.PopReceipt, "new", Seconds(0));
        Assert.Equal(new[] { "new" }, await TextsAsync(queue));
    }

    [Fact]
    public async Task S117_a_visible_message_can_be_hidden()
    {
        var queue = await NewQueueAsync();
        var sent = (await queue.SendMessageAsync("text")).Value;
        await queue.UpdateMessageAsync(sent.MessageId, sent.PopReceipt, visibilityTimeout: Seconds(60));
        Assert.Null((await queue.ReceiveMessageAsync()).Value);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("604801")]
    public async Task S118_a_visibility_timeout_has_limits_when_a_message_is_updated(string seconds)
    {
        var (queue, got) = await GotAsync();
        await Refused.WithAsync(
            "OutOfRangeQueryParameterValue",
            () => Changed(queue, Changes.Query("visibilitytimeout", seconds))
                .UpdateMessageAsync(got.MessageId, got.PopReceipt, visibilityTimeout: Seconds(1)));
    }

    [Fact]
    public async Task S119_a_message_must_not_be_hidden_beyond_its_end_by_an_update()
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("short", timeToLive: Seconds(60));
        var got = (await queue.ReceiveMessageAsync()).Value;
        await Refused.WithAsync(
            "InvalidQueryParameterValue",
            () => queue.UpdateMessageAsync(got.MessageId, got.PopReceipt, visibilityTimeout: Seconds(120)));
    }

    [Fact]
    public async Task S120_64_kib_fit_into_an_update()
    {
        var (queue, got) = await GotAsync();
        var text = new string('x', 65536);
        var updated = (await queue.UpdateMessageAsync(got.MessageId, got.PopReceipt, text, Seconds(0))).Value;
        Assert.Equal(new[] { text }, await TextsAsync(queue));
        await Refused.WithAsync(
            "RequestBodyTooLarge",
            () => queue.UpdateMessageAsync(got.MessageId, updated.PopReceipt, text + "x", Seconds(0)));
    }

    [Fact]
    public async Task S121_a_malformed_receipt_is_refused()
    {
        var (queue, got) = await GotAsync();
        await Refused.WithAsync(
            "InvalidQueryParameterValue",
            () => queue.UpdateMessageAsync(got.MessageId, "not a receipt", "new", Seconds(1)));
    }

    [Fact]
    public async Task S122_an_unknown_message_cannot_be_updated()
    {
        var (queue, got) = await GotAsync();
        await Refused.WithAsync(
            "MessageNotFound",
            () => queue.UpdateMessageAsync(MadeUpId, got.PopReceipt, "new", Seconds(1)));
    }

    private async Task<(QueueClient Queue, QueueMessage Got)> GotAsync()
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("text");
        return (queue, (await queue.ReceiveMessageAsync()).Value);
    }
}

/// <summary>Delete and clear.</summary>
public class DeleteTests : Suite
{
    [Fact]
    public async Task S130_a_message_is_deleted()
    {
        var (queue, got) = await GotAsync(Seconds(30));
        Assert.Equal(204, (await queue.DeleteMessageAsync(got.MessageId, got.PopReceipt)).Status);
        Assert.Equal(0, await CountAsync(queue));
    }

    [Fact]
    public async Task S131_a_message_is_deleted_once()
    {
        var (queue, got) = await GotAsync(Seconds(30));
        await queue.DeleteMessageAsync(got.MessageId, got.PopReceipt);
        await Refused.WithAsync("MessageNotFound", () => queue.DeleteMessageAsync(got.MessageId, got.PopReceipt));
    }

    [Fact]
    public async Task S132_a_malformed_receipt_deletes_nothing()
    {
        var (queue, got) = await GotAsync(Seconds(30));
        await Refused.WithAsync(
            "InvalidQueryParameterValue", () => queue.DeleteMessageAsync(got.MessageId, "not a receipt"));
        Assert.Equal(1, await CountAsync(queue));
    }

    [Fact]
    public async Task S133_an_unknown_message_cannot_be_deleted()
    {
        var (queue, got) = await GotAsync(Seconds(30));
        await Refused.WithAsync("MessageNotFound", () => queue.DeleteMessageAsync(MadeUpId, got.PopReceipt));
    }

    [Fact]
    public async Task S134_a_receipt_outlives_its_timeout()
    {
        var (queue, got) = await GotAsync(Seconds(1));
        await UntilAsync(async () => (await TextsAsync(queue)).Length == 1);
        Assert.Equal(204, (await queue.DeleteMessageAsync(got.MessageId, got.PopReceipt)).Status);
        Assert.Equal(0, await CountAsync(queue));
    }

    [Fact]
    public async Task S135_whoever_got_it_last_has_the_receipt()
    {
        var (queue, first) = await GotAsync(Seconds(1));
        var second = await GetUntilThereAsync(queue);
        Assert.Equal(first.MessageId, second.MessageId);
        await Refused.WithAsync("MessageNotFound", () => queue.DeleteMessageAsync(first.MessageId, first.PopReceipt));
        Assert.Equal(204, (await queue.DeleteMessageAsync(second.MessageId, second.PopReceipt)).Status);
    }

    [Fact]
    public async Task S136_clearing_removes_everything()
    {
        var (queue, _) = await GotAsync(Seconds(1));
        await queue.SendMessageAsync("second");
        await queue.SendMessageAsync("third");
        Assert.Equal(204, (await queue.ClearMessagesAsync()).Status);
        Assert.Equal(0, await CountAsync(queue));
        // Longer than the first was hidden: it does not come back.
        await Task.Delay(Seconds(1.5));
        Assert.Null((await queue.ReceiveMessageAsync()).Value);
    }

    [Fact]
    public async Task S137_an_empty_queue_can_be_cleared()
    {
        var queue = await NewQueueAsync();
        Assert.Equal(204, (await queue.ClearMessagesAsync()).Status);
    }

    private async Task<(QueueClient Queue, QueueMessage Got)> GotAsync(TimeSpan visibilityTimeout)
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("text");
        return (queue, (await queue.ReceiveMessageAsync(visibilityTimeout)).Value);
    }
}

/// <summary>Visibility, expiry and order.</summary>
public class VisibilityTests : Suite
{
    [Fact]
    public async Task S140_a_hidden_message_becomes_visible_by_itself()
    {
        var queue = await NewQueueAsync();
        var sent = (await queue.SendMessageAsync("later", visibilityTimeout: Seconds(2))).Value;
        Assert.Null((await queue.ReceiveMessageAsync()).Value);
        var (message, date) = await GetAndDateAsync(queue);
        Assert.Equal(sent.MessageId, message.MessageId);
        Assert.True(date >= sent.TimeNextVisible);
    }

    [Fact]
    public async Task S141_a_message_that_was_not_deleted_comes_back()
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("text");
        var first = (await queue.ReceiveMessageAsync(Seconds(2))).Value;
        Assert.Null((await queue.ReceiveMessageAsync()).Value);
        var (second, date) = await GetAndDateAsync(queue);
        Assert.Equal((first.MessageId, 2L), (second.MessageId, second.DequeueCount));
        Assert.True(date >= first.NextVisibleOn);
    }

    [Fact]
    public async Task S142_an_expired_message_is_gone()
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("short", timeToLive: Seconds(2));
        Assert.Equal(new[] { "short" }, await TextsAsync(queue));
        await UntilAsync(async () => (await TextsAsync(queue)).Length == 0);
        Assert.Null((await queue.ReceiveMessageAsync()).Value);
    }

    [Fact]
    public async Task S143_an_expired_message_cannot_be_deleted()
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("short", timeToLive: Seconds(2));
        var got = (await queue.ReceiveMessageAsync(Seconds(60))).Value;
        // Nothing tells when a hidden message has expired, so this waits for the time alone.
        await Task.Delay(Seconds(3));
        await Refused.WithAsync("MessageNotFound", () => queue.DeleteMessageAsync(got.MessageId, got.PopReceipt));
    }

    [Fact]
    public async Task S144_an_update_moves_the_time_of_return()
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("text");
        var got = (await queue.ReceiveMessageAsync(Seconds(60))).Value;
        var updated = (await queue.UpdateMessageAsync(got.MessageId, got.PopReceipt, visibilityTimeout: Seconds(2))).Value;
        Assert.Null((await queue.ReceiveMessageAsync()).Value);
        var (again, date) = await GetAndDateAsync(queue);
        Assert.Equal(got.MessageId, again.MessageId);
        Assert.True(date >= updated.NextVisibleOn);
    }

    [Fact]
    public async Task S145_a_lease_is_kept_alive()
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("text");
        var got = (await queue.ReceiveMessageAsync(Seconds(2))).Value;
        var receipt = got.PopReceipt;
        for (var time = 0; time < 4; time++)
        {
            await Task.Delay(Seconds(1));
            Assert.Null((await queue.ReceiveMessageAsync()).Value);
            receipt = (await queue.UpdateMessageAsync(got.MessageId, receipt, visibilityTimeout: Seconds(2))).Value.PopReceipt;
        }
        Assert.Equal(204, (await queue.DeleteMessageAsync(got.MessageId, receipt)).Status);
    }

    [Fact]
    public async Task S150_first_in_first_out()
    {
        var (queue, texts) = await TenAsync();
        var got = new List<string>();
        while ((await queue.ReceiveMessageAsync()).Value is { } message)
        {
            got.Add(message.Body.ToString());
        }
        Assert.Equal(texts, got);
    }

    [Fact]
    public async Task S151_a_batch_is_in_order()
    {
        var (queue, texts) = await TenAsync();
        var got = (await queue.ReceiveMessagesAsync(10)).Value;
        Assert.Equal(texts, got.Select(message => message.Body.ToString()));
    }

    [Fact]
    public async Task S152_what_was_hidden_comes_when_it_is_visible()
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("A", visibilityTimeout: Seconds(3));
        await queue.SendMessageAsync("B");
        Assert.Equal("B", (await queue.ReceiveMessageAsync()).Value.Body.ToString());
        Assert.Equal("A", (await GetUntilThereAsync(queue)).Body.ToString());
    }

    private static async Task<(QueueMessage Message, DateTimeOffset Date)> GetAndDateAsync(QueueClient queue)
    {
        Response<QueueMessage>? response = null;
        await UntilAsync(async () => (response = await queue.ReceiveMessageAsync()).Value is not null);
        return (response!.Value, response.GetRawResponse().Headers.Date!.Value);
    }

    private async Task<(QueueClient Queue, string[] Texts)> TenAsync()
    {
        var queue = await NewQueueAsync();
        var texts = Enumerable.Range(0, 10).Select(number => $"message {number}").ToArray();
        foreach (var text in texts)
        {
            await queue.SendMessageAsync(text);
        }
        return (queue, texts);
    }
}
