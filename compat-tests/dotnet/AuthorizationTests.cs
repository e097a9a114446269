using System.Net;
using Azure.Storage.Sas;

namespace Queuerite.Compat;

/// <summary>Shared key and connection strings.</summary>
public class SharedKeyTests : Suite
{
    [Fact]
    public async Task S180_a_connection_string_is_enough()
    {
        var name = (await NewQueueAsync()).Name;
        var queue = new QueueClient(Account.ConnectionString, name, Account.Options());
        await queue.SendMessageAsync("text");
        Assert.Equal("text", (await queue.ReceiveMessageAsync()).Value.Body.ToString());
    }

    [Fact]
    public async Task S181_a_wrong_key_opens_nothing()
    {
        var name = (await NewQueueAsync()).Name;
        var wrong = new StorageSharedKeyCredential(Account.Name, Convert.ToBase64String(new byte[64]));
        var service = new QueueServiceClient(new Uri(Account.Endpoint), wrong, Account.Options());
        await Refused.WithAsync("AuthenticationFailed", () => NamesAsync(service, Account.Prefix));
        await Refused.WithAsync("AuthenticationFailed", () => service.GetQueueClient(name).GetPropertiesAsync());
    }

    [Fact]
    public async Task S182_a_key_of_another_account_opens_nothing()
    {
        var other = new StorageSharedKeyCredential("nobodysaccount", Account.Key);
        var service = new QueueServiceClient(new Uri(Account.Endpoint), other, Account.Options());
        var error = await Assert.ThrowsAsync<RequestFailedException>(() => NamesAsync(service, Account.Prefix));
        Assert.Contains(error.Status, new[] { 403, 404 });
    }

    [Fact]
    public async Task S183_without_a_credential_nothing_is_opened()
    {
        var queue = await NewQueueAsync();
        var anonymous = new QueueClient(queue.Uri, Account.Options());
        await Refused.WithAsync("NoAuthenticationInformation", () => anonymous.GetPropertiesAsync());
    }

    [SkippableFact]
    public async Task S184_UseDevelopmentStorage_is_understood()
    {
        Skip.If(
            Account.Endpoint != "http://127.0.0.1:10001/devstoreaccount1",
            "the endpoint is not the one that UseDevelopmentStorage=true means");
        var name = (await NewQueueAsync()).Name;
        var queue = new QueueClient("UseDevelopmentStorage=true", name, Account.Options());
        await queue.SendMessageAsync("text");
        Assert.Equal("text", (await queue.ReceiveMessageAsync()).Value.Body.ToString());
    }

    [Fact]
    public async Task S185_names_with_signs_that_are_encoded_are_signed_as_they_are_sent() =>
        Assert.Empty(await NamesAsync(Service, "a-b c"));

    [Fact]
    public async Task S186_a_connection_string_with_a_signature_is_enough()
    {
        var name = (await NewQueueAsync()).Name;
        var signature = new AccountSasBuilder(
            AccountSasPermissions.All, DateTimeOffset.UtcNow.AddHours(1), AccountSasServices.Queues, AccountSasResourceTypes.All)
            .ToSasQueryParameters(Account.Credential);
        var queue = new QueueClient(
            $"QueueEndpoint={Account.Endpoint};SharedAccessSignature={signature}", name, Account.Options());
        await queue.SendMessageAsync("text");
        Assert.Equal("text", (await queue.ReceiveMessageAsync()).Value.Body.ToString());
    }
}

/// <summary>Account shared access signatures.</summary>
public class AccountSasTests : Suite
{
    private const AccountSasPermissions Everything =
        AccountSasPermissions.Read | AccountSasPermissions.Write | AccountSasPermissions.Delete
        | AccountSasPermissions.List | AccountSasPermissions.Add | AccountSasPermissions.Create
        | AccountSasPermissions.Update | AccountSasPermissions.Process;

    [Fact]
    public async Task S190_a_signature_for_everything_does_everything()
    {
        var service = Signed();
        var queue = service.GetQueueClient(NewName());
        await queue.CreateAsync();
        await queue.SendMessageAsync("text");
        var got = (await queue.ReceiveMessageAsync()).Value;
        var updated = (await queue.UpdateMessageAsync(got.MessageId, got.PopReceipt, "new", Seconds(60))).Value;
        Assert.Equal(204, (await queue.DeleteMessageAsync(got.MessageId, updated.PopReceipt)).Status);
        Assert.Equal(new[] { queue.Name }, await NamesAsync(service, queue.Name));
    }

    [Fact]
    public async Task S191_what_is_not_permitted_is_refused()
    {
        var name = (await NewQueueAsync()).Name;
        var service = Signed(AccountSasPermissions.Read | AccountSasPermissions.List);
        Assert.Equal(new[] { name }, await NamesAsync(service, name));
        await Refused.WithAsync(
            "AuthorizationPermissionMismatch", () => service.GetQueueClient(name).SendMessageAsync("text"));
    }

