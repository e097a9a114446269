package compat

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"compat/azqueue"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

// Retries, timeouts, versions

// busyAtFirst answers the first attempt by itself with 503.
type busyAtFirst struct{ attempts atomic.Int32 }

func (p *busyAtFirst) Do(request *policy.Request) (*http.Response, error) {
	if p.attempts.Add(1) == 1 {
		return &http.Response{
			StatusCode: http.StatusServiceUnavailable, Status: "503 Server Busy", Header: http.Header{},
			Body: http.NoBody, Request: request.Raw(),
		}, nil
	}
	return request.Next()
}

func TestS220_a_retry_is_served(t *testing.T) {
	defer caught(t)
	t.Parallel()
	busy, retrying := &busyAtFirst{}, options()
	retrying.Retry = policy.RetryOptions{MaxRetries: 3, RetryDelay: 10 * time.Millisecond}
	retrying.PerRetryPolicies = []policy.Policy{busy}
	queue := newQueue(t)
	client := must(azqueue.NewQueueClientWithSharedKeyCredential(queue.URL(), credential(t), retrying))(t)
	put(t, client, "text")
	equal(t, busy.attempts.Load(), 2)
	equal(t, count(t, queue), 1)
}

func TestS221_a_service_timeout_is_accepted(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	for i, timeout := range []string{"5", "60"} {
		must(queue.EnqueueMessage(changed(query("timeout", timeout)), "text", nil))(t)
		got := must(queue.GetProperties(changed(query("timeout", timeout)), nil))(t)
		equal(t, int(*got.ApproximateMessagesCount), i+1)
	}
}

func TestS222_the_client_request_id_comes_back(t *testing.T) {
	defer caught(t)
	t.Parallel()
	const id = "an-id-of-the-client's-own"
	var answer *http.Response
	queue := newQueue(t)
	// The SDK's own policy gives an id too, under the name as Go spells it; this replaces it.
	setting := func(request *policy.Request) {
		request.Raw().Header.Set("x-ms-client-request-id", id)
		// Version 1 of the SDK speaks 2018-03-28, which has no echo yet.
		if version := request.Raw().Header["x-ms-version"]; version[0] < "2019-02-02" {
			version[0] = "2019-02-02"
		}
	}
	must(queue.EnqueueMessage(answering(changed(setting), &answer), "text", nil))(t)
	equal(t, answer.Header.Get("x-ms-client-request-id"), id)
}

func TestS223_every_version_that_can_be_asked_for_works(t *testing.T) {
	defer caught(t)
	t.Parallel()
	// The SDK speaks one version; a change of the header asks for an older one.
	for _, version := range []string{"2018-03-28", "2021-12-02", ""} {
		queue := newQueue(t)
		context := ctx
		if version != "" {
			context = changed(header("x-ms-version", version))
		}
		var asked *http.Response
		must(queue.EnqueueMessage(answering(context, &asked), "text", nil))(t)
		if version == "" {
			version = asked.Request.Header["x-ms-version"][0]
		}
		equal(t, asked.Header.Get("x-ms-version"), version)
		got := must(queue.DequeueMessage(context, nil))(t)
		equal(t, len(got.Messages), 1)
		equal(t, *got.Version, version)
		deleted := must(queue.DeleteMessage(context, *got.Messages[0].MessageID, *got.Messages[0].PopReceipt, nil))(t)
		equal(t, *deleted.Version, version)
	}
}

func TestS224_an_answer_has_a_request_id_and_a_date(t *testing.T) {
	defer caught(t)
	t.Parallel()
	var answer *http.Response
	got := must(newQueue(t).EnqueueMessage(answering(ctx, &answer), "text", nil))(t)
	id := answer.Header.Get("x-ms-request-id")
	equal(t, regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(id), true)
	equal(t, *got.RequestID, id)
	about(t, got.Date, ptr(time.Now()), 0)
	equal(t, []string{answer.Header.Get("x-ms-version")}, answer.Request.Header["x-ms-version"])
}

// Secondary

func secondaryService(t *testing.T) *azqueue.ServiceClient {
	t.Helper()
	if secondary == "" {
		t.Skip("needs a secondary endpoint")
	}
	return must(azqueue.NewServiceClientWithSharedKeyCredential(secondary+"/", credential(t), options()))(t)
}

func TestS230_a_secondary_reads(t *testing.T) {
	defer caught(t)
	t.Parallel()
	client, name := secondaryService(t), newName()
	queue := create(t, name, pairs(map[string]string{"color": "blue"}))
	setPolicies(t, queue, policyFor("readers", "r"))
	sent := put(t, queue, "text")
	reading := client.NewQueueClient(name)
	until(t, "the secondary has the message", func() bool {
		got, err := reading.PeekMessage(ctx, nil)
		return err == nil && len(got.Messages) == 1
	})
	equal(t, *peek(t, reading)[0].MessageID, *sent.MessageID)
	equal(t, list(t, client, azqueue.ListQueuesOptions{Prefix: &name}), [][]string{{name}})
	equal(t, metadata(t, reading), map[string]string{"color": "blue"})
	equal(t, ids(policies(t, reading)), []string{"readers"})
}

func TestS231_a_secondary_does_not_write(t *testing.T) {
	defer caught(t)
	t.Parallel()
	client := secondaryService(t)
	queue := newQueue(t)
	writing := client.NewQueueClient(nameOf(queue))
	_, err := writing.EnqueueMessage(ctx, "text", nil)
	if err == nil && strings.HasPrefix(secondary, endpoint) {
		t.Skip("needs a true secondary: this one is another path to the primary")
	}
	refused(t, err, "InsufficientAccountPermissions")
	refused(t, failure(writing.DequeueMessage(ctx, nil)), "InsufficientAccountPermissions")
	equal(t, count(t, queue), 0)
}

