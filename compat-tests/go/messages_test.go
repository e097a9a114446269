package compat

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"compat/azqueue"
)

const week = 7 * 24 * time.Hour

// unknownMessage is an id that no message has, with a receipt that some message once had.
func unknownMessage(t *testing.T) (id, receipt string) {
	t.Helper()
	return "6f6c7dd0-5f5b-4a6b-9a35-0a6f6f9d9a11", *put(t, newQueue(t), "another").PopReceipt
}

// putMany puts so many messages, their texts numbered, eight at a time.
func putMany(t *testing.T, queue *azqueue.QueueClient, count int) {
	t.Helper()
	var group sync.WaitGroup
	errs := make(chan error, count)
	for worker := range 8 {
		group.Go(func() {
			for i := worker; i < count; i += 8 {
				errs <- failure(queue.EnqueueMessage(ctx, fmt.Sprint(i), nil))
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		must(0, err)(t)
	}
}

// putInOrder puts so many messages one after the other, and gives their texts.
func putInOrder(t *testing.T, queue *azqueue.QueueClient, count int) (texts []string) {
	t.Helper()
	for i := range count {
		texts = append(texts, fmt.Sprint("message ", i))
		put(t, queue, texts[i])
	}
	return texts
}

func tryPut(queue *azqueue.QueueClient, text string, visibility, live *int32) error {
	return failure(queue.EnqueueMessage(ctx, text, &azqueue.EnqueueMessageOptions{VisibilityTimeout: visibility, TimeToLive: live}))
}

func seconds(count int32) *int32 { return &count }

// Put

func TestS070_what_a_put_answers(t *testing.T) {
	defer caught(t)
	t.Parallel()
	answer := must(newQueue(t).EnqueueMessage(ctx, "text", nil))(t)
	message := answer.Messages[0]
	about(t, message.InsertionTime, answer.Date, 0)
	sameTime(t, message.ExpirationTime, message.InsertionTime.Add(week))
	sameTime(t, message.TimeNextVisible, *message.InsertionTime)
	if *message.MessageID == "" || *message.PopReceipt == "" {
		t.Fatalf("no id or no receipt: %+v", message)
	}
}

func TestS071_every_message_has_an_id_of_its_own(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, ids := newQueue(t), map[string]bool{}
	for range 10 {
		ids[*put(t, queue, "the same").MessageID] = true
	}
	equal(t, len(ids), 10)
}

func TestS072_a_message_may_live_for_ever(t *testing.T) {
	defer caught(t)
	t.Parallel()
	message := putWith(t, newQueue(t), "text", &azqueue.EnqueueMessageOptions{TimeToLive: seconds(-1)})
	sameTime(t, message.ExpirationTime, time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC))
}

func TestS073_a_time_to_live_is_what_it_was_asked_to_be(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	for _, live := range []int32{60, 1_073_741_824} {
		message := putWith(t, queue, "text", &azqueue.EnqueueMessageOptions{TimeToLive: &live})
		sameTime(t, message.ExpirationTime, message.InsertionTime.Add(time.Duration(live)*time.Second))
	}
}

func TestS074_a_time_to_live_of_0_or_minus_2_is_refused(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	for _, live := range []int32{0, -2} {
		err := tryPut(queue, "text", nil, &live)
		// The reference does not settle which of the two it is.
		if azqueue.HasCode(err, "OutOfRangeQueryParameterValue") {
			refused(t, err, "OutOfRangeQueryParameterValue")
		} else {
			refused(t, err, "InvalidQueryParameterValue")
		}
	}
	equal(t, count(t, queue), 0)
}

func TestS075_a_message_may_be_put_hidden(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	message := putWith(t, queue, "text", &azqueue.EnqueueMessageOptions{VisibilityTimeout: seconds(60)})
	sameTime(t, message.TimeNextVisible, message.InsertionTime.Add(time.Minute))
	equal(t, len(get(t, queue, 1, 1)), 0)
	equal(t, len(peek(t, queue)), 0)
	equal(t, count(t, queue), 1)
}

func TestS076_a_message_must_not_be_hidden_for_as_long_as_it_lives(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	refused(t, tryPut(queue, "text", seconds(604_800), nil), "InvalidQueryParameterValue")
	refused(t, tryPut(queue, "text", seconds(10), seconds(10)), "InvalidQueryParameterValue")
	must(0, tryPut(queue, "text", seconds(604_799), nil))(t)
	equal(t, count(t, queue), 1)
}

func TestS077_a_visibility_timeout_has_limits_when_a_message_is_put(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	for _, timeout := range []int32{-1, 604_801} {
		refused(t, tryPut(queue, "text", &timeout, seconds(-1)), "OutOfRangeQueryParameterValue")
	}
}

func TestS078_exactly_64_kib_fit(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	put(t, queue, text(65_536))
	equal(t, *getOne(t, queue, 60).MessageText, text(65_536))
	refused(t, tryPut(queue, text(65_537), nil, nil), "RequestBodyTooLarge")
	equal(t, count(t, queue), 1)
}

func TestS079_an_empty_text_is_a_text(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	put(t, queue, "")
	equal(t, *getOne(t, queue, 60).MessageText, "")
}

func TestS080_the_receipt_of_a_put_is_good_at_once(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	message := put(t, queue, "text")
	must(queue.DeleteMessage(ctx, *message.MessageID, *message.PopReceipt, nil))(t)
	equal(t, len(peek(t, queue)), 0)
	equal(t, count(t, queue), 0)
}

// Get

func TestS090_what_a_get_answers(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	sent := put(t, queue, "text")
	answer := must(queue.DequeueMessage(ctx, nil))(t)
	equal(t, len(answer.Messages), 1)
	got := answer.Messages[0]
	equal(t, *got.MessageID, *sent.MessageID)
	equal(t, *got.MessageText, "text")
	sameTime(t, got.InsertionTime, *sent.InsertionTime)
	sameTime(t, got.ExpirationTime, *sent.ExpirationTime)
	about(t, got.TimeNextVisible, answer.Date, 30*time.Second)
	equal(t, *got.DequeueCount, 1)
	if receipt := *got.PopReceipt; receipt == "" || receipt == *sent.PopReceipt {
		t.Fatalf("no new receipt: %q", receipt)
	}
}

func TestS091_an_empty_queue_gives_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	equal(t, len(must(newQueue(t).DequeueMessage(ctx, nil))(t).Messages), 0)
}

func TestS092_a_get_brings_as_many_as_are_asked_for(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	putMany(t, queue, 40)
	equal(t, len(get(t, queue, 32, 60)), 32)
	equal(t, len(get(t, queue, 32, 60)), 8)
}

func TestS093_the_number_of_messages_has_limits(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	for _, count := range []int32{0, 33} {
		err := failure(queue.DequeueMessages(ctx, &azqueue.DequeueMessagesOptions{NumberOfMessages: &count}))
		refused(t, err, "OutOfRangeQueryParameterValue")
	}
}

func TestS094_a_visibility_timeout_has_limits_when_a_message_is_got(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	put(t, queue, "text")
	for _, timeout := range []int32{0, 604_801} {
		err := failure(queue.DequeueMessage(ctx, &azqueue.DequeueMessageOptions{VisibilityTimeout: &timeout}))
		refused(t, err, "OutOfRangeQueryParameterValue")
	}
	answer := must(queue.DequeueMessage(ctx, &azqueue.DequeueMessageOptions{VisibilityTimeout: seconds(604_800)}))(t)
	equal(t, len(answer.Messages), 1)
	about(t, answer.Messages[0].TimeNextVisible, answer.Date, week)
}

func TestS095_a_message_that_was_got_is_hidden(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	put(t, queue, "text")
	getOne(t, queue, 60)
	equal(t, len(get(t, queue, 1, 60)), 0)
	equal(t, len(peek(t, queue)), 0)
}

func TestS096_each_get_counts(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	put(t, queue, "text")
	first := getOne(t, queue, 1)
	equal(t, *first.DequeueCount, 1)
	second := comesBack(t, queue, 60)
	equal(t, *second.MessageID, *first.MessageID)
	equal(t, *second.DequeueCount, 2)
	equal(t, *second.PopReceipt != *first.PopReceipt, true)
}

func TestS097_messages_of_one_get_share_a_receipt_and_a_time(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	putMany(t, queue, 3)
	messages := get(t, queue, 3, 60)
	equal(t, len(messages), 3)
	for _, message := range messages {
		sameTime(t, message.TimeNextVisible, *messages[0].TimeNextVisible)
		equal(t, *message.PopReceipt, *messages[0].PopReceipt)
	}
}

func TestS098_a_message_may_be_hidden_beyond_its_end(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	putWith(t, queue, "text", &azqueue.EnqueueMessageOptions{TimeToLive: seconds(60)})
	message := getOne(t, queue, 3600)
	equal(t, message.TimeNextVisible.After(*message.ExpirationTime), true)
}

func TestS099_a_client_can_read_a_queue_to_its_end(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, read := newQueue(t), map[string]int{}
	putMany(t, queue, 70)
	for {
		messages := get(t, queue, 32, 60)
		if len(messages) == 0 {
			break
		}
		for _, message := range messages {
			read[*message.MessageText]++
		}
	}
	equal(t, len(read), 70)
	for text, times := range read {
		if times != 1 {
			t.Errorf("%s was read %d times", text, times)
		}
	}
}

// Peek

func TestS105_what_a_peek_answers(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	sent := put(t, queue, "text")
	answer := must(queue.PeekMessage(ctx, nil))(t)
	equal(t, len(answer.Messages), 1)
	// The SDK's type has no place for a receipt; that the document has none is for the wire suite.
	got := answer.Messages[0]
	equal(t, *got.MessageID, *sent.MessageID)
	equal(t, *got.MessageText, "text")
	sameTime(t, got.InsertionTime, *sent.InsertionTime)
	sameTime(t, got.ExpirationTime, *sent.ExpirationTime)
	equal(t, *got.DequeueCount, 0)
}

func TestS106_a_peek_changes_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	sent := put(t, queue, "text")
	for range 3 {
		messages := peek(t, queue)
		equal(t, len(messages), 1)
		equal(t, *messages[0].MessageID, *sent.MessageID)
		equal(t, *messages[0].DequeueCount, 0)
	}
	equal(t, *getOne(t, queue, 60).DequeueCount, 1)
}

