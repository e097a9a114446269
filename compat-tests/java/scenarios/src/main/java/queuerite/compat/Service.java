package queuerite.compat;

import java.time.Instant;
import java.util.List;
import java.util.Map;

/** A client of the service. */
public interface Service {
    Queue queue(String name);

    /** All queues with this prefix, by the library's own way to go through the pages. */
    List<Item> list(String prefix, boolean metadata);

    /** One page; the marker is null for the first. */
    Page page(String prefix, Integer maxResults, String marker);

    Properties properties();

    /** What is null is left out. */
    void setProperties(Properties properties);

    Stats stats();

    String accountSas(AccountSas sas);

    DelegationKey delegationKey(Instant start, Instant expiry);

    record Item(String name, Map<String, String> metadata) { }

    record Page(List<Item> queues, String nextMarker) {
        public List<String> names() {
            return queues.stream().map(Item::name).toList();
        }
    }

    record Properties(Logging logging, Metrics hourMetrics, Metrics minuteMetrics,
                      List<CorsRule> cors) { }

    /** Retention is in days, or null where everything is kept. */
    record Logging(boolean read, boolean write, boolean delete, Integer retention) { }

    record Metrics(boolean enabled, boolean includeApis, Integer retention) { }

    record CorsRule(String origins, String methods, String allowedHeaders, String exposedHeaders,
                    int maxAge) { }

    record Stats(String status, Instant lastSyncTime) { }

    /** Start, address and protocol may be null. */
    record AccountSas(String services, String resourceTypes, String permissions, Instant start,
                      Instant expiry, String address, boolean httpsOnly) {
        public static AccountSas of(String resourceTypes, String permissions) {
            return new AccountSas("q", resourceTypes, permissions, null,
                Instant.now().plusSeconds(3600), null, false);
        }

        public AccountSas services(String others) {
            return new AccountSas(others, resourceTypes, permissions, start, expiry, address,
                httpsOnly);
        }

        public AccountSas between(Instant from, Instant to) {
            return new AccountSas(services, resourceTypes, permissions, from, to, address,
                httpsOnly);
        }

        public AccountSas from(String range) {
            return new AccountSas(services, resourceTypes, permissions, start, expiry, range,
                httpsOnly);
        }

        public AccountSas overHttps() {
            return new AccountSas(services, resourceTypes, permissions, start, expiry, address,
                true);
        }
    }

    /** What the key says of itself, and the library's own object, which signs. */
    record DelegationKey(String objectId, String tenantId, Instant start, Instant expiry,
                         String service, String value, Object key) { }
}
