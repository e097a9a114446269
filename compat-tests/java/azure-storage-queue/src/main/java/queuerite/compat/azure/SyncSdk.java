package queuerite.compat.azure;

import static queuerite.compat.azure.Convert.seconds;
import static queuerite.compat.azure.Convert.time;

import com.azure.core.exception.HttpResponseException;
import com.azure.core.util.BinaryData;
import com.azure.core.util.Context;
import com.azure.storage.queue.QueueClient;
import com.azure.storage.queue.QueueServiceClient;
import com.azure.storage.queue.models.QueueStorageException;
import com.azure.storage.queue.models.QueuesSegmentOptions;
import com.azure.storage.queue.models.UserDelegationKey;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import queuerite.compat.Access;
import queuerite.compat.Queue;
import queuerite.compat.Service;

/** azure-storage-queue's clients that wait. */
public final class SyncSdk extends AzureSdk {
    @Override
    public String name() {
        return "sync";
    }

    @Override
    public Service open(Access access) {
        return new SyncService(builder(access).buildClient());
    }

    @Override
    public Queue openUrl(String url, Access access) {
        return new SyncQueue(builder(url, access).buildClient());
    }

    private record SyncService(QueueServiceClient client) implements Service {
        @Override
        public Queue queue(String name) {
            return new SyncQueue(client.getQueueClient(name));
        }

        @Override
        public List<Item> list(String prefix, boolean metadata) {
            QueuesSegmentOptions options =
                new QueuesSegmentOptions().setPrefix(prefix).setIncludeMetadata(metadata);
            return client.listQueues(options, null, Context.NONE).stream().map(Convert::item)
                .toList();
        }

        @Override
        public Page page(String prefix, Integer maxResults, String marker) {
            QueuesSegmentOptions options =
                new QueuesSegmentOptions().setPrefix(prefix).setMaxResultsPerPage(maxResults);
            return Convert.page(client.listQueues(options, null, Context.NONE)
                .iterableByPage(marker).iterator().next());
        }

        @Override
        public Properties properties() {
            return Convert.properties(client.getProperties());
        }

        @Override
        public void setProperties(Properties properties) {
            client.setProperties(Convert.properties(properties));
        }

        @Override
        public Stats stats() {
            try {
                return Convert.stats(client.getStatistics());
            } catch (QueueStorageException e) {
                throw e;
            } catch (HttpResponseException e) {
                return Convert.statsUnread(e);
            }
        }

        @Override
        public String accountSas(AccountSas sas) {
            return client.generateAccountSas(Convert.signature(sas));
        }

        @Override
        public DelegationKey delegationKey(Instant start, Instant expiry) {
            return Convert.key(client.getUserDelegationKey(time(start), time(expiry)));
        }
    }

    private record SyncQueue(QueueClient client) implements Queue {
        @Override
        public String name() {
            return client.getQueueName();
        }

        @Override
        public void create(Map<String, String> metadata) {
            client.createWithResponse(metadata, null, Context.NONE);
        }

        @Override
        public boolean createIfNotExists() {
            return client.createIfNotExists();
        }

        @Override
        public void delete() {
            client.delete();
        }

        @Override
        public boolean deleteIfExists() {
            return client.deleteIfExists();
        }

        @Override
        public boolean exists() {
            try {
                client.getProperties();
                return true;
            } catch (QueueStorageException e) {
                if (e.getStatusCode() == 404) {
                    return false;
                }
                throw e;
            }
        }

        @Override
        public Map<String, String> metadata() {
            return client.getProperties().getMetadata();
        }

        @Override
        public long approximateMessagesCount() {
            return client.getProperties().getApproximateMessagesCountLong();
        }

        @Override
        public void setMetadata(Map<String, String> metadata) {
            client.setMetadata(metadata);
        }

        @Override
        public List<Policy> policies() {
            return client.getAccessPolicy().stream().map(Convert::policy).toList();
        }

        @Override
        public void setPolicies(List<Policy> policies) {
            client.setAccessPolicy(Convert.identifiers(policies));
        }

        @Override
        public Message put(String text, Integer visibilityTimeout, Integer timeToLive) {
            return Convert.message(client.sendMessageWithResponse(text, seconds(visibilityTimeout),
                seconds(timeToLive), null, Context.NONE).getValue());
        }

        @Override
        public Message put(byte[] bytes) {
            return Convert.message(client.sendMessage(BinaryData.fromBytes(bytes)));
        }

        @Override
        public List<Message> get(int count, Integer visibilityTimeout) {
            return client.receiveMessages(count, seconds(visibilityTimeout), null, Context.NONE)
                .stream().map(Convert::message).toList();
        }

        @Override
        public List<Message> peek(int count) {
            return client.peekMessages(count, null, Context.NONE).stream().map(Convert::message)
                .toList();
        }

        @Override
        public Receipt update(String id, String popReceipt, String text, int visibilityTimeout) {
            return Convert.receipt(
                client.updateMessage(id, popReceipt, text, seconds(visibilityTimeout)));
        }

        @Override
        public void delete(String id, String popReceipt) {
            client.deleteMessage(id, popReceipt);
        }

        @Override
        public void clear() {
            client.clearMessages();
        }

        @Override
        public String sas(Sas sas) {
            return client.generateSas(Convert.signature(sas));
        }

        @Override
        public String delegationSas(Sas sas, Service.DelegationKey key) {
            return client.generateUserDelegationSas(Convert.signature(sas),
                (UserDelegationKey) key.key());
        }
    }
}
