package compat

import (
	"errors"
	"net/http"
	"reflect"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// refusals are the status of each code and the text that the service sends with it, its own
// spelling included.
var refusals = map[string]struct {
	status int
	text   string
}{
	"AuthenticationFailed":              {403, "Server failed to authenticate the request. Make sure the value of Authorization header is formed correctly including the signature."},
	"AuthorizationFailure":              {403, "This request is not authorized to perform this operation."},
	"AuthorizationPermissionMismatch":   {403, "This request is not authorized to perform this operation using this permission."},
	"AuthorizationProtocolMismatch":     {403, "This request is not authorized to perform this operation using this protocol."},
	"AuthorizationResourceTypeMismatch": {403, "This request is not authorized to perform this operation using this resource type."},
	"AuthorizationSourceIPMismatch":     {403, "This request is not authorized to perform this operation using this source IP "},
	"InsufficientAccountPermissions":    {403, "Write operations are not allowed."},
	"InvalidAuthenticationInfo":         {401, "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."},
	"InvalidMetadata":                   {400, "The metadata specified is invalid. It has characters that are not permitted."},
	"InvalidQueryParameterValue":        {400, "Value for one of the query parameters specified in the request URI is invalid."},
	"InvalidResourceName":               {400, "The specifed resource name contains invalid characters."},
	"InvalidXmlDocument":                {400, "XML specified is not syntactically valid."},
	"MessageNotFound":                   {404, "The specified message does not exist."},
	"MetadataTooLarge":                  {400, "The size of the specified metadata exceeds the maximum size permitted."},
	"NoAuthenticationInformation":       {401, "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."},
	"OutOfRangeInput":                   {400, "The specified resource name length is not within the permissible limits."},
	"OutOfRangeQueryParameterValue":     {400, "One of the query parameters specified in the request URI is outside the permissible range."},
	"QueueAlreadyExists":                {409, "The specified queue already exists."},
	"QueueNotFound":                     {404, "The specified queue does not exist."},
	"ResourceNotFound":                  {404, "The specified resource does not exist."},
	"RequestBodyTooLarge":               {413, "The request body is too large and exceeds the maximum permissible limit."},
}

// refused expects an error of the service with this code, its status and its text, in the answer's
// body and headers alike. It gives the body, for its details.
func refused(t *testing.T, err error, code string) string {
	t.Helper()
	return refusedWith(t, err, code, refusals[code].text)
}

func refusedWith(t *testing.T, err error, code, text string) string {
	t.Helper()
	refusal := refusalOf(t, err)
	status := refusals[code].status
	if refusal.StatusCode != status || refusal.ErrorCode != code {
		t.Fatalf("want %d %s, got %v", status, code, refusal)
	}
	equal(t, refusal.RawResponse.Header.Get("x-ms-error-code"), code)
	body := bodyOf(t, refusal.RawResponse)
	if !strings.Contains(body, "<Code>"+code+"</Code>") || !strings.Contains(body, "<Message>"+text) {
		t.Fatalf("want the code %s and the text %q, got %s", code, text, body)
	}
	return body
}

// refusalOf is the SDK's error, if the service has answered with one.
func refusalOf(t *testing.T, err error) *azcore.ResponseError {
	t.Helper()
	var refusal *azcore.ResponseError
	if !errors.As(err, &refusal) {
		t.Fatalf("want a refusal by the service, got %v", err)
	}
	return refusal
}

func bodyOf(t *testing.T, answer *http.Response) string {
	t.Helper()
	return string(must(runtime.Payload(answer))(t))
}

// must gives what a call returns, if it succeeds: must(call())(t).
func must[T any](value T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func failure[T any](_ T, err error) error { return err }

func equal[T any](t *testing.T, got, want T) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

// sameTime compares instants, in whichever zone they are told.
func sameTime(t *testing.T, got *time.Time, want time.Time) {
	t.Helper()
	if got == nil || !got.Equal(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// about expects an instant so long after another. Both are cut to seconds, so one may be missing.
func about(t *testing.T, got, since *time.Time, after time.Duration) {
	t.Helper()
	if off := got.Sub(*since) - after; off < -2*time.Second || off > 2*time.Second {
		t.Fatalf("%v is not %v after %v", got, after, since)
	}
}

// caught makes a panic the failure of its test. Whoever asks for a value that an answer lacks ends
// with one, and would take all other tests along.
func caught(t *testing.T) {
	t.Helper()
	if reason := recover(); reason != nil {
		t.Errorf("%v\n%s", reason, debug.Stack())
	}
}
