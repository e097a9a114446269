import static org.junit.jupiter.api.Assertions.assertEquals;

import com.azure.storage.queue.QueueClientBuilder;
import org.junit.jupiter.api.Test;
import org.testcontainers.azure.AzuriteContainer;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;
import org.testcontainers.utility.DockerImageName;

/** Queues in a container of its own, by the module for Azurite, which wants to be told that the image is like its own. */
@Testcontainers
class QueueTest {
    @Container
    static final AzuriteContainer STORAGE = new AzuriteContainer(
        DockerImageName.parse("ghcr.io/queuerite/queuerite:0.1")
            .asCompatibleSubstituteFor("mcr.microsoft.com/azure-storage/azurite"));

    @Test
    void aMessageThatWasPutCanBeGot() {
        var queue = new QueueClientBuilder()
            .connectionString(STORAGE.getConnectionString())
            .queueName("orders")
            .buildClient();
        queue.create();
        queue.sendMessage("hello");
        assertEquals("hello", queue.receiveMessage().getBody().toString());
    }
}