func TestS107_a_peek_shows_the_visible_alone(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	putMany(t, queue, 3)
	hidden := getOne(t, queue, 60)
	messages := peek(t, queue)
	equal(t, len(messages), 2)
	for _, message := range messages {
		equal(t, *message.MessageID != *hidden.MessageID, true)
	}
}

func TestS108_the_number_of_messages_to_peek_has_limits(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	putMany(t, queue, 40)
	equal(t, len(peek(t, queue)), 32)
	for _, count := range []int32{0, 33} {
		err := failure(queue.PeekMessages(ctx, &azqueue.PeekMessagesOptions{NumberOfMessages: &count}))
		refused(t, err, "OutOfRangeQueryParameterValue")
	}
}

func TestS109_an_empty_queue_shows_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	equal(t, len(must(newQueue(t).PeekMessage(ctx, nil))(t).Messages), 0)
}

// Update

// gotten is a queue with one message, which was got and is hidden for a minute.
func gotten(t *testing.T) (*azqueue.QueueClient, *azqueue.DequeuedMessage) {
	t.Helper()
	queue := newQueue(t)
	put(t, queue, "text")
	return queue, getOne(t, queue, 60)
}

func TestS110_text_and_time_are_updated_together(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, message := gotten(t)
	answer := must(update(queue, message.MessageID, message.PopReceipt, "another", 60))(t)
	equal(t, *answer.PopReceipt != *message.PopReceipt, true)
	about(t, answer.TimeNextVisible, answer.Date, time.Minute)
	must(update(queue, message.MessageID, answer.PopReceipt, "another", 0))(t)
	equal(t, *getOne(t, queue, 60).MessageText, "another")
}

