package compat

import (
	"fmt"
	"testing"
	"time"

	"compat/azqueue"
)

var (
	start  = time.Date(2026, 10, 5, 0, 0, 0, 0, time.UTC)
	expiry = time.Date(2046, 10, 6, 12, 30, 15, 0, time.UTC)
)

func policyFor(id, permissions string) *azqueue.SignedIdentifier {
	return &azqueue.SignedIdentifier{ID: &id, AccessPolicy: &azqueue.AccessPolicy{
		Start: &start, Expiry: &expiry, Permission: &permissions,
	}}
}

func numbered(count int) (policies []*azqueue.SignedIdentifier) {
	for i := range count {
		policies = append(policies, policyFor(fmt.Sprint("policy", i), "r"))
	}
	return policies
}

func trySetting(queue *azqueue.QueueClient, policies ...*azqueue.SignedIdentifier) error {
	return failure(queue.SetAccessPolicy(ctx, &azqueue.SetAccessPolicyOptions{QueueACL: policies}))
}

func setPolicies(t *testing.T, queue *azqueue.QueueClient, policies ...*azqueue.SignedIdentifier) {
	t.Helper()
	must(0, trySetting(queue, policies...))(t)
}

func policies(t *testing.T, queue *azqueue.QueueClient) []*azqueue.SignedIdentifier {
	t.Helper()
	return must(queue.GetAccessPolicy(ctx, nil))(t).SignedIdentifiers
}

func ids(policies []*azqueue.SignedIdentifier) []string {
	ids := []string{}
	for _, policy := range policies {
		ids = append(ids, *policy.ID)
	}
	return ids
}

func TestS050_a_new_queue_has_no_policies(t *testing.T) {
	defer caught(t)
	t.Parallel()
	equal(t, len(policies(t, newQueue(t))), 0)
}

func TestS051_a_policy_comes_back_whole(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	setPolicies(t, queue, policyFor("all", "raup"))
	got := policies(t, queue)
	equal(t, ids(got), []string{"all"})
	sameTime(t, got[0].AccessPolicy.Start, start)
	sameTime(t, got[0].AccessPolicy.Expiry, expiry)
	equal(t, *got[0].AccessPolicy.Permission, "raup")
}

func TestS052_a_policy_may_say_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	setPolicies(t, queue, &azqueue.SignedIdentifier{ID: ptr("bare")})
	got := policies(t, queue)
	equal(t, ids(got), []string{"bare"})
	if policy := got[0].AccessPolicy; policy != nil && (policy.Start != nil || policy.Expiry != nil || policy.Permission != nil) {
		t.Fatalf("the policy says %+v", policy)
	}
}

func TestS053_setting_policies_replaces_them_all(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	setPolicies(t, queue, policyFor("one", "r"), policyFor("two", "a"))
	equal(t, ids(policies(t, queue)), []string{"one", "two"})
	setPolicies(t, queue, policyFor("three", "p"))
	equal(t, ids(policies(t, queue)), []string{"three"})
	setPolicies(t, queue)
	equal(t, ids(policies(t, queue)), []string{})
}

func TestS054_five_policies_are_the_most(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	setPolicies(t, queue, numbered(5)...)
	refused(t, trySetting(queue, numbered(6)...), "InvalidXmlDocument")
	equal(t, ids(policies(t, queue)), ids(numbered(5)))
}

func TestS055_an_identifier_has_1_to_64_characters(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	setPolicies(t, queue, policyFor(text(64), "r"))
	refused(t, trySetting(queue, policyFor(text(65), "r")), "InvalidXmlDocument")
	equal(t, ids(policies(t, queue)), []string{text(64)})
}

func TestS056_a_permission_that_queues_do_not_have_is_refused(t *testing.T) {
	defer caught(t)
	t.Parallel()
	refused(t, trySetting(newQueue(t), policyFor("other", "rwdl")), "InvalidXmlDocument")
}

func TestS057_a_start_after_the_expiry_is_accepted(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	setPolicies(t, queue, &azqueue.SignedIdentifier{ID: ptr("late"), AccessPolicy: &azqueue.AccessPolicy{
		Start: &expiry, Expiry: &start, Permission: ptr("r"),
	}})
	got := policies(t, queue)
	equal(t, ids(got), []string{"late"})
	sameTime(t, got[0].AccessPolicy.Start, expiry)
	sameTime(t, got[0].AccessPolicy.Expiry, start)
}
