package queuerite.compat.legacy;

import com.microsoft.azure.storage.CloudStorageAccount;
import com.microsoft.azure.storage.IPRange;
import com.microsoft.azure.storage.LocationMode;
import com.microsoft.azure.storage.OperationContext;
import com.microsoft.azure.storage.ResponseReceivedEvent;
import com.microsoft.azure.storage.ResultContinuation;
import com.microsoft.azure.storage.ResultContinuationType;
import com.microsoft.azure.storage.ResultSegment;
import com.microsoft.azure.storage.RetryLinearRetry;
import com.microsoft.azure.storage.RetryNoRetry;
import com.microsoft.azure.storage.SendingRequestEvent;
import com.microsoft.azure.storage.ServiceStats;
import com.microsoft.azure.storage.SharedAccessAccountPolicy;
import com.microsoft.azure.storage.SharedAccessProtocols;
import com.microsoft.azure.storage.StorageCredentials;
import com.microsoft.azure.storage.StorageCredentialsAccountAndKey;
import com.microsoft.azure.storage.StorageCredentialsSharedAccessSignature;
import com.microsoft.azure.storage.StorageCredentialsToken;
import com.microsoft.azure.storage.StorageEvent;
import com.microsoft.azure.storage.StorageException;
import com.microsoft.azure.storage.StorageExtendedErrorInformation;
import com.microsoft.azure.storage.StorageLocation;
import com.microsoft.azure.storage.StorageUri;
import com.microsoft.azure.storage.queue.CloudQueue;
import com.microsoft.azure.storage.queue.CloudQueueClient;
import com.microsoft.azure.storage.queue.CloudQueueMessage;
import com.microsoft.azure.storage.queue.MessageUpdateFields;
import com.microsoft.azure.storage.queue.QueueListingDetails;
import com.microsoft.azure.storage.queue.QueuePermissions;
import com.microsoft.azure.storage.queue.QueueRequestOptions;
import com.microsoft.azure.storage.queue.SharedAccessQueuePolicy;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.SocketException;
import java.net.URI;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import queuerite.compat.Access;
import queuerite.compat.Answer;
import queuerite.compat.Queue;
import queuerite.compat.Refusal;
import queuerite.compat.Sdk;
import queuerite.compat.Service;

/** The library before azure-storage-queue, which is no longer made but still in use. */
public final class LegacySdk implements Sdk {
    private static final String VERSION = "2019-02-02";
    private static final int DEFAULT_GET_TIMEOUT = 30;

    @Override
    public String name() {
        return "legacy";
    }

    @Override
    public Service open(Access access) {
        return quietly(() -> new LegacyService(client(access), access));
    }

    @Override
    public Queue openUrl(String url, Access access) {
        return quietly(() -> {
            URI uri = URI.create(url);
            StorageCredentials credentials = credentials(access);
            CloudQueue queue = credentials == null
                ? new CloudQueue(uri) : new CloudQueue(uri, credentials);
            configure(queue.getServiceClient(), access);
            return new LegacyQueue(queue, access);
        });
    }

    /** It does not let one choose. */
    @Override
    public List<String> versions() {
        return List.of(VERSION);
    }

    @Override
    public String version() {
        return VERSION;
    }

    @Override
    public boolean checksBeforeSending() {
        return true;
    }

    @Override
    public Refusal refusal(Throwable thrown) {
        // A walk through pages wraps what goes wrong.
        Throwable cause = thrown;
        while (cause != null && !(cause instanceof StorageException)) {
            cause = cause.getCause();
        }
        if (!(cause instanceof StorageException refused)
            || refused.getCause() instanceof SocketException || refused.getErrorCode() == null) {
            return null;
        }
        Map<String, String> details = new HashMap<>();
        StorageExtendedErrorInformation error = refused.getExtendedErrorInformation();
        if (error == null) {
            // It asks by HEAD: there is no body, and the text is the reason phrase.
            return new Refusal(refused.getHttpStatusCode(), refused.getErrorCode(),
                refused.getMessage(), details, LAST_REQUEST_ID.get());
        }
        error.getAdditionalDetails().forEach((name, values) -> details.put(name, values[0]));
        return new Refusal(refused.getHttpStatusCode(), refused.getErrorCode(),
            error.getErrorMessage(), details, LAST_REQUEST_ID.get());
    }

    /** The exception does not tell; each test asks on the thread that made the call. */
    private static final ThreadLocal<String> LAST_REQUEST_ID = new ThreadLocal<>();

