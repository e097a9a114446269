// Reads compose files as Docker Compose does, and Kubernetes manifests as its API server does, which
// knows every field and refuses others. Kinds that are not Kubernetes' own are named and left alone.
package main

import (
	"bytes"
	"context"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/kubernetes/scheme"
)

func main() {
	failed := false
	for _, file := range os.Args[2:] {
		var err error
		if os.Args[1] == "compose" {
			err = compose(file)
		} else {
			err = manifests(file)
		}
		if err != nil {
			fmt.Printf("%s: %v\n", file, err)
			failed = true
		}
	}
	if failed {
		os.Exit(1)
	}
}

func compose(file string) error {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithName("example"))
	if err != nil {
		return err
	}
	_, err = options.LoadProject(context.Background())
	return err
}

func manifests(file string) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	for _, document := range bytes.Split(content, []byte("\n---\n")) {
		_, _, err := decoder.Decode(document, nil, nil)
		if runtime.IsNotRegisteredError(err) {
			fmt.Printf("%s: not checked: %v\n", file, err)
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}
