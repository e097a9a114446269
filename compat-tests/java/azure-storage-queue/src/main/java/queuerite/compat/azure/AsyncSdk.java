package queuerite.compat.azure;

import static queuerite.compat.azure.Convert.seconds;
import static queuerite.compat.azure.Convert.time;

import com.azure.core.exception.HttpResponseException;
import com.azure.core.http.rest.PagedFlux;
import com.azure.core.http.rest.Response;
import com.azure.core.util.BinaryData;
import com.azure.storage.queue.QueueAsyncClient;
import com.azure.storage.queue.QueueServiceAsyncClient;
import com.azure.storage.queue.models.QueueItem;
import com.azure.storage.queue.models.QueueStorageException;
import com.azure.storage.queue.models.QueuesSegmentOptions;
import com.azure.storage.queue.models.UserDelegationKey;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import queuerite.compat.Access;
import queuerite.compat.Queue;
import queuerite.compat.Service;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/** azure-storage-queue's reactive clients, each call waited for. */
public final class AsyncSdk extends AzureSdk {
    @Override
    public String name() {
        return "async";
    }

    @Override
    public Service open(Access access) {
        return new AsyncService(builder(access).buildAsyncClient());
    }

    @Override
    public Queue openUrl(String url, Access access) {
        return new AsyncQueue(builder(url, access).buildAsyncClient());
    }

    private static <T> T await(Mono<T> mono) {
        return mono.block(Duration.ofSeconds(60));
    }

    private static <T> List<T> await(Flux<T> flux) {
        return await(flux.collectList());
    }

    private record AsyncService(QueueServiceAsyncClient client) implements Service {
        @Override
        public Queue queue(String name) {
            return new AsyncQueue(client.getQueueAsyncClient(name));
        }

        @Override
        public List<Item> list(String prefix, boolean metadata) {
            QueuesSegmentOptions options =
                new QueuesSegmentOptions().setPrefix(prefix).setIncludeMetadata(metadata);
            return await(client.listQueues(options).map(Convert::item));
        }

        @Override
        public Page page(String prefix, Integer maxResults, String marker) {
            QueuesSegmentOptions options =
                new QueuesSegmentOptions().setPrefix(prefix).setMaxResultsPerPage(maxResults);
            PagedFlux<QueueItem> queues = client.listQueues(options);
            return Convert.page(
                await((marker == null ? queues.byPage() : queues.byPage(marker)).next()));
        }

        @Override
        public Properties properties() {
            return Convert.properties(await(client.getProperties()));
        }

        @Override
        public void setProperties(Properties properties) {
            await(client.setProperties(Convert.properties(properties)));
        }

        @Override
        public Stats stats() {
            return await(client.getStatistics().map(Convert::stats)
                .onErrorResume(HttpResponseException.class,
                    e -> e instanceof QueueStorageException
                        ? Mono.error(e) : Mono.fromSupplier(() -> Convert.statsUnread(e))));
        }

        @Override
        public String accountSas(AccountSas sas) {
            return client.generateAccountSas(Convert.signature(sas));
        }

        @Override
        public DelegationKey delegationKey(Instant start, Instant expiry) {
            return Convert.key(await(client.getUserDelegationKey(time(start), time(expiry))));
        }
    }

    private record AsyncQueue(QueueAsyncClient client) implements Queue {
        @Override
        public String name() {
            return client.getQueueName();
        }

        @Override
        public void create(Map<String, String> metadata) {
            await(client.createWithResponse(metadata));
        }

        @Override
        public boolean createIfNotExists() {
            return await(client.createIfNotExists());
        }

        @Override
        public void delete() {
            await(client.delete());
        }

        @Override
        public boolean deleteIfExists() {
            return await(client.deleteIfExists());
        }

        @Override
        public boolean exists() {
            return await(client.getProperties().map(properties -> true)
                .onErrorResume(QueueStorageException.class,
                    e -> e.getStatusCode() == 404 ? Mono.just(false) : Mono.error(e)));
        }

        @Override
        public Map<String, String> metadata() {
            return await(client.getProperties()).getMetadata();
        }

        @Override
        public long approximateMessagesCount() {
            return await(client.getProperties()).getApproximateMessagesCountLong();
        }

        @Override
        public void setMetadata(Map<String, String> metadata) {
            await(client.setMetadata(metadata));
        }

        @Override
        public List<Policy> policies() {
            return await(client.getAccessPolicy().map(Convert::policy));
        }

        @Override
        public void setPolicies(List<Policy> policies) {
            await(client.setAccessPolicy(Convert.identifiers(policies)));
        }

        @Override
        public Message put(String text, Integer visibilityTimeout, Integer timeToLive) {
            return await(client
                .sendMessageWithResponse(text, seconds(visibilityTimeout), seconds(timeToLive))
                .map(Response::getValue).map(Convert::message));
        }

        @Override
        public Message put(byte[] bytes) {
            return await(client.sendMessage(BinaryData.fromBytes(bytes)).map(Convert::message));
        }

        @Override
        public List<Message> get(int count, Integer visibilityTimeout) {
            return await(client.receiveMessages(count, seconds(visibilityTimeout))
                .map(Convert::message));
        }

        @Override
        public List<Message> peek(int count) {
            return await(client.peekMessages(count).map(Convert::message));
        }

        @Override
        public Receipt update(String id, String popReceipt, String text, int visibilityTimeout) {
            return await(client.updateMessage(id, popReceipt, text, seconds(visibilityTimeout))
                .map(Convert::receipt));
        }

        @Override
        public void delete(String id, String popReceipt) {
            await(client.deleteMessage(id, popReceipt));
        }

        @Override
        public void clear() {
            await(client.clearMessages());
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