    private static CloudQueueClient client(Access access) throws Exception {
        CloudQueueClient client;
        if (access.connectionString != null) {
            client = CloudStorageAccount.parse(access.connectionString).createCloudQueueClient();
        } else {
            StorageUri uri = access.secondary == null
                ? new StorageUri(URI.create(access.endpoint))
                : new StorageUri(URI.create(access.endpoint), URI.create(access.secondary));
            client = new CloudQueueClient(uri, credentials(access));
        }
        configure(client, access);
        return client;
    }

    private static StorageCredentials credentials(Access access) {
        if (access.key != null) {
            return quietly(() -> new StorageCredentialsAccountAndKey(access.account, access.key));
        }
        if (access.sas != null) {
            return new StorageCredentialsSharedAccessSignature(access.sas);
        }
        if (access.token != null) {
            return new StorageCredentialsToken("account", access.token.get());
        }
        return null;
    }

    private static void configure(CloudQueueClient client, Access access) {
        if (!access.query.isEmpty() || access.version != null) {
            throw new UnsupportedOperationException("the library does not let one change this");
        }
        QueueRequestOptions options = client.getDefaultRequestOptions();
        options.setRetryPolicyFactory(
            access.tries == 1 ? new RetryNoRetry() : new RetryLinearRetry(100, access.tries - 1));
        if (access.timeout != null) {
            options.setTimeoutIntervalInMs(access.timeout * 1000);
        }
        if (access.secondary != null) {
            options.setLocationMode(LocationMode.PRIMARY_THEN_SECONDARY);
        }
    }

    /** Sets headers before the request is signed, and passes answers on. */
    private static OperationContext context(Access access) {
        OperationContext context = new OperationContext();
        if (access.clientRequestId != null) {
            context.setClientRequestID(access.clientRequestId);
        }
        context.getSendingRequestEventHandler().addListener(
            new StorageEvent<SendingRequestEvent>() {
                @Override
                public void eventOccurred(SendingRequestEvent event) {
                    HttpURLConnection connection = (HttpURLConnection) event.getConnectionObject();
                    access.headers.forEach(connection::setRequestProperty);
                }
            });
        context.getResponseReceivedEventHandler().addListener(
            new StorageEvent<ResponseReceivedEvent>() {
                @Override
                public void eventOccurred(ResponseReceivedEvent event) {
                    HttpURLConnection connection = (HttpURLConnection) event.getConnectionObject();
                    LAST_REQUEST_ID.set(connection.getHeaderField("x-ms-request-id"));
                    access.answers.accept(answer(connection));
                }
            });
        return context;
    }

    private static Answer answer(HttpURLConnection connection) {
        Map<String, String> headers = new HashMap<>();
        connection.getHeaderFields().forEach((name, values) -> {
            if (name != null) {
                headers.put(name.toLowerCase(Locale.ROOT), String.join(",", values));
            }
        });
        try {
            return new Answer(URI.create(connection.getURL().toString()),
                connection.getResponseCode(), headers);
        } catch (IOException e) {
            throw new AssertionError("an answer without a status", e);
        }
    }

    private interface Call<T> {
        T run() throws Exception;
    }

    private interface Action {
        void run() throws Exception;
    }

    /** The library's exceptions are checked ones; those of the scenarios are not. */
    private static <T> T quietly(Call<T> call) {
        try {
            return call.run();
        } catch (Exception e) {
            throw LegacySdk.<RuntimeException>asUnchecked(e);
        }
    }

    private static void quietly(Action action) {
        quietly(() -> {
            action.run();
            return null;
        });
    }

    @SuppressWarnings("unchecked")
    private static <E extends Exception> E asUnchecked(Exception e) throws E {
        throw (E) e;
    }

    private static Instant instant(Date date) {
        return date == null ? null : date.toInstant();
    }

    private static Date date(Instant instant) {
        return instant == null ? null : Date.from(instant);
    }

    private record LegacyService(CloudQueueClient client, Access access) implements Service {
        @Override
        public Queue queue(String name) {
            return quietly(() -> new LegacyQueue(client.getQueueReference(name), access));
        }

        @Override
        public List<Item> list(String prefix, boolean metadata) {
            return items(client.listQueues(prefix, details(metadata), null, context(access)));
        }

        @Override
        public Page page(String prefix, Integer maxResults, String marker) {
            return quietly(() -> {
                ResultContinuation from = null;
                if (marker != null) {
                    from = new ResultContinuation();
                    from.setContinuationType(ResultContinuationType.QUEUE);
                    from.setTargetLocation(StorageLocation.PRIMARY);
                    from.setNextMarker(marker);
                }
                ResultSegment<CloudQueue> page = client.listQueuesSegmented(prefix,
                    details(false), maxResults, from, null, context(access));
                ResultContinuation next = page.getContinuationToken();
                return new Page(items(page.getResults()),
                    next == null ? null : next.getNextMarker());
            });
        }

