// Package compat drives a queue service with the Azure SDK for Go. Every test is named by the number
// of its scenario in scenarios.md, one folder up.
package compat

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"compat/azqueue"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// The endpoint under test, as the runner tells it.
var (
	endpoint  = strings.TrimSuffix(os.Getenv("COMPAT_ENDPOINT"), "/")
	secondary = strings.TrimSuffix(os.Getenv("COMPAT_SECONDARY"), "/")
	account   = os.Getenv("COMPAT_ACCOUNT")
	key       = os.Getenv("COMPAT_KEY")
	run       = os.Getenv("COMPAT_RUN")

	https       = strings.HasPrefix(endpoint, "https:")
	takesTokens = https && os.Getenv("COMPAT_TOKENS") == "unverified"
)

var (
	ctx       = context.Background()
	transport *http.Client
	service   *azqueue.ServiceClient

	// Service properties belong to the whole account: one test at a time may change them.
	properties sync.Mutex
)

func TestMain(m *testing.M) {
	for _, name := range []string{"COMPAT_ENDPOINT", "COMPAT_ACCOUNT", "COMPAT_KEY", "COMPAT_RUN"} {
		if os.Getenv(name) == "" {
			fmt.Fprintf(os.Stderr, "%s is not set\n", name)
			os.Exit(2)
		}
	}
	if err := connect(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	os.Exit(m.Run())
}

func connect() error {
	authorities, err := x509.SystemCertPool()
	if err != nil {
		return err
	}
	if file := os.Getenv("COMPAT_CA"); file != "" {
		pem, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if !authorities.AppendCertsFromPEM(pem) {
			return fmt.Errorf("%s has no certificate", file)
		}
	}
	transport = &http.Client{Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: authorities},
		MaxIdleConnsPerHost: 64,
	}}
	credential, err := azqueue.NewSharedKeyCredential(account, key)
	if err != nil {
		return err
	}
	service, err = azqueue.NewServiceClientWithSharedKeyCredential(endpoint, credential, options())
	return err
}

// options are those of a user, except that nothing is retried: a retry would hide a fault.
func options() *azqueue.ClientOptions {
	options := &azqueue.ClientOptions{}
	options.Transport = transport
	options.Retry.MaxRetries = -1
	options.PerCallPolicies = []policy.Policy{changing{}}
	return options
}

// patience is how long to wait for what takes the service a while.
func patience() time.Duration {
	if os.Getenv("COMPAT_PATIENCE") == "cloud" {
		return 45 * time.Second
	}
	return 10 * time.Second
}

// until asks again and again whether it is so, and fails if it never is.
func until(t *testing.T, what string, isSo func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience()); !isSo(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience(), what)
		}
	}
}

func credential(t *testing.T) *azqueue.SharedKeyCredential {
	t.Helper()
	return must(azqueue.NewSharedKeyCredential(account, key))(t)
}

// newName is a name that nobody else uses; what follows the prefix of this run may be given.
func newName(parts ...string) string {
	random := make([]byte, 6)
	_, _ = rand.Read(random) // It never fails.
	return "c" + run + "-" + strings.Join(append(parts, hex.EncodeToString(random)), "-")
}

// newQueue is an empty queue of the test's own.
func newQueue(t *testing.T) *azqueue.QueueClient {
	t.Helper()
	return create(t, newName(), nil)
}

func create(t *testing.T, name string, metadata map[string]*string) *azqueue.QueueClient {
	t.Helper()
	queue := service.NewQueueClient(name)
	remove(t, queue)
	must(queue.Create(ctx, &azqueue.CreateOptions{Metadata: metadata}))(t)
	return queue
}

// remove deletes the queue when the test is over, if it is still there.
func remove(t *testing.T, queue *azqueue.QueueClient) {
	t.Cleanup(func() {
		if _, err := queue.Delete(ctx, nil); err != nil && !azqueue.HasCode(err, azqueue.QueueNotFound) {
			t.Errorf("cannot delete %s: %v", queue.URL(), err)
		}
	})
}

// nameOf is the name of a queue made here.
func nameOf(queue *azqueue.QueueClient) string {
	address, _ := url.Parse(queue.URL())
	return address.Path[strings.LastIndex(address.Path, "/")+1:]
}

func put(t *testing.T, queue *azqueue.QueueClient, text string) *azqueue.EnqueuedMessage {
	t.Helper()
	return putWith(t, queue, text, nil)
}

func putWith(t *testing.T, queue *azqueue.QueueClient, text string, o *azqueue.EnqueueMessageOptions) *azqueue.EnqueuedMessage {
	t.Helper()
	answer := must(queue.EnqueueMessage(ctx, text, o))(t)
	equal(t, len(answer.Messages), 1)
	return answer.Messages[0]
}

// get is what one call brings: up to count messages, hidden for so many seconds.
func get(t *testing.T, queue *azqueue.QueueClient, count, seconds int32) []*azqueue.DequeuedMessage {
	t.Helper()
	return must(queue.DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{
		NumberOfMessages: &count, VisibilityTimeout: &seconds,
	}))(t).Messages
}

// getOne gets the one message that has to be there.
func getOne(t *testing.T, queue *azqueue.QueueClient, seconds int32) *azqueue.DequeuedMessage {
	t.Helper()
	messages := get(t, queue, 1, seconds)
	equal(t, len(messages), 1)
	return messages[0]
}

// comesBack gets until a message is there.
func comesBack(t *testing.T, queue *azqueue.QueueClient, seconds int32) (message *azqueue.DequeuedMessage) {
	t.Helper()
	until(t, "a message is visible", func() bool {
		messages := get(t, queue, 1, seconds)
		if len(messages) == 0 {
			return false
		}
		message = messages[0]
		return true
	})
	return message
}

func peek(t *testing.T, queue *azqueue.QueueClient) []*azqueue.PeekedMessage {
	t.Helper()
	return must(queue.PeekMessages(ctx, &azqueue.PeekMessagesOptions{NumberOfMessages: ptr(int32(32))}))(t).Messages
}

func count(t *testing.T, queue *azqueue.QueueClient) int {
	t.Helper()
	return int(*must(queue.GetProperties(ctx, nil))(t).ApproximateMessagesCount)
}

// update hides the message for so many seconds and gives it a text.
func update(queue *azqueue.QueueClient, id, receipt *string, text string, seconds int32) (azqueue.UpdateMessageResponse, error) {
	return queue.UpdateMessage(ctx, *id, *receipt, text, &azqueue.UpdateMessageOptions{VisibilityTimeout: &seconds})
}

// metadata are the queue's, with names in lower case: the SDK gives them as a header is spelled.
func metadata(t *testing.T, queue *azqueue.QueueClient) map[string]string {
	t.Helper()
	return lowered(must(queue.GetProperties(ctx, nil))(t).Metadata)
}

func lowered(metadata map[string]*string) map[string]string {
	pairs := map[string]string{}
	for name, value := range metadata {
		pairs[strings.ToLower(name)] = *value
	}
	return pairs
}

func pairs(metadata map[string]string) map[string]*string {
	pointers := map[string]*string{}
	for name, value := range metadata {
		pointers[name] = &value
	}
	return pointers
}

// text is a text of so many bytes.
func text(length int) string { return string(bytes.Repeat([]byte("a"), length)) }

func ptr[T any](value T) *T { return &value }
