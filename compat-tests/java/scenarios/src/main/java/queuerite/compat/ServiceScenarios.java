package queuerite.compat;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static queuerite.compat.Errors.refused;
import static queuerite.compat.Errors.refusedOrBarred;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ServiceScenarios extends Scenario {
    @Test
    void s001_queues_are_listed_by_name() {
        String prefix = newName();
        for (String end : List.of("-b", "-c", "-a")) {
            SERVICE.queue(named(prefix + end)).create(Map.of("color", "blue"));
        }
        assertEquals(
            List.of(new Service.Item(prefix + "-a", Map.of()),
                new Service.Item(prefix + "-b", Map.of()),
                new Service.Item(prefix + "-c", Map.of())),
            SERVICE.list(prefix, false));
    }

    @Test
    void s002_a_prefix_selects() {
        String name = newName();
        SERVICE.queue(named(name + "-in-1")).create();
        SERVICE.queue(named(name + "-in-2")).create();
        SERVICE.queue(named(name + "-out")).create();
        assertEquals(List.of(name + "-in-1", name + "-in-2"),
            SERVICE.list(name + "-in", false).stream().map(Service.Item::name).toList());
        assertEquals(List.of(), SERVICE.list(name + "-none", false));
    }

    @Test
    void s003_a_list_includes_metadata_when_it_is_asked_for() {
        Queue queue = newQueue(Map.of("color", "blue", "size", "12"));
        assertEquals(
            List.of(new Service.Item(queue.name(), Map.of("color", "blue", "size", "12"))),
            SERVICE.list(queue.name(), true));
        assertEquals(List.of(new Service.Item(queue.name(), Map.of())),
            SERVICE.list(queue.name(), false));
    }

    @Test
    void s004_a_list_comes_in_pages() {
        String prefix = newName();
        List<String> names = new ArrayList<>();
        for (int i = 0; i < 7; i++) {
            names.add(named(prefix + "-" + i));
            SERVICE.queue(names.get(i)).create();
        }
        Service.Page first = SERVICE.page(prefix, 3, null);
        Service.Page second = SERVICE.page(prefix, 3, first.nextMarker());
        Service.Page third = SERVICE.page(prefix, 3, second.nextMarker());
        assertEquals(List.of(names.subList(0, 3), names.subList(3, 6), names.subList(6, 7)),
            List.of(first.names(), second.names(), third.names()));
        assertTrue(third.nextMarker() == null || third.nextMarker().isEmpty(),
            third::nextMarker);
    }

    @Test
    void s005_a_page_can_be_continued_by_another_client() {
        String prefix = newName();
        for (int i = 0; i < 4; i++) {
            SERVICE.queue(named(prefix + "-" + i)).create();
        }
        String marker = SERVICE.page(prefix, 3, null).nextMarker();
        assertEquals(List.of(prefix + "-3"),
            SDK.open(Target.access()).page(prefix, 3, marker).names());
    }

    @Test
    void s006_a_marker_that_is_none_is_refused() {
        refused("OutOfRangeInput", "One of the request inputs is out of range.",
            () -> SERVICE.page(newName(), null, "garbage"));
    }

    @Test
    void s007_a_page_of_no_queues_is_refused() {
        for (int size : List.of(0, -1)) {
            refusedOrBarred("OutOfRangeQueryParameterValue",
                () -> SERVICE.page(newName(), size, null));
        }
    }

    @Test
    void s008_a_deleted_queue_is_listed_no_more() {
        Queue queue = newQueue();
        assertEquals(1, SERVICE.list(queue.name(), false).size());
        queue.delete();
        assertEquals(List.of(), SERVICE.list(queue.name(), false));
    }

    @Test
    void s016_the_secondary_tells_how_far_it_is() {
        String secondary = Target.secondary();
        Service.Stats stats = SDK.open(Target.access().with(a -> a.endpoint = secondary)).stats();
        assertEquals("live", stats.status());
        assertNotNull(stats.lastSyncTime());
        assertTrue(stats.lastSyncTime().isBefore(Instant.now().plusSeconds(60)));
    }

    @Test
    void s017_the_primary_tells_no_statistics() {
        refused("InvalidQueryParameterValue", SERVICE::stats);
    }
}