        private static QueueListingDetails details(boolean metadata) {
            return metadata ? QueueListingDetails.METADATA : QueueListingDetails.NONE;
        }

        private static List<Item> items(Iterable<CloudQueue> queues) {
            List<Item> items = new ArrayList<>();
            for (CloudQueue queue : queues) {
                items.add(new Item(queue.getName(),
                    queue.getMetadata() == null ? Map.of() : queue.getMetadata()));
            }
            return items;
        }

        @Override
        public Properties properties() {
            return quietly(() -> LegacyProperties.from(
                client.downloadServiceProperties(null, context(access))));
        }

        @Override
        public void setProperties(Properties properties) {
            quietly(() -> client.uploadServiceProperties(LegacyProperties.to(properties), null,
                context(access)));
        }

        /** The library asks the secondary endpoint, whichever that is said to be. */
        @Override
        public Stats stats() {
            return quietly(() -> {
                URI endpoint = client.getStorageUri().getPrimaryUri();
                CloudQueueClient secondary = new CloudQueueClient(
                    new StorageUri(endpoint, endpoint), client.getCredentials());
                QueueRequestOptions options = new QueueRequestOptions();
                options.setRetryPolicyFactory(new RetryNoRetry());
                options.setLocationMode(LocationMode.SECONDARY_ONLY);
                ServiceStats stats = secondary.getServiceStats(options, context(access));
                return new Stats(
                    stats.getGeoReplication().getStatus().toString().toLowerCase(Locale.ROOT),
                    instant(stats.getGeoReplication().getLastSyncTime()));
            });
        }

        @Override
        public String accountSas(AccountSas sas) {
            return quietly(() -> {
                SharedAccessAccountPolicy policy = new SharedAccessAccountPolicy();
                policy.setServiceFromString(sas.services());
                policy.setResourceTypeFromString(sas.resourceTypes());
                policy.setPermissionsFromString(sas.permissions());
                policy.setSharedAccessStartTime(date(sas.start()));
                policy.setSharedAccessExpiryTime(date(sas.expiry()));
                policy.setRange(range(sas.address()));
                policy.setProtocols(sas.httpsOnly() ? SharedAccessProtocols.HTTPS_ONLY : null);
                URI endpoint = client.getStorageUri().getPrimaryUri();
                return new CloudStorageAccount(client.getCredentials(), endpoint, endpoint,
                    endpoint).generateSharedAccessSignature(policy);
            });
        }

        private static IPRange range(String address) {
            if (address == null) {
                return null;
            }
            String[] ends = address.split("-");
            return ends.length == 1 ? new IPRange(ends[0]) : new IPRange(ends[0], ends[1]);
        }

        @Override
        public DelegationKey delegationKey(Instant start, Instant expiry) {
            throw new UnsupportedOperationException("the library knows no user delegation");
        }
    }

    private record LegacyQueue(CloudQueue client, Access access) implements Queue {
        private LegacyQueue {
            client.setShouldEncodeMessage(access.base64);
        }

        @Override
        public String name() {
            return client.getName();
        }

        @Override
        public void create(Map<String, String> metadata) {
            quietly(() -> {
                client.setMetadata(new HashMap<>(metadata));
                client.create(null, context(access));
            });
        }

        @Override
        public boolean createIfNotExists() {
            return quietly(() -> client.createIfNotExists(null, context(access)));
        }

        @Override
        public void delete() {
            quietly(() -> client.delete(null, context(access)));
        }

        @Override
        public boolean deleteIfExists() {
            return quietly(() -> client.deleteIfExists(null, context(access)));
        }

        @Override
        public boolean exists() {
            return quietly(() -> client.exists(null, context(access)));
        }

        @Override
        public Map<String, String> metadata() {
            return quietly(() -> {
                client.downloadAttributes(null, context(access));
                return client.getMetadata();
            });
        }

        @Override
        public long approximateMessagesCount() {
            return quietly(() -> {
                client.downloadAttributes(null, context(access));
                return client.getApproximateMessageCount();
            });
        }

        @Override
        public void setMetadata(Map<String, String> metadata) {
            quietly(() -> {
                client.setMetadata(new HashMap<>(metadata));
                client.uploadMetadata(null, context(access));
            });
        }

