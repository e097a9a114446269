package queuerite.compat.legacy;

import com.microsoft.azure.storage.CorsHttpMethods;
import com.microsoft.azure.storage.CorsProperties;
import com.microsoft.azure.storage.CorsRule;
import com.microsoft.azure.storage.LoggingOperations;
import com.microsoft.azure.storage.LoggingProperties;
import com.microsoft.azure.storage.MetricsLevel;
import com.microsoft.azure.storage.MetricsProperties;
import com.microsoft.azure.storage.ServiceProperties;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.stream.Collectors;
import queuerite.compat.Service;

/** Between the library's service properties and those of the scenarios. */
final class LegacyProperties {
    private LegacyProperties() {
    }

    static Service.Properties from(ServiceProperties properties) {
        LoggingProperties logging = properties.getLogging();
        CorsProperties cors = properties.getCors();
        return new Service.Properties(
            logging == null ? null : new Service.Logging(
                logging.getLogOperationTypes().contains(LoggingOperations.READ),
                logging.getLogOperationTypes().contains(LoggingOperations.WRITE),
                logging.getLogOperationTypes().contains(LoggingOperations.DELETE),
                logging.getRetentionIntervalInDays()),
            from(properties.getHourMetrics()),
            from(properties.getMinuteMetrics()),
            cors == null
                ? null : cors.getCorsRules().stream().map(LegacyProperties::from).toList());
    }

    private static Service.Metrics from(MetricsProperties metrics) {
        return metrics == null ? null : new Service.Metrics(
            metrics.getMetricsLevel() != MetricsLevel.DISABLED,
            metrics.getMetricsLevel() == MetricsLevel.SERVICE_AND_API,
            metrics.getRetentionIntervalInDays());
    }

    private static Service.CorsRule from(CorsRule rule) {
        return new Service.CorsRule(
            String.join(",", rule.getAllowedOrigins()),
            rule.getAllowedMethods().stream().map(Enum::name).collect(Collectors.joining(",")),
            String.join(",", rule.getAllowedHeaders()),
            String.join(",", rule.getExposedHeaders()),
            rule.getMaxAgeInSeconds());
    }

    static ServiceProperties to(Service.Properties properties) {
        // A new object has everything, as disabled; what is null is not sent.
        ServiceProperties sent = new ServiceProperties();
        sent.setLogging(to(properties.logging()));
        sent.setHourMetrics(to(properties.hourMetrics()));
        sent.setMinuteMetrics(to(properties.minuteMetrics()));
        sent.setCors(properties.cors() == null ? null : to(properties.cors()));
        return sent;
    }

    private static LoggingProperties to(Service.Logging logging) {
        if (logging == null) {
            return null;
        }
        EnumSet<LoggingOperations> operations = EnumSet.noneOf(LoggingOperations.class);
        if (logging.read()) {
            operations.add(LoggingOperations.READ);
        }
        if (logging.write()) {
            operations.add(LoggingOperations.WRITE);
        }
        if (logging.delete()) {
            operations.add(LoggingOperations.DELETE);
        }
        LoggingProperties sent = new LoggingProperties();
        sent.setLogOperationTypes(operations);
        sent.setRetentionIntervalInDays(logging.retention());
        return sent;
    }

    private static MetricsProperties to(Service.Metrics metrics) {
        if (metrics == null) {
            return null;
        }
        MetricsProperties sent = new MetricsProperties();
        sent.setMetricsLevel(!metrics.enabled() ? MetricsLevel.DISABLED
            : metrics.includeApis() ? MetricsLevel.SERVICE_AND_API : MetricsLevel.SERVICE);
        sent.setRetentionIntervalInDays(metrics.retention());
        return sent;
    }

    private static CorsProperties to(List<Service.CorsRule> rules) {
        CorsProperties sent = new CorsProperties();
        for (Service.CorsRule rule : rules) {
            CorsRule one = new CorsRule();
            one.setAllowedOrigins(list(rule.origins()));
            one.setAllowedMethods(EnumSet.copyOf(
                list(rule.methods()).stream().map(CorsHttpMethods::valueOf).toList()));
            one.setAllowedHeaders(list(rule.allowedHeaders()));
            one.setExposedHeaders(list(rule.exposedHeaders()));
            one.setMaxAgeInSeconds(rule.maxAge());
            sent.getCorsRules().add(one);
        }
        return sent;
    }

    private static List<String> list(String joined) {
        return joined == null || joined.isEmpty()
            ? new ArrayList<>() : new ArrayList<>(Arrays.asList(joined.split(",")));
    }
}
