package queuerite.compat.azure;

import com.azure.core.exception.HttpResponseException;
import com.azure.core.http.rest.PagedResponse;
import com.azure.core.util.BinaryData;
import com.azure.storage.common.sas.AccountSasPermission;
import com.azure.storage.common.sas.AccountSasResourceType;
import com.azure.storage.common.sas.AccountSasService;
import com.azure.storage.common.sas.AccountSasSignatureValues;
import com.azure.storage.common.sas.SasIpRange;
import com.azure.storage.common.sas.SasProtocol;
import com.azure.storage.queue.models.PeekedMessageItem;
import com.azure.storage.queue.models.QueueAccessPolicy;
import com.azure.storage.queue.models.QueueAnalyticsLogging;
import com.azure.storage.queue.models.QueueCorsRule;
import com.azure.storage.queue.models.QueueItem;
import com.azure.storage.queue.models.QueueMessageItem;
import com.azure.storage.queue.models.QueueMetrics;
import com.azure.storage.queue.models.QueueRetentionPolicy;
import com.azure.storage.queue.models.QueueServiceProperties;
import com.azure.storage.queue.models.QueueServiceStatistics;
import com.azure.storage.queue.models.QueueSignedIdentifier;
import com.azure.storage.queue.models.SendMessageResult;
import com.azure.storage.queue.models.UpdateMessageResult;
import com.azure.storage.queue.models.UserDelegationKey;
import com.azure.storage.queue.sas.QueueSasPermission;
import com.azure.storage.queue.sas.QueueServiceSasSignatureValues;
import com.azure.xml.XmlReader;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import javax.xml.stream.XMLStreamException;
import queuerite.compat.Queue;
import queuerite.compat.Service;

/** Between the library's models and those of the scenarios. */
final class Convert {
    private Convert() {
    }

    static Duration seconds(Integer seconds) {
        return seconds == null ? null : Duration.ofSeconds(seconds);
    }

    static Instant instant(OffsetDateTime time) {
        return time == null ? null : time.toInstant();
    }

    static OffsetDateTime time(Instant instant) {
        return instant == null ? null : instant.atOffset(ZoneOffset.UTC);
    }

    static Queue.Message message(SendMessageResult put) {
        return new Queue.Message(put.getMessageId(), null, null, instant(put.getInsertionTime()),
            instant(put.getExpirationTime()), put.getPopReceipt(),
            instant(put.getTimeNextVisible()), null);
    }

    static Queue.Message message(QueueMessageItem got) {
        return new Queue.Message(got.getMessageId(), body(got.getBody()).toString(),
            body(got.getBody()).toBytes(), instant(got.getInsertionTime()),
            instant(got.getExpirationTime()), got.getPopReceipt(),
            instant(got.getTimeNextVisible()), got.getDequeueCount());
    }

    static Queue.Message message(PeekedMessageItem peeked) {
        return new Queue.Message(peeked.getMessageId(), body(peeked.getBody()).toString(),
            body(peeked.getBody()).toBytes(), instant(peeked.getInsertionTime()),
            instant(peeked.getExpirationTime()), null, null, peeked.getDequeueCount());
    }

    /** The library's word for an empty text is null. */
    private static BinaryData body(BinaryData body) {
        return body == null ? BinaryData.fromString("") : body;
    }

    static Queue.Receipt receipt(UpdateMessageResult updated) {
        return new Queue.Receipt(updated.getPopReceipt(), instant(updated.getTimeNextVisible()));
    }

    static Queue.Policy policy(QueueSignedIdentifier identifier) {
        QueueAccessPolicy policy = identifier.getAccessPolicy();
        return policy == null
            ? new Queue.Policy(identifier.getId(), null, null, null)
            : new Queue.Policy(identifier.getId(), instant(policy.getStartsOn()),
                instant(policy.getExpiresOn()), policy.getPermissions());
    }

    static List<QueueSignedIdentifier> identifiers(List<Queue.Policy> policies) {
        return policies.stream().map(Convert::identifier).toList();
    }

    private static QueueSignedIdentifier identifier(Queue.Policy policy) {
        return new QueueSignedIdentifier().setId(policy.id())
            .setAccessPolicy(new QueueAccessPolicy()
                .setStartsOn(time(policy.start()))
                .setExpiresOn(time(policy.expiry()))
                .setPermissions(policy.permissions()));
    }

    static Service.Item item(QueueItem queue) {
        return new Service.Item(queue.getName(),
            queue.getMetadata() == null ? Map.of() : queue.getMetadata());
    }

    static Service.Page page(PagedResponse<QueueItem> page) {
        return new Service.Page(page.getValue().stream().map(Convert::item).toList(),
            page.getContinuationToken());
    }