func TestS111_without_a_text_the_text_stays(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, message := gotten(t)
	// The SDK always sends a text.
	must(queue.UpdateMessage(changed(noBody), *message.MessageID, *message.PopReceipt, "", &azqueue.UpdateMessageOptions{
		VisibilityTimeout: seconds(0),
	}))(t)
	equal(t, *getOne(t, queue, 60).MessageText, "text")
}

func TestS112_a_timeout_of_0_gives_the_message_back(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, message := gotten(t)
	must(update(queue, message.MessageID, message.PopReceipt, "text", 0))(t)
	again := getOne(t, queue, 60)
	equal(t, *again.MessageID, *message.MessageID)
	equal(t, *again.DequeueCount, 2)
}

func TestS113_an_update_leaves_the_rest_alone(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, message := gotten(t)
	answer := must(update(queue, message.MessageID, message.PopReceipt, "text", 30))(t)
	must(update(queue, message.MessageID, answer.PopReceipt, "text", 0))(t)
	again := getOne(t, queue, 60)
	equal(t, *again.MessageID, *message.MessageID)
	sameTime(t, again.InsertionTime, *message.InsertionTime)
	sameTime(t, again.ExpirationTime, *message.ExpirationTime)
	equal(t, *again.DequeueCount, 2)
}