// Errors

func TestS240_an_error_has_status_code_and_message(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := service.NewQueueClient(newName())
	refused(t, failure(queue.GetProperties(ctx, nil)), "QueueNotFound")
	err := failure(queue.EnqueueMessage(ctx, "text", nil))
	refused(t, err, "QueueNotFound")
	for _, part := range []string{"404", "QueueNotFound", "The specified queue does not exist."} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q is not in %v", part, err)
		}
	}
	equal(t, azqueue.HasCode(err, azqueue.QueueNotFound), true)
}

func TestS241_a_missing_queue_is_told_by_head_and_get_alike(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := service.NewQueueClient(newName())
	refused(t, failure(queue.GetProperties(ctx, nil)), "QueueNotFound")
	refused(t, failure(queue.GetAccessPolicy(ctx, nil)), "QueueNotFound")
	head := changed(method(http.MethodHead))
	for _, err := range []error{failure(queue.GetProperties(head, nil)), failure(queue.GetAccessPolicy(head, nil))} {
		refusal := refusalOf(t, err)
		equal(t, refusal.StatusCode, 404)
		equal(t, refusal.ErrorCode, "QueueNotFound")
	}
}

func TestS242_an_error_names_the_parameter(t *testing.T) {
	defer caught(t)
	t.Parallel()
	document := refused(t, tryPut(newQueue(t), "text", seconds(10), seconds(10)), "InvalidQueryParameterValue")
	equal(t, strings.Contains(document, "<QueryParameterName>visibilitytimeout</QueryParameterName>"), true)
}

func TestS243_an_error_has_a_request_id(t *testing.T) {
	defer caught(t)
	t.Parallel()
	err := failure(service.NewQueueClient(newName()).GetProperties(ctx, nil))
	document := refused(t, err, "QueueNotFound")
	id := refusalOf(t, err).RawResponse.Header.Get("x-ms-request-id")
	equal(t, len(id), 36)
	equal(t, strings.Contains(document, "\nRequestId:"+id+"\n"), true)
}

func TestS244_an_unreachable_server_is_the_clients_error(t *testing.T) {
	defer caught(t)
	t.Parallel()
	// A port that was free a moment ago.
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	address := "http://" + listener.Addr().String() + "/" + account
	must(0, listener.Close())(t)
	client := must(azqueue.NewServiceClientWithSharedKeyCredential(address, credential(t), options()))(t)
	begun := time.Now()
	_, err := client.GetServiceProperties(ctx, nil)
	equal(t, errors.Is(err, syscall.ECONNREFUSED), true)
	if took := time.Since(begun); took > 5*time.Second {
		t.Fatalf("told after %v", took)
	}
}

// Concurrency

// sixteen runs as many at the same time, and gives what failed.
func sixteen(work func(worker int) error) (failures []error) {
	var group sync.WaitGroup
	errs := make([]error, 16)
	start := make(chan struct{})
	for worker := range 16 {
		group.Go(func() {
			<-start
			errs[worker] = work(worker)
		})
	}
	close(start)
	group.Wait()
	for _, err := range errs {
		if err != nil {
			failures = append(failures, err)
		}
	}
	return failures
}

func none(t *testing.T, failures []error) {
	t.Helper()
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
}

func TestS250_sixteen_consumers_share_a_queue(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	putMany(t, queue, 200)
	var handled sync.Map
	var twice atomic.Int32
	none(t, sixteen(func(int) error {
		for {
			got, err := queue.DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{NumberOfMessages: ptr(int32(4)), VisibilityTimeout: seconds(60)})
			if err != nil {
				return err
			}
			if len(got.Messages) == 0 {
				return nil
			}
			for _, message := range got.Messages {
				if _, before := handled.LoadOrStore(*message.MessageText, true); before {
					twice.Add(1)
				}
				if _, err := queue.DeleteMessage(ctx, *message.MessageID, *message.PopReceipt, nil); err != nil {
					return err
				}
			}
		}
	}))
	texts := 0
	handled.Range(func(any, any) bool { texts++; return true })
	equal(t, texts, 200)
	equal(t, twice.Load(), 0)
	equal(t, count(t, queue), 0)
}

func TestS251_sixteen_producers_lose_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	none(t, sixteen(func(worker int) error {
		for i := range 20 {
			if _, err := queue.EnqueueMessage(ctx, fmt.Sprintf("%d-%d", worker, i), nil); err != nil {
				return err
			}
		}
		return nil
	}))
	equal(t, count(t, queue), 320)
	ids, texts := map[string]bool{}, map[string]bool{}
	for messages := get(t, queue, 32, 600); len(messages) > 0; messages = get(t, queue, 32, 600) {
		for _, message := range messages {
			ids[*message.MessageID], texts[*message.MessageText] = true, true
		}
	}
	equal(t, len(ids), 320)
	equal(t, len(texts), 320)
}

func TestS252_one_receipt_deletes_once(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, message := gotten(t)
	failures := sixteen(func(int) error {
		return failure(queue.DeleteMessage(ctx, *message.MessageID, *message.PopReceipt, nil))
	})
	equal(t, len(failures), 15)
	for _, err := range failures {
		refused(t, err, "MessageNotFound")
	}
}

func TestS253_one_of_many_creates_a_queue(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := service.NewQueueClient(newName())
	remove(t, queue)
	var created, present atomic.Int32
	none(t, sixteen(func(int) error {
		var answer *http.Response
		if _, err := queue.Create(answering(ctx, &answer), nil); err != nil {
			return err
		}
		switch answer.StatusCode {
		case 201:
			created.Add(1)
		case 204:
			present.Add(1)
		}
		return nil
	}))
	equal(t, created.Load(), 1)
	equal(t, present.Load(), 15)
}