    static Service.Properties properties(QueueServiceProperties properties) {
        QueueAnalyticsLogging logging = properties.getAnalyticsLogging();
        return new Service.Properties(
            logging == null ? null : new Service.Logging(logging.isRead(), logging.isWrite(),
                logging.isDelete(), days(logging.getRetentionPolicy())),
            metrics(properties.getHourMetrics()),
            metrics(properties.getMinuteMetrics()),
            properties.getCors() == null ? null : properties.getCors().stream()
                .map(rule -> new Service.CorsRule(rule.getAllowedOrigins(),
                    rule.getAllowedMethods(), rule.getAllowedHeaders(), rule.getExposedHeaders(),
                    rule.getMaxAgeInSeconds()))
                .toList());
    }

    private static Service.Metrics metrics(QueueMetrics metrics) {
        return metrics == null ? null : new Service.Metrics(metrics.isEnabled(),
            Boolean.TRUE.equals(metrics.isIncludeApis()), days(metrics.getRetentionPolicy()));
    }

    private static Integer days(QueueRetentionPolicy policy) {
        return policy.isEnabled() ? policy.getDays() : null;
    }

    static QueueServiceProperties properties(Service.Properties properties) {
        Service.Logging logging = properties.logging();
        return new QueueServiceProperties()
            .setAnalyticsLogging(logging == null ? null : new QueueAnalyticsLogging()
                .setVersion("1.0")
                .setRead(logging.read())
                .setWrite(logging.write())
                .setDelete(logging.delete())
                .setRetentionPolicy(retention(logging.retention())))
            .setHourMetrics(metrics(properties.hourMetrics()))
            .setMinuteMetrics(metrics(properties.minuteMetrics()))
            .setCors(properties.cors() == null ? null : properties.cors().stream()
                .map(rule -> new QueueCorsRule()
                    .setAllowedOrigins(rule.origins())
                    .setAllowedMethods(rule.methods())
                    .setAllowedHeaders(rule.allowedHeaders())
                    .setExposedHeaders(rule.exposedHeaders())
                    .setMaxAgeInSeconds(rule.maxAge()))
                .toList());
    }

    private static QueueMetrics metrics(Service.Metrics metrics) {
        return metrics == null ? null : new QueueMetrics()
            .setVersion("1.0")
            .setEnabled(metrics.enabled())
            .setIncludeApis(metrics.enabled() ? metrics.includeApis() : null)
            .setRetentionPolicy(retention(metrics.retention()));
    }

    private static QueueRetentionPolicy retention(Integer days) {
        return new QueueRetentionPolicy().setEnabled(days != null).setDays(days);
    }

    static Service.Stats stats(QueueServiceStatistics statistics) {
        return new Service.Stats(statistics.getGeoReplication().getStatus().toString(),
            instant(statistics.getGeoReplication().getLastSyncTime()));
    }

    /**
     * Reads statistics that the library could not read: up to 12.29.0 it expects another root
     * element than the one that the service sends.
     */
    static Service.Stats statsUnread(HttpResponseException failure) {
        if (failure.getResponse() == null || failure.getResponse().getStatusCode() != 200) {
            throw failure;
        }
        byte[] body = failure.getResponse().getBodyAsBinaryData().toBytes();
        try (XmlReader reader = XmlReader.fromBytes(body)) {
            return stats(QueueServiceStatistics.fromXml(reader, "StorageServiceStats"));
        } catch (XMLStreamException e) {
            throw new IllegalStateException(e);
        }
    }

    static Service.DelegationKey key(UserDelegationKey key) {
        return new Service.DelegationKey(key.getSignedObjectId(), key.getSignedTenantId(),
            instant(key.getSignedStart()), instant(key.getSignedExpiry()), key.getSignedService(),
            key.getValue(), key);
    }

    static AccountSasSignatureValues signature(Service.AccountSas sas) {
        return new AccountSasSignatureValues(time(sas.expiry()),
            AccountSasPermission.parse(sas.permissions()),
            AccountSasService.parse(sas.services()),
            AccountSasResourceType.parse(sas.resourceTypes()))
            .setStartTime(time(sas.start()))
            .setSasIpRange(sas.address() == null ? null : SasIpRange.parse(sas.address()))
            .setProtocol(sas.httpsOnly() ? SasProtocol.HTTPS_ONLY : null);
    }

    static QueueServiceSasSignatureValues signature(Queue.Sas sas) {
        if (sas.identifier() != null) {
            return new QueueServiceSasSignatureValues(sas.identifier());
        }
        return new QueueServiceSasSignatureValues(time(sas.expiry()),
            QueueSasPermission.parse(sas.permissions()))
            .setStartTime(time(sas.start()));
    }
}