func TestS114_an_old_receipt_is_worth_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, message := gotten(t)
	must(update(queue, message.MessageID, message.PopReceipt, "text", 60))(t)
	refused(t, failure(update(queue, message.MessageID, message.PopReceipt, "text", 60)), "MessageNotFound")
	refused(t, failure(queue.DeleteMessage(ctx, *message.MessageID, *message.PopReceipt, nil)), "MessageNotFound")
	equal(t, count(t, queue), 1)
}

func TestS115_a_receipt_is_renewed_again_and_again(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, message := gotten(t)
	receipt := message.PopReceipt
	for range 10 {
		receipt = must(update(queue, message.MessageID, receipt, "text", 60))(t).PopReceipt
	}
	must(queue.DeleteMessage(ctx, *message.MessageID, *receipt, nil))(t)
	equal(t, count(t, queue), 0)
}

func TestS116_a_message_can_be_updated_as_soon_as_it_was_put(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	message := put(t, queue, "text")
	must(update(queue, message.MessageID, message.PopReceipt, "another", 0))(t)
	equal(t, *getOne(t, queue, 60).MessageText, "another")
}

func TestS117_a_visible_message_can_be_hidden(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	message := put(t, queue, "text")
	must(update(queue, message.MessageID, message.PopReceipt, "text", 60))(t)
	equal(t, len(get(t, queue, 1, 60)), 0)
}

func TestS118_a_visibility_timeout_has_limits_when_a_message_is_updated(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, message := gotten(t)
	for _, timeout := range []int32{-1, 604_801} {
		err := failure(update(queue, message.MessageID, message.PopReceipt, "text", timeout))
		refused(t, err, "OutOfRangeQueryParameterValue")
	}
}

func TestS119_a_message_must_not_be_hidden_beyond_its_end_by_an_update(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	putWith(t, queue, "text", &azqueue.EnqueueMessageOptions{TimeToLive: seconds(60)})
	message := getOne(t, queue, 10)
	refused(t, failure(update(queue, message.MessageID, message.PopReceipt, "text", 120)), "InvalidQueryParameterValue")
}

func TestS120_64_kib_fit_into_an_update(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, message := gotten(t)
	answer := must(update(queue, message.MessageID, message.PopReceipt, text(65_536), 0))(t)
	refused(t, failure(update(queue, message.MessageID, answer.PopReceipt, text(65_537), 0)), "RequestBodyTooLarge")
	equal(t, *getOne(t, queue, 60).MessageText, text(65_536))
}

func TestS121_a_malformed_receipt_is_refused(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, message := gotten(t)
	refused(t, failure(update(queue, message.MessageID, ptr("not a receipt"), "text", 0)), "InvalidQueryParameterValue")
}

func TestS122_an_unknown_message_cannot_be_updated(t *testing.T) {
	defer caught(t)
	t.Parallel()
	id, receipt := unknownMessage(t)
	refused(t, failure(update(newQueue(t), &id, &receipt, "text", 0)), "MessageNotFound")
}

// Delete and clear

func TestS130_a_message_is_deleted(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, message := gotten(t)
	must(queue.DeleteMessage(ctx, *message.MessageID, *message.PopReceipt, nil))(t)
	equal(t, count(t, queue), 0)
}

func TestS131_a_message_is_deleted_once(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, message := gotten(t)
	must(queue.DeleteMessage(ctx, *message.MessageID, *message.PopReceipt, nil))(t)
	refused(t, failure(queue.DeleteMessage(ctx, *message.MessageID, *message.PopReceipt, nil)), "MessageNotFound")
}

func TestS132_a_malformed_receipt_deletes_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	message := put(t, queue, "text")
	refused(t, failure(queue.DeleteMessage(ctx, *message.MessageID, "not a receipt", nil)), "InvalidQueryParameterValue")
	equal(t, *getOne(t, queue, 60).MessageID, *message.MessageID)
}

func TestS133_an_unknown_message_cannot_be_deleted(t *testing.T) {
	defer caught(t)
	t.Parallel()
	id, receipt := unknownMessage(t)
	refused(t, failure(newQueue(t).DeleteMessage(ctx, id, receipt, nil)), "MessageNotFound")
}

func TestS134_a_receipt_outlives_its_timeout(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	put(t, queue, "text")
	message := getOne(t, queue, 1)
	until(t, "the message is visible", func() bool { return len(peek(t, queue)) == 1 })
	must(queue.DeleteMessage(ctx, *message.MessageID, *message.PopReceipt, nil))(t)
	equal(t, count(t, queue), 0)
}