    [Fact]
    public async Task S192_the_type_of_resource_counts()
    {
        var service = Signed(types: AccountSasResourceTypes.Object);
        await Refused.WithAsync("AuthorizationResourceTypeMismatch", () => NamesAsync(service, Account.Prefix));
        await Refused.WithAsync(
            "AuthorizationResourceTypeMismatch", () => service.GetQueueClient(NewName()).CreateAsync());
    }

    [Fact]
    public Task S193_the_service_counts() => Refused.WithAsync(
        "AuthorizationServiceMismatch",
        () => NamesAsync(Signed(services: AccountSasServices.Blobs), Account.Prefix));

    [Fact]
    public Task S194_a_signature_that_has_expired_opens_nothing() => Refused.WithAsync(
        "AuthenticationFailed",
        () => NamesAsync(Signed(expiresOn: DateTimeOffset.UtcNow.AddHours(-1)), Account.Prefix));

    [Fact]
    public Task S195_a_signature_that_is_not_valid_yet_opens_nothing() => Refused.WithAsync(
        "AuthenticationFailed",
        () => NamesAsync(
            Signed(expiresOn: DateTimeOffset.UtcNow.AddHours(2), more: sas => sas.StartsOn = DateTimeOffset.UtcNow.AddHours(1)),
            Account.Prefix));

    [Fact]
    public Task S196_a_changed_signature_opens_nothing()
    {
        var signature = Builder().ToSasQueryParameters(Account.Credential).ToString();
        var place = signature.IndexOf("sig=", StringComparison.Ordinal) + 4;
        var changed = signature[..place] + (signature[place] == 'A' ? 'B' : 'A') + signature[(place + 1)..];
        return Refused.WithAsync("AuthenticationFailed", () => NamesAsync(Account.Signed(changed), Account.Prefix));
    }

    [Fact]
    public async Task S197_the_address_counts()
    {
        var other = Signed(more: sas => sas.IPRange = new SasIPRange(IPAddress.Parse("203.0.113.7")));
        await Refused.WithAsync("AuthorizationSourceIPMismatch", () => NamesAsync(other, Account.Prefix));
        var everyone = Signed(more: sas => sas.IPRange = new SasIPRange(IPAddress.Parse("0.0.0.0"), IPAddress.Parse("255.255.255.255")));
        await NamesAsync(everyone, Account.Prefix);
    }

    [Fact]
    public async Task S198_the_protocol_counts()
    {
        var service = Signed(more: sas => sas.Protocol = SasProtocol.Https);
        if (Account.IsSecure)
        {
            await NamesAsync(service, Account.Prefix);
        }
        else
        {
            await Refused.WithAsync("AuthorizationProtocolMismatch", () => NamesAsync(service, Account.Prefix));
        }
    }

    private static QueueServiceClient Signed(
        AccountSasPermissions permissions = Everything,
        AccountSasServices services = AccountSasServices.Queues,
        AccountSasResourceTypes types = AccountSasResourceTypes.All,
        DateTimeOffset? expiresOn = null,
        Action<AccountSasBuilder>? more = null)
    {
        var builder = Builder(permissions, services, types, expiresOn);
        more?.Invoke(builder);
        return Account.Signed(builder.ToSasQueryParameters(Account.Credential).ToString());
    }

    private static AccountSasBuilder Builder(
        AccountSasPermissions permissions = Everything,
        AccountSasServices services = AccountSasServices.Queues,
        AccountSasResourceTypes types = AccountSasResourceTypes.All,
        DateTimeOffset? expiresOn = null) =>
        new(permissions, expiresOn ?? DateTimeOffset.UtcNow.AddHours(1), services, types)
        {
            Protocol = SasProtocol.HttpsAndHttp,
        };
}

/// <summary>Queue shared access signatures.</summary>
public class QueueSasTests : Suite
{
    [Theory]
    [InlineData(QueueSasPermissions.Read)]
    [InlineData(QueueSasPermissions.Add)]
    [InlineData(QueueSasPermissions.Update)]
    [InlineData(QueueSasPermissions.Process)]
    public async Task S200_each_permission_opens_its_operations(QueueSasPermissions permission)
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("one");
        await queue.SendMessageAsync("two");
        var got = (await queue.ReceiveMessageAsync()).Value;
        var signed = Signed(queue.Name, permission);

