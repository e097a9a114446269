package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static queuerite.compat.Errors.refused;
import static queuerite.compat.Waiting.eventually;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** The whole account has them in common, so these run one after the other and restore them. */
@Execution(ExecutionMode.SAME_THREAD)
class ServicePropertiesScenarios extends Scenario {
    private static final Service.Logging LOGGING = new Service.Logging(true, false, true, 7);
    private static final Service.Metrics HOURS = new Service.Metrics(true, true, 5);
    private static final Service.Metrics MINUTES = new Service.Metrics(true, false, 3);
    private static final List<Service.CorsRule> RULES = List.of(
        new Service.CorsRule("https://shop.example,https://www.example", "GET,PUT",
            "x-ms-meta-*,content-type", "x-ms-*", 300),
        new Service.CorsRule("*", "DELETE", "x-ms-date", "x-ms-request-id", 0));

    private Service.Properties before;

    @BeforeEach
    void remember() {
        before = SERVICE.properties();
    }

    @AfterEach
    void restore() {
        SERVICE.setProperties(before);
    }

    @Test
    void s009_service_properties_are_read() {
        assertNotNull(before.logging());
        assertNotNull(before.hourMetrics());
        assertNotNull(before.minuteMetrics());
        assertNotNull(before.cors());
    }

    @Test
    void s010_service_properties_are_kept() throws Throwable {
        SERVICE.setProperties(new Service.Properties(LOGGING, HOURS, MINUTES, before.cors()));
        eventually(() -> assertEquals(
            new Service.Properties(LOGGING, HOURS, MINUTES, before.cors()),
            SERVICE.properties()));
        SERVICE.setProperties(before);
        eventually(() -> assertEquals(before, SERVICE.properties()));
    }

    @Test
    void s011_cors_rules_are_kept() throws Throwable {
        setCors(RULES);
        eventually(() -> assertEquals(RULES, SERVICE.properties().cors()));
    }

    @Test
    void s012_five_cors_rules_are_the_most() throws Throwable {
        setCors(rules(5));
        eventually(() -> assertEquals(rules(5), SERVICE.properties().cors()));
        refused("InvalidXmlDocument", () -> setCors(rules(6)));
        assertEquals(rules(5), SERVICE.properties().cors());
    }

    @Test
    void s013_no_cors_rules_remove_them_all() throws Throwable {
        setCors(rules(1));
        eventually(() -> assertEquals(rules(1), SERVICE.properties().cors()));
        setCors(List.of());
        eventually(() -> assertEquals(List.of(), SERVICE.properties().cors()));
    }

    @Test
    void s014_a_retention_of_366_days_is_refused() {
        Service.Logging logging = new Service.Logging(true, true, true, 366);
        refused("InvalidXmlDocument",
            () -> SERVICE.setProperties(new Service.Properties(logging, null, null, null)));
    }

    @Test
    void s015_properties_that_are_left_out_keep_their_value() throws Throwable {
        SERVICE.setProperties(new Service.Properties(LOGGING, HOURS, MINUTES, RULES));
        eventually(() -> assertEquals(
            new Service.Properties(LOGGING, HOURS, MINUTES, RULES), SERVICE.properties()));
        setCors(rules(2));
        eventually(() -> assertEquals(
            new Service.Properties(LOGGING, HOURS, MINUTES, rules(2)), SERVICE.properties()));
        Service.Logging others = new Service.Logging(false, true, false, null);
        SERVICE.setProperties(new Service.Properties(others, null, null, null));
        eventually(() -> assertEquals(
            new Service.Properties(others, HOURS, MINUTES, rules(2)), SERVICE.properties()));
    }

    private static void setCors(List<Service.CorsRule> rules) {
        SERVICE.setProperties(new Service.Properties(null, null, null, rules));
    }

    private static List<Service.CorsRule> rules(int count) {
        return IntStream.range(0, count)
            .mapToObj(i -> new Service.CorsRule("https://" + i + ".example", "GET", "x-ms-date",
                "x-ms-version", i))
            .toList();
    }
}
