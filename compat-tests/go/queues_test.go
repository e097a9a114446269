package compat

import (
	"net/http"
	"strings"
	"testing"

	"compat/azqueue"
)

// createStatus creates the queue and tells whether it was new (201) or there already (204).
func createStatus(t *testing.T, queue *azqueue.QueueClient, metadata map[string]*string) int {
	t.Helper()
	var answer *http.Response
	must(queue.Create(answering(ctx, &answer), &azqueue.CreateOptions{Metadata: metadata}))(t)
	return answer.StatusCode
}

func exists(t *testing.T, queue *azqueue.QueueClient) bool {
	t.Helper()
	_, err := queue.GetProperties(ctx, nil)
	if err == nil {
		return true
	}
	refused(t, err, "QueueNotFound")
	return false
}

func TestS020_a_queue_is_created(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := service.NewQueueClient(newName())
	remove(t, queue)
	equal(t, createStatus(t, queue, nil), 201)
	got := must(queue.GetProperties(ctx, nil))(t)
	equal(t, *got.ApproximateMessagesCount, 0)
	equal(t, len(got.Metadata), 0)
}

func TestS021_the_same_queue_is_created_again(t *testing.T) {
	defer caught(t)
	t.Parallel()
	metadata := pairs(map[string]string{"color": "blue", "size": "12"})
	queue := create(t, newName(), metadata)
	equal(t, createStatus(t, queue, metadata), 204)
	equal(t, createStatus(t, newQueue(t), nil), 204)
}

func TestS022_a_queue_with_other_metadata_is_in_the_way(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := create(t, newName(), pairs(map[string]string{"color": "blue"}))
	err := failure(queue.Create(ctx, &azqueue.CreateOptions{Metadata: pairs(map[string]string{"color": "red"})}))
	refused(t, err, "QueueAlreadyExists")
	refused(t, failure(queue.Create(ctx, nil)), "QueueAlreadyExists")
	equal(t, metadata(t, queue), map[string]string{"color": "blue"})
}

func TestS023_a_queue_is_deleted(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	put(t, queue, "one")
	var answer *http.Response
	must(queue.Delete(answering(ctx, &answer), nil))(t)
	equal(t, answer.StatusCode, 204)
	equal(t, exists(t, queue), false)
}

func TestS024_a_queue_that_is_not_there_cannot_be_deleted(t *testing.T) {
	defer caught(t)
	t.Parallel()
	refused(t, failure(service.DeleteQueue(ctx, newName(), nil)), "QueueNotFound")
}

func TestS025_nothing_can_be_done_with_a_queue_that_is_not_there(t *testing.T) {
	defer caught(t)
	t.Parallel()
	id, receipt := unknownMessage(t)
	queue := service.NewQueueClient(newName())
	for what, err := range map[string]error{
		"get metadata": failure(queue.GetProperties(ctx, nil)),
		"set metadata": failure(queue.SetMetadata(ctx, nil)),
		"get policies": failure(queue.GetAccessPolicy(ctx, nil)),
		"set policies": failure(queue.SetAccessPolicy(ctx, nil)),
		"put":          failure(queue.EnqueueMessage(ctx, "text", nil)),
		"get":          failure(queue.DequeueMessage(ctx, nil)),
		"peek":         failure(queue.PeekMessage(ctx, nil)),
		"update":       failure(update(queue, &id, &receipt, "text", 0)),
		"delete":       failure(queue.DeleteMessage(ctx, id, receipt, nil)),
		"clear":        failure(queue.ClearMessages(ctx, nil)),
	} {
		t.Run(what, func(t *testing.T) { refused(t, err, "QueueNotFound") })
	}
}

func TestS026_a_name_has_3_to_63_characters(t *testing.T) {
	defer caught(t)
	t.Parallel()
	// The shorter name has no room for the prefix of this run, so it is taken only if it is free.
	for {
		name := newName()
		queue := service.NewQueueClient(name[len(name)-3:])
		var answer *http.Response
		_, err := queue.Create(answering(ctx, &answer), nil)
		if azqueue.HasCode(err, "QueueAlreadyExists", "QueueBeingDeleted") || err == nil && answer.StatusCode == 204 {
			continue
		}
		must(0, err)(t)
		remove(t, queue)
		break
	}
	long := newName() + "-" + strings.Repeat("a", 63)
	create(t, long[:63], nil)
	refused(t, failure(service.CreateQueue(ctx, long[:64], nil)), "OutOfRangeInput")
	refused(t, failure(service.CreateQueue(ctx, long[:2], nil)), "OutOfRangeInput")
}

func TestS027_a_name_has_lower_case_letters_digits_and_single_dashes(t *testing.T) {
	defer caught(t)
	t.Parallel()
	for _, name := range []string{"Abc" + newName(), "a_b" + newName(), "-ab" + newName(), newName() + "--b", newName() + "-"} {
		refused(t, failure(service.CreateQueue(ctx, name, nil)), "InvalidResourceName")
	}
}

func TestS028_a_queue_is_the_same_by_whatever_way_it_is_reached(t *testing.T) {
	defer caught(t)
	t.Parallel()
	name := newName()
	ways := []*azqueue.QueueClient{
		create(t, name, nil),
		must(azqueue.NewQueueClientWithSharedKeyCredential(endpoint+"/"+name, credential(t), options()))(t),
		must(azqueue.NewQueueClientFromConnectionString(connectionString(), name, options()))(t),
	}
	for i, way := range ways {
		sent := put(t, way, "by another way")
		for _, other := range ways {
			messages := peek(t, other)
			equal(t, len(messages), i+1)
			equal(t, *messages[i].MessageID, *sent.MessageID)
		}
	}
}

func TestS029_deleting_a_queue_leaves_the_others_alone(t *testing.T) {
	defer caught(t)
	t.Parallel()
	name := newName()
	one, other := create(t, name, nil), create(t, name+"-other", nil)
	put(t, one, "one")
	put(t, other, "other")
	must(one.Delete(ctx, nil))(t)
	messages := peek(t, other)
	equal(t, len(messages), 1)
	equal(t, *messages[0].MessageText, "other")
}

func TestS030_a_queue_created_anew_is_empty(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := create(t, newName(), pairs(map[string]string{"color": "blue"}))
	put(t, queue, "one")
	setPolicies(t, queue, policyFor("readers", "r"))
	must(queue.Delete(ctx, nil))(t)
	until(t, "the queue can be created again", func() bool {
		_, err := queue.Create(ctx, nil)
		if azqueue.HasCode(err, "QueueBeingDeleted") {
			return false
		}
		must(0, err)(t)
		return true
	})
	equal(t, len(peek(t, queue)), 0)
	equal(t, count(t, queue), 0)
	equal(t, metadata(t, queue), map[string]string{})
	equal(t, len(policies(t, queue)), 0)
}

func TestS031_existence_can_be_asked_for(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := service.NewQueueClient(newName())
	equal(t, exists(t, queue), false)
	remove(t, queue)
	must(queue.Create(ctx, nil))(t)
	equal(t, exists(t, queue), true)
}
