package compat

import (
	"context"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
)

// A change makes of the SDK's request one that the SDK would not send by itself. It comes before the
// signature, so what arrives is signed properly.
type change func(*policy.Request)

type changesKey struct{}

// changed is a context for a call whose request is to be changed.
func changed(changes ...change) context.Context {
	return context.WithValue(ctx, changesKey{}, changes)
}

type changing struct{}

func (changing) Do(request *policy.Request) (*http.Response, error) {
	changes, _ := request.Raw().Context().Value(changesKey{}).([]change)
	for _, change := range changes {
		change(request)
	}
	return request.Next()
}

func query(name, value string) change {
	return func(request *policy.Request) {
		parameters := request.Raw().URL.Query()
		parameters.Set(name, value)
		request.Raw().URL.RawQuery = parameters.Encode()
	}
}

func header(name, value string) change {
	return func(request *policy.Request) { request.Raw().Header[name] = []string{value} }
}

func method(name string) change {
	return func(request *policy.Request) { request.Raw().Method = name }
}

func body(xml string) change {
	return func(request *policy.Request) {
		if err := request.SetBody(streaming.NopCloser(strings.NewReader(xml)), "application/xml"); err != nil {
			panic(err)
		}
	}
}

// noBody leaves the body out.
func noBody(request *policy.Request) {
	if err := request.SetBody(streaming.NopCloser(strings.NewReader("")), ""); err != nil {
		panic(err)
	}
	request.Raw().Header.Del("Content-Type")
}

// answering is a context that keeps the raw answer of a call.
func answering(parent context.Context, answer **http.Response) context.Context {
	return runtime.WithCaptureResponse(parent, answer)
}
