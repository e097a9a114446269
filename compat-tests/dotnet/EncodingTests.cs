using System.Security.Cryptography;
using System.Text;
using Azure.Core.Cryptography;
using Azure.Storage.Queues.Specialized;

namespace Queuerite.Compat;

/// <summary>Encoding.</summary>
public class EncodingTests : Suite
{
    [Fact]
    public async Task S155_text_is_sent_as_it_is()
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync("plain text, no Base64");
        var other = Account.Service().GetQueueClient(queue.Name);
        Assert.Equal("plain text, no Base64", (await other.ReceiveMessageAsync()).Value.Body.ToString());
    }

    [Fact]
    public async Task S156_base64_is_the_clients_affair()
    {
        var plain = await NewQueueAsync();
        var encoding = Encoding64(plain);
        byte[] bytes = [0, 1, 2, 254, 255];
        await encoding.SendMessageAsync(BinaryData.FromBytes(bytes));
        Assert.Equal(new[] { Convert.ToBase64String(bytes) }, await TextsAsync(plain));
        Assert.Equal(bytes, (await encoding.ReceiveMessageAsync()).Value.Body.ToArray());
    }

    [Fact]
    public Task S157_markup_is_text() => KeptAsync("<a>&amp;\"'</a> ]]> <!-- -->");

    [Fact]
    public Task S158_white_space_stays() => KeptAsync("  \t\n one \t two\n\nthree \n\t  ");

    [Theory]
    [InlineData("äöüß 中文 العربية e\u0301")]
    [InlineData("\U0001F469\u200D\U0001F4BB \U0001F3F4\u200D\u2620\uFE0F")]
    [InlineData("\U0010FFFD\U0010FFFF")]
    public Task S159_every_plane_of_unicode(string text) => KeptAsync(text);

    [Fact]
    public async Task S160_what_xml_cannot_carry_is_refused()
    {
        var queue = await NewQueueAsync();
        // The SDK's writer of XML refuses it.
        await Assert.ThrowsAnyAsync<ArgumentException>(() => queue.SendMessageAsync("a\u0001b"));
        Assert.Equal(0, await CountAsync(queue));
    }

    [Fact]
    public async Task S161_the_limit_counts_bytes_not_characters()
    {
        var queue = await NewQueueAsync();
        var text = new string('中', 21845) + "x";
        await queue.SendMessageAsync(text);
        Assert.Equal(text, (await queue.ReceiveMessageAsync()).Value.Body.ToString());
        await Refused.WithAsync("RequestBodyTooLarge", () => queue.SendMessageAsync(text + "x"));
    }

    [Fact]
    public async Task S162_48_kib_of_bytes_fit_with_base64()
    {
        var queue = Encoding64(await NewQueueAsync());
        var bytes = new byte[49152];
        new Random(1).NextBytes(bytes);
        await queue.SendMessageAsync(BinaryData.FromBytes(bytes));
        Assert.Equal(bytes, (await queue.ReceiveMessageAsync()).Value.Body.ToArray());
        await Refused.WithAsync(
            "RequestBodyTooLarge", () => queue.SendMessageAsync(BinaryData.FromBytes(new byte[49153])));
    }

    [Fact]
    public Task S163_json_goes_through() =>
        KeptAsync("{\n  \"text\": \"a \\\"quote\\\", a \\\\ and \\u00e4\",\n  \"list\": [1, null, true]\n}");

    [Fact]
    public async Task S164_an_update_keeps_what_it_is_given()
    {
        var queue = await NewQueueAsync();
        var text = " <b>&amp;</b> \U0001F600\t\n ";
        var sent = (await queue.SendMessageAsync("old")).Value;
        await queue.UpdateMessageAsync(sent.MessageId, sent.PopReceipt, text, Seconds(0));
        Assert.Equal(new[] { text }, await TextsAsync(queue));
    }

    [Fact]
    public async Task S175_what_was_encrypted_is_read_by_who_has_the_key()
    {
        var queue = Encrypting(await NewQueueAsync());
        await queue.SendMessageAsync("a secret");
        Assert.Equal("a secret", (await queue.ReceiveMessageAsync()).Value.Body.ToString());
    }

    [Fact]
    public async Task S176_what_was_encrypted_is_read_by_nobody_else()
    {
        var plain = await NewQueueAsync();
        await Encrypting(plain).SendMessageAsync("a secret");
        var text = Assert.Single(await TextsAsync(plain));
        Assert.Contains("EncryptedMessageContents", text);
        Assert.DoesNotContain("a secret", text);
    }

    private static QueueClient Encoding64(QueueClient queue)
    {
        var options = Account.Options();
        options.MessageEncoding = QueueMessageEncoding.Base64;
        return Account.Service(options).GetQueueClient(queue.Name);
    }

    private static QueueClient Encrypting(QueueClient queue)
    {
        var options = Account.Prepared(new SpecializedQueueClientOptions());
        options.ClientSideEncryption = new ClientSideEncryptionOptions(ClientSideEncryptionVersion.V2_0)
        {
            KeyEncryptionKey = new Wrapping(),
            KeyWrapAlgorithm = "test",
        };
        return new QueueClient(queue.Uri, Account.Credential, options);
    }

    private async Task KeptAsync(string text)
    {
        var queue = await NewQueueAsync();
        await queue.SendMessageAsync(text);
        Assert.Equal(text, (await queue.ReceiveMessageAsync()).Value.Body.ToString());
    }

    /// <summary>Wraps keys in the memory of this test. Not for use elsewhere.</summary>
    private sealed class Wrapping : IKeyEncryptionKey
    {
        private readonly byte[] _key = SHA256.HashData(Encoding.UTF8.GetBytes("key of the test"));

        public string KeyId => "test-key";

        public byte[] WrapKey(string algorithm, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default)
        {
            using var aes = Aes.Create();
            aes.Key = _key;
            return aes.EncryptCbc(key.Span, new byte[16]);
        }

        public byte[] UnwrapKey(string algorithm, ReadOnlyMemory<byte> encryptedKey, CancellationToken cancellationToken = default)
        {
            using var aes = Aes.Create();
            aes.Key = _key;
            return aes.DecryptCbc(encryptedKey.Span, new byte[16]);
        }

        public Task<byte[]> WrapKeyAsync(string algorithm, ReadOnlyMemory<byte> key, CancellationToken cancellationToken = default) =>
            Task.FromResult(WrapKey(algorithm, key, cancellationToken));

        public Task<byte[]> UnwrapKeyAsync(string algorithm, ReadOnlyMemory<byte> encryptedKey, CancellationToken cancellationToken = default) =>
            Task.FromResult(UnwrapKey(algorithm, encryptedKey, cancellationToken));
    }
}
