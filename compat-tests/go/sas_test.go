package compat

import (
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"compat/azqueue"
)

func connectionString() string {
	return "DefaultEndpointsProtocol=" + strings.SplitN(endpoint, ":", 2)[0] + ";AccountName=" + account +
		";AccountKey=" + key + ";QueueEndpoint=" + endpoint + ";"
}

// Shared key and connection strings

func TestS180_a_connection_string_is_enough(t *testing.T) {
	defer caught(t)
	t.Parallel()
	name := newName()
	client := must(azqueue.NewServiceClientFromConnectionString(connectionString(), options()))(t)
	queue := client.NewQueueClient(name)
	remove(t, queue)
	must(queue.Create(ctx, nil))(t)
	put(t, queue, "text")
	equal(t, *getOne(t, queue, 60).MessageText, "text")
}

func withKey(t *testing.T, account, key string) *azqueue.ServiceClient {
	t.Helper()
	credential := must(azqueue.NewSharedKeyCredential(account, key))(t)
	return must(azqueue.NewServiceClientWithSharedKeyCredential(endpoint, credential, options()))(t)
}

const anotherKey = "YW5vdGhlciBrZXksIHdoaWNoIG9wZW5zIG5vdGhpbmc="

func TestS181_a_wrong_key_opens_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	client := withKey(t, account, anotherKey)
	refused(t, failure(client.NewListQueuesPager(nil).NextPage(ctx)), "AuthenticationFailed")
	refused(t, failure(client.NewQueueClient(nameOf(newQueue(t))).GetProperties(ctx, nil)), "AuthenticationFailed")
}

func TestS182_a_key_of_another_account_opens_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	client := withKey(t, "another"+account[:3], key)
	refusal := refusalOf(t, failure(client.NewQueueClient(nameOf(newQueue(t))).GetProperties(ctx, nil)))
	if status := refusal.StatusCode; status != 403 && status != 404 {
		t.Fatal(refusal)
	}
}

func TestS183_without_a_credential_nothing_is_opened(t *testing.T) {
	defer caught(t)
	t.Parallel()
	anonymous := must(azqueue.NewQueueClientWithNoCredential(newQueue(t).URL(), options()))(t)
	err := failure(anonymous.GetProperties(ctx, nil))
	// Version 1 of the SDK speaks 2018-03-28, when nobody was told yet how to come in.
	if refusalOf(t, err).RawResponse.Request.Header["x-ms-version"][0] < "2019-12-12" {
		refused(t, err, "ResourceNotFound")
	} else {
		refused(t, err, "NoAuthenticationInformation")
	}
}

func TestS185_names_with_signs_that_are_encoded_are_signed_as_they_are_sent(t *testing.T) {
	defer caught(t)
	t.Parallel()
	equal(t, list(t, service, azqueue.ListQueuesOptions{Prefix: ptr("a-b c+d%/ä")}), [][]string{{}})
}

func TestS186_a_connection_string_with_a_signature_is_enough(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	// Version 1 wants the name of the account, too, and builds the address of it.
	signed := "AccountName=" + account + ";QueueEndpoint=" + endpoint + ";SharedAccessSignature=" + accountSAS(t, everything())
	for _, client := range []*azqueue.QueueClient{
		must(azqueue.NewQueueClientFromConnectionString(signed, nameOf(queue), options()))(t),
		must(azqueue.NewServiceClientFromConnectionString(signed, options()))(t).NewQueueClient(nameOf(queue)),
	} {
		if !strings.HasPrefix(client.URL(), endpoint) {
			t.Skip("needs host style: this version of the SDK does not go to the endpoint that the string names")
		}
		put(t, client, "text")
		equal(t, *getOne(t, client, 60).MessageText, "text")
	}
}

// Account shared access signatures

func in(duration time.Duration) time.Time { return time.Now().UTC().Add(duration) }

// everything is what an account SAS that permits everything says.
func everything() azqueue.AccountSignatureValues {
	return azqueue.AccountSignatureValues{
		Protocol:      azqueue.ProtocolHTTPSandHTTP,
		ExpiryTime:    in(time.Hour),
		Permissions:   (&azqueue.AccountPermissions{Read: true, Write: true, Delete: true, List: true, Add: true, Create: true, Update: true, Process: true}).String(),
		ResourceTypes: (&azqueue.AccountResourceTypes{Service: true, Container: true, Object: true}).String(),
	}
}

