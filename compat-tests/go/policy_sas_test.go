//go:build !v1

package compat

import (
	"testing"

	"compat/azqueue"
)

// naming is a signature that names a policy and says nothing else.
func naming(t *testing.T, queue *azqueue.QueueClient, policy string) string {
	t.Helper()
	return queueSAS(t, azqueue.QueueSignatureValues{QueueName: nameOf(queue), Identifier: policy})
}

// byPolicy is a queue with one message and a client by a signature that names a policy to read it,
// once that is in force.
func byPolicy(t *testing.T) (queue, client *azqueue.QueueClient) {
	t.Helper()
	queue = newQueue(t)
	put(t, queue, "text")
	setPolicies(t, queue, policyFor("readers", "r"))
	client = queueBy(t, queue, naming(t, queue, "readers"))
	until(t, "the policy is in force", func() bool {
		_, err := client.PeekMessage(ctx, nil)
		return err == nil
	})
	return queue, client
}

func TestS204_a_policy_gives_what_the_signature_does_not(t *testing.T) {
	defer caught(t)
	t.Parallel()
	_, client := byPolicy(t)
	equal(t, len(peek(t, client)), 1)
	refused(t, failure(client.EnqueueMessage(ctx, "text", nil)), "AuthorizationPermissionMismatch")
	refused(t, failure(client.DequeueMessage(ctx, nil)), "AuthorizationPermissionMismatch")
}

func TestS205_removing_the_policy_revokes_the_signature(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, client := byPolicy(t)
	setPolicies(t, queue)
	var err error
	until(t, "the signature is refused", func() bool {
		_, err = client.PeekMessage(ctx, nil)
		return err != nil
	})
	refused(t, err, "AuthenticationFailed")
}

func TestS206_a_policy_that_is_not_there_opens_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	refused(t, failure(queueBy(t, queue, naming(t, queue, "unknown")).GetProperties(ctx, nil)), "AuthenticationFailed")
}
