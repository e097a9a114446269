"""What KEDA and Dapr send, replayed as the SDK for Go writes it."""

from __future__ import annotations

import base64

from wire import GO, Service


def test_s403_keda_asks_how_long_the_queue_is_replayed(account, new_name, new_queue):
    """KEDA's scaler, replayed: `queueLengthStrategy: all` takes the approximate count; `visibleonly`
    peeks 32, and falls back to the count when it sees all 32."""
    queue = new_queue(GO, "scaled")
    for number in range(35):
        queue.put(f"work {number}").expect(201)
    assert queue.properties().expect(200).count == 35
    assert len(queue.peek_all(32)) == 32

    assert len(queue.get_all(30, 60)) == 30
    assert len(queue.peek_all(32)) == 5
    assert queue.properties().expect(200).count == 35

    queue.clear().expect(204)
    assert queue.peek_all(32) == []
    assert queue.properties().expect(200).count == 0

    missing = Service(account, GO).queue(new_name("not-there"))
    missing.properties().expect_error("QueueNotFound")
    missing.peek(32).expect_error("QueueNotFound")


def test_s404_dapr_creates_what_exists_and_ends_in_a_slash_replayed(new_queue):
    """Dapr's binding, replayed: it creates its queue at every start without looking, addresses it
    with a slash at its end, lets messages live for ten minutes, gets one for 30 seconds, and with
    `encodeBase64` and `decodeBase64` has Base64 on both ways."""
    queue = new_queue(GO, "binding")
    queue.create().expect(204)
    queue.create(slash="/").expect(204)
    assert queue.properties(slash="/").expect(200).count == 0

    text = base64.b64encode('{"data": "grüße"}'.encode()).decode()
    sent = queue.put_one(text, visibility=0, ttl=600)
    assert (sent.expires - sent.inserted).total_seconds() == 600

    (message,) = queue.get_all(1, 30)
    assert (message.id, message.text) == (sent.id, text)
    assert base64.b64decode(message.text).decode() == '{"data": "grüße"}'
    assert queue.get_all(1, 30) == []
    queue.delete_message(message.id, message.receipt).expect(204)
    assert queue.properties().expect(200).count == 0