func accountSAS(t *testing.T, values azqueue.AccountSignatureValues) string {
	t.Helper()
	signed := must(values.SignWithSharedKey(credential(t)))(t)
	return signed.Encode()
}

func serviceBy(t *testing.T, sas string) *azqueue.ServiceClient {
	t.Helper()
	return must(azqueue.NewServiceClientWithNoCredential(endpoint+"/?"+sas, options()))(t)
}

func queueBy(t *testing.T, queue *azqueue.QueueClient, sas string) *azqueue.QueueClient {
	t.Helper()
	return must(azqueue.NewQueueClientWithNoCredential(endpoint+"/"+nameOf(queue)+"?"+sas, options()))(t)
}

func TestS190_a_signature_for_everything_does_everything(t *testing.T) {
	defer caught(t)
	t.Parallel()
	client, name := serviceBy(t, accountSAS(t, everything())), newName()
	queue := client.NewQueueClient(name)
	remove(t, service.NewQueueClient(name))
	must(queue.Create(ctx, nil))(t)
	put(t, queue, "text")
	message := getOne(t, queue, 60)
	receipt := must(update(queue, message.MessageID, message.PopReceipt, "another", 60))(t).PopReceipt
	must(queue.DeleteMessage(ctx, *message.MessageID, *receipt, nil))(t)
	equal(t, list(t, client, azqueue.ListQueuesOptions{Prefix: &name}), [][]string{{name}})
	must(queue.Delete(ctx, nil))(t)
}

func TestS190_a_url_that_the_sdk_has_signed_is_one(t *testing.T) {
	defer caught(t)
	t.Parallel()
	if !https {
		t.Skip("needs https: GetSASURL signs for https alone")
	}
	queue := newQueue(t)
	address := must(service.GetSASURL(azqueue.AccountResourceTypes{Object: true}, azqueue.AccountPermissions{Add: true, Process: true}, in(time.Hour), nil))(t)
	client := must(azqueue.NewServiceClientWithNoCredential(address, options()))(t).NewQueueClient(nameOf(queue))
	put(t, client, "text")
	equal(t, *getOne(t, client, 60).MessageText, "text")
}

func TestS191_what_is_not_permitted_is_refused(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, values := newQueue(t), everything()
	values.Permissions = "rl"
	client := serviceBy(t, accountSAS(t, values))
	refused(t, failure(client.NewQueueClient(nameOf(queue)).EnqueueMessage(ctx, "text", nil)), "AuthorizationPermissionMismatch")
	equal(t, len(peek(t, client.NewQueueClient(nameOf(queue)))), 0)
}

func TestS192_the_type_of_resource_counts(t *testing.T) {
	defer caught(t)
	t.Parallel()
	values := everything()
	values.ResourceTypes = "o"
	client := serviceBy(t, accountSAS(t, values))
	refused(t, failure(client.NewListQueuesPager(nil).NextPage(ctx)), "AuthorizationResourceTypeMismatch")
	refused(t, failure(client.CreateQueue(ctx, newName(), nil)), "AuthorizationResourceTypeMismatch")
}

func TestS194_a_signature_that_has_expired_opens_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	values := everything()
	values.ExpiryTime = in(-time.Minute)
	refused(t, failure(queueBy(t, newQueue(t), accountSAS(t, values)).GetProperties(ctx, nil)), "AuthenticationFailed")
}

func TestS195_a_signature_that_is_not_valid_yet_opens_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	values := everything()
	values.StartTime, values.ExpiryTime = in(time.Hour), in(2*time.Hour)
	refused(t, failure(queueBy(t, newQueue(t), accountSAS(t, values)).GetProperties(ctx, nil)), "AuthenticationFailed")
}

func TestS196_a_changed_signature_opens_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	parameters := must(url.ParseQuery(accountSAS(t, everything())))(t)
	signature, first := parameters.Get("sig"), "A"
	if strings.HasPrefix(signature, first) {
		first = "B"
	}
	parameters.Set("sig", first+signature[1:])
	refused(t, failure(queueBy(t, newQueue(t), parameters.Encode()).GetProperties(ctx, nil)), "AuthenticationFailed")
}