        (QueueSasPermissions Opens, Func<Task> Call)[] calls =
        [
            (QueueSasPermissions.Read, () => signed.PeekMessageAsync()),
            (QueueSasPermissions.Add, () => signed.SendMessageAsync("three")),
            (QueueSasPermissions.Process, () => signed.ReceiveMessageAsync()),
            (QueueSasPermissions.Update, () => signed.UpdateMessageAsync(got.MessageId, got.PopReceipt, "new", Seconds(60))),
            (QueueSasPermissions.Process, () => signed.DeleteMessageAsync(got.MessageId, got.PopReceipt)),
        ];
        foreach (var (opens, call) in calls)
        {
            if (opens == permission)
            {
                await call();
            }
            else
            {
                await Refused.WithAsync("AuthorizationPermissionMismatch", call);
            }
        }
    }

    [Fact]
    public async Task S201_a_signature_opens_one_queue()
    {
        var queue = await NewQueueAsync();
        var other = await NewQueueAsync();
        var signature = Signature(queue.Name, QueueSasPermissions.All);
        await Account.Signed(signature).GetQueueClient(queue.Name).SendMessageAsync("text");
        await Refused.WithAsync(
            "AuthenticationFailed", () => Account.Signed(signature).GetQueueClient(other.Name).SendMessageAsync("text"));
    }

    [Fact]
    public async Task S202_a_queue_cannot_be_created_or_deleted_by_it()
    {
        var queue = await NewQueueAsync();
        await Refused.WithAsync("AuthorizationFailure", () => Signed(queue.Name, QueueSasPermissions.All).DeleteAsync());
        var service = Account.Signed(Signature(queue.Name, QueueSasPermissions.All));
        await Refused.WithAsync("AuthorizationFailure", () => NamesAsync(service, Account.Prefix));
    }

    [Fact]
    public async Task S203_a_signature_that_has_expired_opens_nothing()
    {
        var queue = await NewQueueAsync();
        var expired = Signed(queue.Name, QueueSasPermissions.All, DateTimeOffset.UtcNow.AddHours(-1));
        await Refused.WithAsync("AuthenticationFailed", () => expired.PeekMessageAsync());
    }

    [Fact]
    public async Task S204_a_policy_gives_what_the_signature_does_not()
    {
        var queue = await NewQueueAsync();
        var signed = await SignedByPolicyAsync(queue);
        await UntilAsync(() => OpensAsync(signed));
        await signed.SendMessageAsync("text");
        await Refused.WithAsync("AuthorizationPermissionMismatch", () => signed.ReceiveMessageAsync());
    }

    [Fact]
    public async Task S205_removing_the_policy_revokes_the_signature()
    {
        var queue = await NewQueueAsync();
        var signed = await SignedByPolicyAsync(queue);
        await UntilAsync(() => OpensAsync(signed));
        await queue.SetAccessPolicyAsync([]);
        await UntilAsync(async () => !await OpensAsync(signed));
        await Refused.WithAsync("AuthenticationFailed", () => signed.PeekMessageAsync());
    }

    [Fact]
    public async Task S206_a_policy_that_is_not_there_opens_nothing()
    {
        var queue = await NewQueueAsync();
        var builder = new QueueSasBuilder { QueueName = queue.Name, Identifier = "nowhere" };
        var signed = Account.Signed(builder.ToSasQueryParameters(Account.Credential).ToString()).GetQueueClient(queue.Name);
        await Refused.WithAsync("AuthenticationFailed", () => signed.PeekMessageAsync());
    }

    private static async Task<QueueClient> SignedByPolicyAsync(QueueClient queue)
    {
        await queue.SetAccessPolicyAsync(
        [
            new QueueSignedIdentifier
            {
                Id = "policy",
                AccessPolicy = new QueueAccessPolicy
                {
                    ExpiresOn = DateTimeOffset.UtcNow.AddHours(1),
                    Permissions = "ra",
                },
            },
        ]);
        var builder = new QueueSasBuilder { QueueName = queue.Name, Identifier = "policy" };
        return Account.Signed(builder.ToSasQueryParameters(Account.Credential).ToString()).GetQueueClient(queue.Name);
    }

    /// <summary>Whether a peek is let through. A policy needs up to 30 seconds in the cloud.</summary>
    private static async Task<bool> OpensAsync(QueueClient signed)
    {
        try
        {
            await signed.PeekMessageAsync();
            return true;
        }
        catch (RequestFailedException error) when (error.Status == 403)
        {
            return false;
        }
    }

    private static QueueClient Signed(string name, QueueSasPermissions permissions, DateTimeOffset? expiresOn = null) =>
        Account.Signed(Signature(name, permissions, expiresOn)).GetQueueClient(name);

    private static string Signature(string name, QueueSasPermissions permissions, DateTimeOffset? expiresOn = null)
    {
        var builder = new QueueSasBuilder(permissions, expiresOn ?? DateTimeOffset.UtcNow.AddHours(1))
        {
            QueueName = name,
        };
        return builder.ToSasQueryParameters(Account.Credential).ToString();
    }
}
