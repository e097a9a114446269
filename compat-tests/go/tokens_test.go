package compat

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"strings"
	"testing"
	"time"

	"compat/azqueue"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
)

const (
	object = "11111111-1111-1111-1111-111111111111"
	tenant = "22222222-2222-2222-2222-222222222222"
)

// token is a token that nobody issued: what it says is checked, who signed it is not.
type token struct {
	audience string
	lifetime time.Duration
}

var usual = token{audience: "https://storage.azure.com", lifetime: time.Hour}

// GetToken is what azidentity would do.
func (k token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	now := time.Now()
	text := part(map[string]any{"typ": "JWT", "alg": "none"}) + "." + part(map[string]any{
		"aud": k.audience, "iss": "https://sts.windows.net/" + tenant + "/",
		"iat": now.Add(-2 * time.Hour).Unix(), "nbf": now.Add(-2 * time.Hour).Unix(), "exp": now.Add(k.lifetime).Unix(),
		"oid": object, "tid": tenant,
	}) + "."
	return azcore.AccessToken{Token: text, ExpiresOn: now.Add(time.Hour)}, nil
}

func part(content map[string]any) string {
	encoded, err := json.Marshal(content)
	if err != nil {
		panic(err)
	}
	return base64.RawURLEncoding.EncodeToString(encoded)
}

func needsTokens(t *testing.T) {
	t.Helper()
	if !takesTokens {
		t.Skip("needs an endpoint over https that takes tokens")
	}
}

func serviceWith(t *testing.T, token token) *azqueue.ServiceClient {
	t.Helper()
	return must(azqueue.NewServiceClient(endpoint+"/", token, options()))(t)
}

func delegationKey(start, expiry time.Time) (changes []change) {
	return []change{
		method(http.MethodPost), query("comp", "userdelegationkey"),
		body("<KeyInfo><Start>" + start.Format(time.RFC3339) + "</Start><Expiry>" + expiry.Format(time.RFC3339) + "</Expiry></KeyInfo>"),
	}
}

// The SDK has no call for a delegation key, so the one for the properties is changed into it.

func TestS210_a_delegation_key_is_handed_out(t *testing.T) {
	defer caught(t)
	t.Parallel()
	needsTokens(t)
	start, expiry := in(0).Truncate(time.Second), in(time.Hour).Truncate(time.Second)
	changes := append(delegationKey(start, expiry), header("x-ms-version", "2026-02-06"))
	var answer *http.Response
	must(serviceWith(t, usual).GetServiceProperties(answering(changed(changes...), &answer), nil))(t)
	var key struct {
		SignedOid, SignedTid, SignedService, SignedVersion, Value string
		SignedStart, SignedExpiry                                 time.Time
	}
	must(0, xml.Unmarshal([]byte(strings.TrimPrefix(bodyOf(t, answer), "\ufeff")), &key))(t)
	equal(t, key.SignedOid, object)
	equal(t, key.SignedTid, tenant)
	sameTime(t, &key.SignedStart, start)
	sameTime(t, &key.SignedExpiry, expiry)
	equal(t, key.SignedService, "q")
	equal(t, key.SignedVersion, "2026-02-06")
	equal(t, len(must(base64.StdEncoding.DecodeString(key.Value))(t)), 32)
}

func TestS212_a_delegation_key_is_asked_for_by_tokens_alone(t *testing.T) {
	defer caught(t)
	t.Parallel()
	changes := append(delegationKey(in(0), in(time.Hour)), header("x-ms-version", "2026-02-06"))
	equal(t, refusalOf(t, failure(service.GetServiceProperties(changed(changes...), nil))).StatusCode, 403)
}

func TestS215_a_token_opens_everything(t *testing.T) {
	defer caught(t)
	t.Parallel()
	needsTokens(t)
	client := serviceWith(t, usual)
	queue := client.NewQueueClient(newName())
	remove(t, queue)
	must(queue.Create(ctx, nil))(t)
	put(t, queue, "text")
	equal(t, *getOne(t, queue, 60).MessageText, "text")
	must(queue.Delete(ctx, nil))(t)
}

func TestS215_a_token_opens_a_queue_by_its_url(t *testing.T) {
	defer caught(t)
	t.Parallel()
	needsTokens(t)
	queue := must(azqueue.NewQueueClient(newQueue(t).URL(), usual, options()))(t)
	put(t, queue, "text")
	message := getOne(t, queue, 60)
	must(queue.DeleteMessage(ctx, *message.MessageID, *message.PopReceipt, nil))(t)
	equal(t, count(t, queue), 0)
}

func TestS216_a_token_for_another_audience_opens_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	needsTokens(t)
	client := serviceWith(t, token{audience: "https://vault.azure.net", lifetime: time.Hour})
	refused(t, failure(client.NewListQueuesPager(nil).NextPage(ctx)), "InvalidAuthenticationInfo")
}

func TestS217_an_expired_token_opens_nothing(t *testing.T) {
	defer caught(t)
	t.Parallel()
	needsTokens(t)
	client := serviceWith(t, token{audience: usual.audience, lifetime: -time.Hour})
	refused(t, failure(client.NewListQueuesPager(nil).NextPage(ctx)), "InvalidAuthenticationInfo")
}

func TestS218_a_token_does_not_go_over_http(t *testing.T) {
	defer caught(t)
	t.Parallel()
	if https {
		t.Skip("needs http")
	}
	_, err := serviceWith(t, usual).NewListQueuesPager(nil).NextPage(ctx)
	// The SDK refuses by itself, before it sends anything; in version 1 it did not yet.
	if err == nil || !strings.Contains(err.Error(), "TLS protected (https) endpoints") {
		refused(t, err, "AuthenticationFailed")
	}
}