func TestS197_the_address_counts(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, values := newQueue(t), everything()
	values.IPRange = azqueue.IPRange{Start: net.IPv4(192, 0, 2, 1)}
	err := failure(queueBy(t, queue, accountSAS(t, values)).GetProperties(ctx, nil))
	refused(t, err, "AuthorizationSourceIPMismatch")
	values.IPRange = azqueue.IPRange{Start: net.IPv4(1, 0, 0, 0), End: net.IPv4(223, 255, 255, 255)}
	must(queueBy(t, queue, accountSAS(t, values)).GetProperties(ctx, nil))(t)
}

func TestS198_the_protocol_counts(t *testing.T) {
	defer caught(t)
	t.Parallel()
	values := everything()
	values.Protocol = azqueue.ProtocolHTTPS
	_, err := queueBy(t, newQueue(t), accountSAS(t, values)).GetProperties(ctx, nil)
	if https {
		must(0, err)(t)
	} else {
		refused(t, err, "AuthorizationProtocolMismatch")
	}
}

// Queue shared access signatures

func permitting(t *testing.T, queue *azqueue.QueueClient, permissions string) string {
	t.Helper()
	return queueSAS(t, azqueue.QueueSignatureValues{
		QueueName: nameOf(queue), Permissions: permissions, ExpiryTime: in(time.Hour), Protocol: azqueue.ProtocolHTTPSandHTTP,
	})
}

func queueSAS(t *testing.T, values azqueue.QueueSignatureValues) string {
	t.Helper()
	signed := must(values.SignWithSharedKey(credential(t)))(t)
	return signed.Encode()
}

func TestS200_each_permission_opens_its_operations(t *testing.T) {
	defer caught(t)
	t.Parallel()
	for _, permission := range []string{"r", "a", "u", "p"} {
		t.Run(permission, func(t *testing.T) {
			queue := newQueue(t)
			client := queueBy(t, queue, permitting(t, queue, permission))
			toUpdate, toDelete := put(t, queue, "update"), put(t, queue, "delete")
			for _, operation := range []struct {
				needs, name string
				err         error
			}{
				{"r", "peek", failure(client.PeekMessage(ctx, nil))},
				{"r", "metadata", failure(client.GetProperties(ctx, nil))},
				{"a", "put", failure(client.EnqueueMessage(ctx, "text", nil))},
				{"u", "update", failure(update(client, toUpdate.MessageID, toUpdate.PopReceipt, "text", 0))},
				{"p", "delete", failure(client.DeleteMessage(ctx, *toDelete.MessageID, *toDelete.PopReceipt, nil))},
				{"p", "get", failure(client.DequeueMessage(ctx, nil))},
			} {
				t.Run(operation.name, func(t *testing.T) {
					if operation.needs == permission {
						must(0, operation.err)(t)
					} else {
						refused(t, operation.err, "AuthorizationPermissionMismatch")
					}
				})
			}
		})
	}
}

func TestS201_a_signature_opens_one_queue(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, other := newQueue(t), newQueue(t)
	sas := permitting(t, queue, "raup")
	must(queueBy(t, queue, sas).GetProperties(ctx, nil))(t)
	refused(t, failure(queueBy(t, other, sas).GetProperties(ctx, nil)), "AuthenticationFailed")
}

func TestS202_a_queue_cannot_be_created_or_deleted_by_it(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	sas := permitting(t, queue, "raup")
	refused(t, failure(queueBy(t, queue, sas).Create(ctx, nil)), "AuthorizationFailure")
	refused(t, failure(queueBy(t, queue, sas).Delete(ctx, nil)), "AuthorizationFailure")
	equal(t, exists(t, queue), true)
	// To list, one asks the account, where a signature for one queue is the signature of nothing.
	_, err := serviceBy(t, sas).NewListQueuesPager(nil).NextPage(ctx)
	refused(t, err, "AuthorizationFailure")
}

func TestS203_a_signature_that_has_expired_opens_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	sas := queueSAS(t, azqueue.QueueSignatureValues{QueueName: nameOf(queue), Permissions: "r", ExpiryTime: in(-time.Minute)})
	refused(t, failure(queueBy(t, queue, sas).GetProperties(ctx, nil)), "AuthenticationFailed")
}
