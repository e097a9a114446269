package queuerite.compat.legacy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.microsoft.azure.storage.RetryNoRetry;
import com.microsoft.azure.storage.StorageCredentialsAccountAndKey;
import com.microsoft.azure.storage.queue.CloudQueue;
import com.microsoft.azure.storage.queue.CloudQueueMessage;
import com.microsoft.azure.storage.queue.QueueEncryptionPolicy;
import com.microsoft.azure.storage.queue.QueueRequestOptions;
import java.net.URI;
import org.junit.jupiter.api.Test;
import queuerite.compat.Queue;
import queuerite.compat.Scenario;
import queuerite.compat.Target;

/** Client-side encryption, which azure-storage-queue does not have; this library has version 1. */
class EncryptionScenarios extends Scenario {
    private static final String TEXT = "a secret \u00e4 <text>";

    @Test
    void s175_what_was_encrypted_is_read_by_who_has_the_key() throws Exception {
        Queue queue = newQueue();
        LocalKey key = new LocalKey();
        encrypting(queue, key).addMessage(new CloudQueueMessage(TEXT));
        assertEquals(TEXT,
            encrypting(queue, key).retrieveMessage().getMessageContentAsString());
    }

    @Test
    void s176_what_was_encrypted_is_read_by_nobody_else() throws Exception {
        Queue queue = newQueue();
        encrypting(queue, new LocalKey()).addMessage(new CloudQueueMessage(TEXT));
        String text = queue.peek().text();
        assertTrue(text.startsWith("{") && text.endsWith("}"), text);
        assertTrue(text.contains("\"EncryptedMessageContents\":\""), text);
        assertTrue(text.contains("\"EncryptionData\":{"), text);
        assertFalse(text.contains("secret"), text);
    }

    private static CloudQueue encrypting(Queue queue, LocalKey key) throws Exception {
        CloudQueue encrypting = new CloudQueue(
            URI.create(Target.ENDPOINT + "/" + queue.name()),
            new StorageCredentialsAccountAndKey(Target.ACCOUNT, Target.KEY));
        QueueRequestOptions options = encrypting.getServiceClient().getDefaultRequestOptions();
        options.setRetryPolicyFactory(new RetryNoRetry());
        options.setEncryptionPolicy(new QueueEncryptionPolicy(key, null));
        options.setRequireEncryption(true);
        return encrypting;
    }
}