        @Override
        public List<Policy> policies() {
            return quietly(() -> {
                List<Policy> policies = new ArrayList<>();
                client.downloadPermissions(null, context(access)).getSharedAccessPolicies()
                    .forEach((id, policy) -> policies.add(new Policy(id,
                        instant(policy.getSharedAccessStartTime()),
                        instant(policy.getSharedAccessExpiryTime()),
                        // No permissions at all are an empty set or none, by what else there is.
                        policy.getPermissions() == null || policy.getPermissions().isEmpty()
                            ? null : policy.permissionsToString())));
                return policies;
            });
        }

        @Override
        public void setPolicies(List<Policy> policies) {
            quietly(() -> {
                QueuePermissions permissions = new QueuePermissions();
                for (Policy policy : policies) {
                    SharedAccessQueuePolicy stored = new SharedAccessQueuePolicy();
                    stored.setSharedAccessStartTime(date(policy.start()));
                    stored.setSharedAccessExpiryTime(date(policy.expiry()));
                    if (policy.permissions() != null) {
                        stored.setPermissionsFromString(policy.permissions());
                    }
                    permissions.getSharedAccessPolicies().put(policy.id(), stored);
                }
                client.uploadPermissions(permissions, null, context(access));
            });
        }

        @Override
        public Message put(String text, Integer visibilityTimeout, Integer timeToLive) {
            return put(new CloudQueueMessage(text), visibilityTimeout, timeToLive);
        }

        @Override
        public Message put(byte[] bytes) {
            return put(new CloudQueueMessage(bytes), null, null);
        }

        private Message put(CloudQueueMessage message, Integer visibilityTimeout,
                            Integer timeToLive) {
            return quietly(() -> {
                client.addMessage(message, timeToLive == null ? 0 : timeToLive,
                    visibilityTimeout == null ? 0 : visibilityTimeout, null, context(access));
                return message(message);
            });
        }

        @Override
        public List<Message> get(int count, Integer visibilityTimeout) {
            return quietly(() -> messages(client.retrieveMessages(count,
                visibilityTimeout == null ? DEFAULT_GET_TIMEOUT : visibilityTimeout, null,
                context(access))));
        }

        @Override
        public List<Message> peek(int count) {
            return quietly(() -> messages(client.peekMessages(count, null, context(access))));
        }

        private static List<Message> messages(Iterable<CloudQueueMessage> messages)
            throws StorageException {
            List<Message> converted = new ArrayList<>();
            for (CloudQueueMessage message : messages) {
                converted.add(message(message));
            }
            return converted;
        }

        private static Message message(CloudQueueMessage message) throws StorageException {
            // The library's word for an empty text is null.
            String text = message.getMessageContentAsString();
            byte[] bytes = message.getMessageContentAsByte();
            return new Message(message.getMessageId(), text == null ? "" : text,
                bytes == null ? new byte[0] : bytes, instant(message.getInsertionTime()),
                instant(message.getExpirationTime()), message.getPopReceipt(),
                instant(message.getNextVisibleTime()), (long) message.getDequeueCount());
        }

        @Override
        public Receipt update(String id, String popReceipt, String text, int visibilityTimeout) {
            return quietly(() -> {
                CloudQueueMessage message = new KnownMessage(id, popReceipt, text);
                EnumSet<MessageUpdateFields> fields = EnumSet.of(MessageUpdateFields.VISIBILITY);
                if (text != null) {
                    fields.add(MessageUpdateFields.CONTENT);
                }
                client.updateMessage(message, visibilityTimeout, fields, null, context(access));
                return new Receipt(message.getPopReceipt(),
                    instant(message.getNextVisibleTime()));
            });
        }

        @Override
        public void delete(String id, String popReceipt) {
            quietly(() -> client.deleteMessage(new KnownMessage(id, popReceipt, null), null,
                context(access)));
        }

        @Override
        public void clear() {
            quietly(() -> client.clear(null, context(access)));
        }

        @Override
        public String sas(Sas sas) {
            return quietly(() -> {
                SharedAccessQueuePolicy policy = new SharedAccessQueuePolicy();
                policy.setSharedAccessStartTime(date(sas.start()));
                policy.setSharedAccessExpiryTime(date(sas.expiry()));
                if (sas.permissions() != null) {
                    policy.setPermissionsFromString(sas.permissions());
                }
                return client.generateSharedAccessSignature(policy, sas.identifier());
            });
        }

        @Override
        public String delegationSas(Sas sas, Service.DelegationKey key) {
            throw new UnsupportedOperationException("the library knows no user delegation");
        }
    }

    /** A message that is known by its id and receipt, which the library hides from others. */
    private static final class KnownMessage extends CloudQueueMessage {
        private KnownMessage(String id, String popReceipt, String text) {
            super(text == null ? "" : text);
            setMessageId(id);
            setPopReceipt(popReceipt);
        }
    }
}
