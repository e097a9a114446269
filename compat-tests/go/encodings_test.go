package compat

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"compat/azqueue"
)

// toTheLetter expects a text to be peeked and got as it was put.
func toTheLetter(t *testing.T, text string) {
	t.Helper()
	queue := newQueue(t)
	put(t, queue, text)
	equal(t, *peek(t, queue)[0].MessageText, text)
	equal(t, *getOne(t, queue, 60).MessageText, text)
}

func TestS155_text_is_sent_as_it_is(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	put(t, queue, "Just text, as it is: a+b=c; 100%")
	another := must(azqueue.NewQueueClientWithSharedKeyCredential(queue.URL(), credential(t), options()))(t)
	equal(t, *getOne(t, another, 60).MessageText, "Just text, as it is: a+b=c; 100%")
}

func TestS156_base64_is_the_clients_affair(t *testing.T) {
	defer caught(t)
	t.Parallel()
	// The SDK has no encoding of its own: its users call the standard library.
	sent := []byte{0, 1, 2, 250, 251, 252, 253, 254, 255}
	encoded := base64.StdEncoding.EncodeToString(sent)
	queue := newQueue(t)
	put(t, queue, encoded)
	equal(t, *peek(t, queue)[0].MessageText, encoded)
	equal(t, must(base64.StdEncoding.DecodeString(*getOne(t, queue, 60).MessageText))(t), sent)
}

func TestS157_markup_is_text(t *testing.T) {
	defer caught(t)
	t.Parallel()
	toTheLetter(t, `<a>&amp;"'</a> ]]> <!-- -->`)
}

func TestS158_white_space_stays(t *testing.T) {
	defer caught(t)
	t.Parallel()
	toTheLetter(t, " \t\n two  blanks,\t\ttabs\n\nand lines \n\t ")
}

func TestS159_every_plane_of_unicode(t *testing.T) {
	defer caught(t)
	t.Parallel()
	toTheLetter(t, "äöüß 汉字 العربية e\u0301 \U0001F469\u200D\U0001F469\u200D\U0001F467 \U0010FFFF")
}

func TestS160_what_xml_cannot_carry_is_refused(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	// The SDK would put U+FFFD in its place.
	err := failure(queue.EnqueueMessage(changed(body("<QueueMessage><MessageText>a\u0001b</MessageText></QueueMessage>")), "", nil))
	refused(t, err, "InvalidXmlDocument")
	equal(t, count(t, queue), 0)
}

func TestS161_the_limit_counts_bytes_not_characters(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	fits := strings.Repeat("汉", 21_845) + "a"
	put(t, queue, fits)
	equal(t, *getOne(t, queue, 60).MessageText, fits)
	refused(t, failure(queue.EnqueueMessage(ctx, fits+"a", nil)), "RequestBodyTooLarge")
}

func TestS162_48_kib_of_bytes_fit_with_base64(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue := newQueue(t)
	fits := bytes.Repeat([]byte{0, 127, 255}, 49_152/3)
	put(t, queue, base64.StdEncoding.EncodeToString(fits))
	got := must(base64.StdEncoding.DecodeString(*getOne(t, queue, 60).MessageText))(t)
	equal(t, bytes.Equal(got, fits), true)
	err := failure(queue.EnqueueMessage(ctx, base64.StdEncoding.EncodeToString(append(fits, 1)), nil))
	refused(t, err, "RequestBodyTooLarge")
}

func TestS163_json_goes_through(t *testing.T) {
	defer caught(t)
	t.Parallel()
	toTheLetter(t, "{\n  \"name\": \"a \\\"quoted\\\" name\",\n  \"path\": \"C:\\\\temp\",\n  \"line\": \"one\\ntwo\",\n  \"list\": [1, null, true]\n}\n")
}

func TestS164_an_update_keeps_what_it_is_given(t *testing.T) {
	defer caught(t)
	t.Parallel()
	queue, message := gotten(t)
	text := " <b>&amp;</b>\t\n\U0001F600 ]]> \n"
	must(update(queue, message.MessageID, message.PopReceipt, text, 0))(t)
	equal(t, *getOne(t, queue, 60).MessageText, text)
}
