package compat

import (
	"testing"

	"compat/azqueue"
)

func setMetadata(queue *azqueue.QueueClient, metadata map[string]string) error {
	return failure(queue.SetMetadata(ctx, &azqueue.SetMetadataOptions{Metadata: pairs(metadata)}))
}

func TestS040_metadata_are_kept(t *testing.T) {
	defer caught(t)
	t.Parallel()
	want := map[string]string{"color": "blue", "size": "12"}
	equal(t, metadata(t, create(t, newName(), pairs(want))), want)
}

func TestS041_setting_metadata_replaces_them_all(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := create(t, newName(), pairs(map[string]string{"color": "blue", "size": "12"}))
	must(0, setMetadata(queue, map[string]string{"shape": "round"}))(t)
	equal(t, metadata(t, queue), map[string]string{"shape": "round"})
	must(0, setMetadata(queue, nil))(t)
	equal(t, metadata(t, queue), map[string]string{})
}

func TestS042_names_are_the_same_in_any_case(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	must(0, setMetadata(queue, map[string]string{"MixedCase": "Value"}))(t)
	equal(t, metadata(t, queue), map[string]string{"mixedcase": "Value"})
}

func TestS043_a_name_that_is_no_identifier_is_refused(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := create(t, newName(), pairs(map[string]string{"color": "blue"}))
	for _, name := range []string{"1st", "a-b"} {
		refused(t, setMetadata(queue, map[string]string{name: "value"}), "InvalidMetadata")
	}
	equal(t, metadata(t, queue), map[string]string{"color": "blue"})
}

func TestS044_metadata_are_at_most_8_kib(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	long := map[string]string{"long": text(8000)}
	must(0, setMetadata(queue, long))(t)
	equal(t, metadata(t, queue), long)
	refused(t, setMetadata(queue, map[string]string{"one": text(4096), "two": text(4096)}), "MetadataTooLarge")
	equal(t, metadata(t, queue), long)
}

func TestS045_values_keep_what_a_header_can_carry(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	want := map[string]string{
		"spaces": "one two three", "commas": "a,b, c", "quotes": `"quoted" and 'quoted'`, "equals": "a=b==",
		"percent": "%41%2B", "signs": "!#$%&'()*+,-./:;<=>?@[]^_`{|}~",
	}
	must(0, setMetadata(queue, want))(t)
	equal(t, metadata(t, queue), want)
}

func TestS046_names_with_an_underscore_are_signed_as_the_client_sorts_them(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	want := map[string]string{"a_b": "1", "a1": "2", "ab": "3", "a": "4", "_a": "5"}
	must(0, setMetadata(queue, want))(t)
	equal(t, metadata(t, queue), want)
}

func TestS047_the_count_of_messages_is_in_the_metadata(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	for _, text := range []string{"one", "two", "three"} {
		put(t, queue, text)
	}
	getOne(t, queue, 60)
	equal(t, count(t, queue), 3)
}
