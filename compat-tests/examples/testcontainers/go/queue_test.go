// Queues in a container of its own, by the module for Azurite, whose image can be named.
package queues

import (
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azqueue"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/modules/azure/azurite"
)

func TestAMessageThatWasPutCanBeGot(t *testing.T) {
	ctx := t.Context()
	storage, err := azurite.Run(ctx, "ghcr.io/queuerite/queuerite:0.1",
		azurite.WithEnabledServices(azurite.QueueService))
	testcontainers.CleanupContainer(t, storage)
	if err != nil {
		t.Fatal(err)
	}
	address, err := storage.QueueServiceURL(ctx)
	if err != nil {
		t.Fatal(err)
	}
	credential, err := azqueue.NewSharedKeyCredential(azurite.AccountName, azurite.AccountKey)
	if err != nil {
		t.Fatal(err)
	}
	queue, err := azqueue.NewQueueClientWithSharedKeyCredential(
		address+"/"+azurite.AccountName+"/orders", credential, nil)
	if err != nil {
		t.Fatal(err)
	}

	if _, err := queue.Create(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := queue.EnqueueMessage(ctx, "hello", nil); err != nil {
		t.Fatal(err)
	}
	got, err := queue.DequeueMessage(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Messages) != 1 || *got.Messages[0].MessageText != "hello" {
		t.Fatalf("got %v", got.Messages)
	}
}