func TestS135_whoever_got_it_last_has_the_receipt(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	put(t, queue, "text")
	first := getOne(t, queue, 1)
	second := comesBack(t, queue, 60)
	refused(t, failure(queue.DeleteMessage(ctx, *first.MessageID, *first.PopReceipt, nil)), "MessageNotFound")
	must(queue.DeleteMessage(ctx, *second.MessageID, *second.PopReceipt, nil))(t)
	equal(t, count(t, queue), 0)
}

func TestS136_clearing_removes_everything(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	putMany(t, queue, 3)
	getOne(t, queue, 1)
	must(queue.ClearMessages(ctx, nil))(t)
	equal(t, count(t, queue), 0)
	// Long enough for the hidden one to come back, if it could.
	for end := time.Now().Add(1500 * time.Millisecond); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		equal(t, len(get(t, queue, 1, 60)), 0)
	}
}

func TestS137_an_empty_queue_can_be_cleared(t *testing.T) {
	defer caught(t)
	t.Parallel()
	must(newQueue(t).ClearMessages(ctx, nil))(t)
}

// Visibility and expiry

func TestS140_a_hidden_message_becomes_visible_by_itself(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	begun := time.Now()
	putWith(t, queue, "text", &azqueue.EnqueueMessageOptions{VisibilityTimeout: seconds(2)})
	equal(t, len(get(t, queue, 1, 60)), 0)
	comesBack(t, queue, 60)
	notBefore(t, begun, 2*time.Second)
}

// notBefore fails if less time has passed.
func notBefore(t *testing.T, begun time.Time, least time.Duration) {
	t.Helper()
	if passed := time.Since(begun); passed < least {
		t.Fatalf("after %v, which is before %v", passed, least)
	}
}

func TestS141_a_message_that_was_not_deleted_comes_back(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	sent := put(t, queue, "text")
	begun := time.Now()
	getOne(t, queue, 2)
	again := comesBack(t, queue, 60)
	notBefore(t, begun, 2*time.Second)
	equal(t, *again.MessageID, *sent.MessageID)
	equal(t, *again.DequeueCount, 2)
}

func TestS142_an_expired_message_is_gone(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	putWith(t, queue, "text", &azqueue.EnqueueMessageOptions{TimeToLive: seconds(2)})
	equal(t, len(peek(t, queue)), 1)
	until(t, "the message is gone", func() bool { return len(peek(t, queue)) == 0 })
	equal(t, len(get(t, queue, 1, 60)), 0)
}

func TestS143_an_expired_message_cannot_be_deleted(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	putWith(t, queue, "text", &azqueue.EnqueueMessageOptions{TimeToLive: seconds(2)})
	message := getOne(t, queue, 60)
	// A hidden message shows nobody that it has expired, so there is nothing to ask for.
	time.Sleep(3 * time.Second)
	refused(t, failure(queue.DeleteMessage(ctx, *message.MessageID, *message.PopReceipt, nil)), "MessageNotFound")
}

func TestS144_an_update_moves_the_time_of_return(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, message := gotten(t)
	begun := time.Now()
	must(update(queue, message.MessageID, message.PopReceipt, "text", 2))(t)
	equal(t, len(get(t, queue, 1, 60)), 0)
	equal(t, *comesBack(t, queue, 60).MessageID, *message.MessageID)
	notBefore(t, begun, 2*time.Second)
}

func TestS145_a_lease_is_kept_alive(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	put(t, queue, "text")
	begun := time.Now()
	message := getOne(t, queue, 2)
	receipt := message.PopReceipt
	for renewals := range 4 {
		for time.Since(begun) < time.Duration(renewals+1)*time.Second {
			equal(t, len(get(t, queue, 1, 60)), 0)
			time.Sleep(100 * time.Millisecond)
		}
		receipt = must(update(queue, message.MessageID, receipt, "text", 2))(t).PopReceipt
	}
	must(queue.DeleteMessage(ctx, *message.MessageID, *receipt, nil))(t)
}

// Order

func TestS150_first_in_first_out(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	for _, text := range putInOrder(t, queue, 10) {
		equal(t, *getOne(t, queue, 60).MessageText, text)
	}
}

func TestS151_a_batch_is_in_order(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	texts := putInOrder(t, queue, 10)
	messages := get(t, queue, 10, 60)
	equal(t, len(messages), 10)
	for i, message := range messages {
		equal(t, *message.MessageText, texts[i])
	}
}

func TestS152_what_was_hidden_comes_when_it_is_visible(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	putWith(t, queue, "A", &azqueue.EnqueueMessageOptions{VisibilityTimeout: seconds(3)})
	put(t, queue, "B")
	equal(t, *getOne(t, queue, 60).MessageText, "B")
	equal(t, *comesBack(t, queue, 60).MessageText, "A")
}
