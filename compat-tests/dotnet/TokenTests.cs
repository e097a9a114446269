using System.Text.Json;
using Azure.Core;
using Azure.Storage.Sas;

namespace Queuerite.Compat;

/// <summary>Tokens and user delegation. The tokens are made up: the endpoint checks what they say,
/// and not who signed them.</summary>
public class TokenTests : Suite
{
    private const string Object = "11111111-1111-1111-1111-111111111111";
    private const string Tenant = "22222222-2222-2222-2222-222222222222";

    [SkippableFact]
    public async Task S210_a_delegation_key_is_handed_out()
    {
        var key = await DelegationKeyAsync();
        Assert.Equal((Object, Tenant, "q"), (key.SignedObjectId, key.SignedTenantId, key.SignedService));
        Assert.True(key.SignedStartsOn < key.SignedExpiresOn);
        Assert.NotEmpty(Convert.FromBase64String(key.Value));
    }

    [SkippableFact]
    public async Task S211_a_signature_of_the_delegation_key_opens_its_queue()
    {
        var key = await DelegationKeyAsync();
        var name = (await NewQueueAsync()).Name;
        var builder = new QueueSasBuilder(QueueSasPermissions.All, DateTimeOffset.UtcNow.AddHours(1)) { QueueName = name };
        var queue = Account.Signed(builder.ToSasQueryParameters(key, Account.Name).ToString()).GetQueueClient(name);
        await queue.SendMessageAsync("text");
        Assert.Equal("text", (await queue.ReceiveMessageAsync()).Value.Body.ToString());
    }

    [Fact]
    public async Task S212_a_delegation_key_is_asked_for_by_tokens_alone()
    {
        var error = await Assert.ThrowsAsync<RequestFailedException>(
            () => Service.GetUserDelegationKeyAsync(expiresOn: DateTimeOffset.UtcNow.AddHours(1)));
        Assert.Equal(403, error.Status);
    }

    [SkippableFact]
    public async Task S215_a_token_opens_everything()
    {
        var queue = WithToken(Token()).GetQueueClient(NewName());
        await queue.CreateAsync();
        await queue.SendMessageAsync("text");
        Assert.Equal("text", (await queue.ReceiveMessageAsync()).Value.Body.ToString());
        Assert.Equal(204, (await queue.DeleteAsync()).Status);
    }

    [SkippableFact]
    public async Task S216_a_token_for_another_audience_opens_nothing()
    {
        var service = WithToken(Token(audience: "https://vault.azure.net"));
        await Refused.WithAsync("InvalidAuthenticationInfo", () => NamesAsync(service, Account.Prefix));
    }

    [SkippableFact]
    public async Task S217_an_expired_token_opens_nothing()
    {
        var service = WithToken(Token(lifetime: TimeSpan.FromHours(-1)));
        await Refused.WithAsync("InvalidAuthenticationInfo", () => NamesAsync(service, Account.Prefix));
    }

    [SkippableFact]
    public void S218_a_token_does_not_go_over_http()
    {
        Skip.If(Account.IsSecure, "needs http");
        // The SDK does not even make the client.
        Assert.ThrowsAny<ArgumentException>(
            () => new QueueServiceClient(new Uri(Account.Endpoint), new Fixed(Token()), Account.Options()));
    }

    private static QueueServiceClient WithToken(string token)
    {
        Skip.IfNot(Account.IsSecure, "needs https");
        Skip.IfNot(Account.TakesTokens, "the endpoint takes no made-up tokens");
        return new QueueServiceClient(new Uri(Account.Endpoint), new Fixed(token), Account.Options());
    }

    private static async Task<UserDelegationKey> DelegationKeyAsync() =>
        await WithToken(Token()).GetUserDelegationKeyAsync(expiresOn: DateTimeOffset.UtcNow.AddHours(1));

    private static string Token(string audience = "https://storage.azure.com", TimeSpan? lifetime = null)
    {
        var now = DateTimeOffset.UtcNow;
        var claims = new Dictionary<string, object>
        {
            ["aud"] = audience,
            ["iss"] = $"https://sts.windows.net/{Tenant}/",
            ["iat"] = now.AddHours(-2).ToUnixTimeSeconds(),
            ["nbf"] = now.AddHours(-2).ToUnixTimeSeconds(),
            ["exp"] = (now + (lifetime ?? TimeSpan.FromHours(1))).ToUnixTimeSeconds(),
            ["oid"] = Object,
            ["tid"] = Tenant,
        };
        return $"{Part(new Dictionary<string, object> { ["typ"] = "JWT", ["alg"] = "none" })}.{Part(claims)}.";
    }

    private static string Part(Dictionary<string, object> content) =>
        Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(content))
            .TrimEnd('=').Replace('+', '-').Replace('/', '_');

    private sealed class Fixed(string token) : TokenCredential
    {
        public override AccessToken GetToken(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new(token, DateTimeOffset.UtcNow.AddHours(1));

        public override ValueTask<AccessToken> GetTokenAsync(TokenRequestContext requestContext, CancellationToken cancellationToken) =>
            new(GetToken(requestContext, cancellationToken));
    }
}
