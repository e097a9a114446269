package queuerite.compat;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;

/** A client of one queue. What may be null is left to the library and the service. */
public interface Queue {
    String name();

    void create(Map<String, String> metadata);

    default void create() {
        create(Map.of());
    }

    /** Says whether it was created just now. */
    boolean createIfNotExists();

    void delete();

    /** Says whether there was one. */
    boolean deleteIfExists();

    boolean exists();

    Map<String, String> metadata();

    long approximateMessagesCount();

    void setMetadata(Map<String, String> metadata);

    List<Policy> policies();

    void setPolicies(List<Policy> policies);

    Message put(String text, Integer visibilityTimeout, Integer timeToLive);

    default Message put(String text) {
        return put(text, null, null);
    }

    /** Puts bytes; for clients that send Base64. */
    Message put(byte[] bytes);

    List<Message> get(int count, Integer visibilityTimeout);

    default List<Message> get(int count) {
        return get(count, null);
    }

    /** One message, or null. */
    default Message get() {
        return first(get(1));
    }

    List<Message> peek(int count);

    /** One message, or null. */
    default Message peek() {
        return first(peek(1));
    }

    /** Without a text the text stays. */
    Receipt update(String id, String popReceipt, String text, int visibilityTimeout);

    void delete(String id, String popReceipt);

    default void delete(Message message) {
        delete(message.id(), message.popReceipt());
    }

    void clear();

    String sas(Sas sas);

    String delegationSas(Sas sas, Service.DelegationKey key);

    private static Message first(List<Message> messages) {
        return messages.isEmpty() ? null : messages.get(0);
    }

    /** What an answer does not have is null. */
    record Message(String id, String text, byte[] bytes, Instant insertionTime,
                   Instant expirationTime, String popReceipt, Instant timeNextVisible,
                   Long dequeueCount) { }

    record Receipt(String popReceipt, Instant timeNextVisible) { }

    record Policy(String id, Instant start, Instant expiry, String permissions) { }

    /** In whole seconds: more digits than the service takes are refused. */
    static Instant inAnHour() {
        return Instant.now().plusSeconds(3600).truncatedTo(ChronoUnit.SECONDS);
    }

    record Sas(String permissions, Instant start, Instant expiry, String identifier) {
        public static Sas of(String permissions) {
            return new Sas(permissions, null, inAnHour(), null);
        }

        public static Sas by(String identifier) {
            return new Sas(null, null, null, identifier);
        }
    }
}
