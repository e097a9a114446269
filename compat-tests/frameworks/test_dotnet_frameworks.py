"""What the frameworks for .NET send: WebJobs, DurableTask, NServiceBus, Rebus, Orleans.

No .NET here: their calls are replayed as the .NET SDK writes them.
"""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

from wire import DOTNET, Message, Service

FOR_EVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone.utc)
TEN_MINUTES = 600
DAY = 24 * 60 * 60


def seconds(later: datetime | None, earlier: datetime) -> float:
    assert later is not None
    return (later - earlier).total_seconds()


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_s400_webjobs_renew_a_lease_by_updates_without_a_body_replayed(
    account, new_name, new_queue
):
    """The queue listener of WebJobs and Azure Functions, replayed: it asks a queue that is not
    there yet, gets up to 16 messages for ten minutes, renews the lease by an update that has no
    body, and deletes with the newest receipt."""
    missing = Service(account, DOTNET).queue(new_name("later"))
    missing.get(16, TEN_MINUTES).expect_error("QueueNotFound")
    missing.properties().expect_error("QueueNotFound")

    queue = new_queue(DOTNET, "jobs")
    assert queue.properties().expect(200).count == 0
    texts = [encoded(json.dumps({"job": number})) for number in range(3)]
    for text in texts:
        queue.put(text).expect(201)

    answer = queue.get(16, TEN_MINUTES).expect(200)
    messages = Message.all_of(answer)
    assert sorted(message.text for message in messages) == sorted(texts)
    for message in messages:
        assert message.dequeue_count == 1
        assert abs(seconds(message.next_visible, answer.date) - TEN_MINUTES) <= 1

    kept, given_back, deleted = messages
    receipt = queue.renew(kept.id, kept.receipt, TEN_MINUTES)
    receipt = queue.renew(kept.id, receipt, TEN_MINUTES)
    assert queue.get_all(16, TEN_MINUTES) == []
    queue.delete_message(kept.id, kept.receipt).expect_error("MessageNotFound")
    queue.delete_message(kept.id, receipt).expect(204)

    # Given back without a body, so the text is what it was.
    queue.renew(given_back.id, given_back.receipt, 0)
    (again,) = queue.get_all(16, TEN_MINUTES)
    assert (again.id, again.text, again.dequeue_count) == (given_back.id, given_back.text, 2)
    assert (again.inserted, again.expires) == (given_back.inserted, given_back.expires)

    queue.delete_message(again.id, again.receipt).expect(204)
    queue.delete_message(deleted.id, deleted.receipt).expect(204)
    assert queue.properties().expect(200).count == 0


def test_s401_webjobs_move_the_fifth_failure_to_the_poison_queue_replayed(new_name, new_queue):
    """The queue processor of WebJobs, replayed: a failure gives the message back by an update of
    0; the fifth puts it into `<queue>-poison`, creating that only when the put finds it missing."""
    queue = new_queue(DOTNET, "orders")
    poison = queue.sibling(f"{queue.name}-poison")
    try:
        text = encoded('{"order": "broken"}')
        sent = queue.put_one(text)
        for attempt in range(1, 6):
            (message,) = queue.get_all(16, TEN_MINUTES)
            assert (message.id, message.text) == (sent.id, text)
            assert message.dequeue_count == attempt
            if attempt < 5:
                queue.renew(message.id, message.receipt, 0)

        poison.put(text).expect_error("QueueNotFound")
        poison.create().expect(201)
        poison.put(text).expect(201)
        queue.delete_message(message.id, message.receipt).expect(204)

        assert queue.properties().expect(200).count == 0
        assert poison.properties().expect(200).count == 1
        (poisoned,) = poison.peek_all(32)
        assert (poisoned.text, poisoned.dequeue_count) == (text, 0)
        assert poisoned.id != sent.id
    finally:
        poison.delete().expect(204)


def test_s402_durabletask_delays_and_never_expires_replayed(new_queue, wait):
    """Control and work-item queues of DurableTask (Azure Storage), replayed: timers are messages
    with a delay, nothing ever expires, what cannot be worked on yet is backed off by updates, and
    the age of the oldest message is that of the first that a peek shows."""
    queue = new_queue(DOTNET, "control-00")
    queue.create().expect(204)

    answer = queue.put('{"$type":"TimerFired"}', visibility=7 * DAY, ttl=-1).expect(201)
    (timer,) = Message.all_of(answer)
    assert seconds(timer.next_visible, timer.inserted) == 7 * DAY
    assert timer.expires == FOR_EVER
    assert queue.peek_all(1) == []

    text = '{"$type":"TaskMessage","Input":"<&>"}'
    delayed = queue.put_one(text, visibility=2, ttl=-1)
    assert queue.get_all(32, 300) == []
    (message,) = wait(lambda: queue.get_all(32, 300))
    assert (message.id, message.text, message.dequeue_count) == (delayed.id, text, 1)
    assert message.expires == FOR_EVER
    assert queue.properties().expect(200).date >= delayed.next_visible

    queue.renew(message.id, message.receipt, 1)
    assert queue.get_all(32, 300) == []
    (oldest,) = wait(lambda: queue.peek_all(1))
    assert (oldest.id, oldest.dequeue_count) == (message.id, 1)
    answer = queue.peek(1).expect(200)
    assert 0 <= seconds(answer.date, oldest.inserted) < 60

    (message,) = queue.get_all(32, 300)
    assert (message.id, message.dequeue_count) == (delayed.id, 2)
    queue.delete_message(message.id, message.receipt).expect(204)
    assert queue.properties().expect(200).count == 1


def test_s406_nservicebus_reckons_with_the_servers_clock_replayed(new_queue):
    """The NServiceBus transport, replayed: 30 days to live, a lease that it believes in only as
    long as the next visible time is ahead of its clock, renewal, an error queue without an end."""
    queue = new_queue(DOTNET, "endpoint")
    errors = new_queue(DOTNET, "error")
    body = encoded(json.dumps({"Id": "4711", "Headers": {"NServiceBus.MessageId": "4711"}}))

    answer = queue.put(body, ttl=30 * DAY).expect(201)
    (sent,) = Message.all_of(answer)
    assert abs(seconds(answer.date, sent.inserted)) <= 1
    assert seconds(sent.expires, sent.inserted) == 30 * DAY
    assert sent.next_visible == sent.inserted

    answer = queue.get(32, 30).expect(200)
    (message,) = Message.all_of(answer)
    assert (message.text, message.inserted, message.expires) == (
        body,
        sent.inserted,
        sent.expires,
    )
    assert abs(seconds(message.next_visible, answer.date) - 30) <= 1
    clock = datetime.now(timezone.utc)
    assert abs(seconds(answer.date, clock)) < 30, "clocks differ: leases would seem to be over"

    receipt = queue.renew(message.id, message.receipt, 30)
    assert abs(seconds(errors.put_one(body, ttl=-1).expires, FOR_EVER)) == 0
    queue.delete_message(message.id, message.receipt).expect_error("MessageNotFound")
    queue.delete_message(message.id, receipt).expect(204)
    # A second acknowledgment of the same is what it takes for a lease that was lost.
    queue.delete_message(message.id, receipt).expect_error("MessageNotFound")
    assert queue.properties().expect(200).count == 0
    assert [message.text for message in errors.peek_all(32)] == [body]


def test_s407_rebus_defers_and_renews_replayed(new_queue, wait):
    """The Rebus transport, replayed: it defers by a visibility timeout, gets one message for five
    minutes, renews without a body, and acknowledges with the newest receipt or gives back by 0."""
    queue = new_queue(DOTNET, "rebus")
    queue.create().expect(204)
    text = json.dumps({"Headers": {"rbs2-msg-id": "1"}, "Body": encoded("{}")})

    deferred = queue.put_one(text, visibility=2)
    assert seconds(deferred.next_visible, deferred.inserted) == 2
    assert queue.get_all(1, 300) == []
    (message,) = wait(lambda: queue.get_all(1, 300))
    assert (message.id, message.text) == (deferred.id, text)
    assert message.inserted + timedelta(seconds=2) <= queue.peek(1).date

    receipt = message.receipt
    for _ in range(3):
        receipt = queue.renew(message.id, receipt, 300)
    queue.renew(message.id, receipt, 0)
    (again,) = queue.get_all(1, 300)
    assert (again.id, again.text, again.dequeue_count) == (message.id, text, 2)
    queue.delete_message(again.id, receipt).expect_error("MessageNotFound")
    queue.delete_message(again.id, again.receipt).expect(204)
    assert queue.properties().expect(200).count == 0


def test_s408_orleans_streams_in_batches_replayed(account, new_name):
    """The queue streams of Orleans, replayed: every silo creates all queues at the same time,
    pulls 32 messages at the default timeout, deletes them one by one at once, and clears."""
    names = [new_name(f"stream-{number}") for number in range(8)]

    def create_by_a_silo(name: str) -> int:
        return Service(account, DOTNET).queue(name).create().status

    with ThreadPoolExecutor(16) as silos:
        created = list(silos.map(create_by_a_silo, [*names, *names]))
    assert sorted(created) == [201] * 8 + [204] * 8

    queue = Service(account, DOTNET).queue(names[0])
    for number in range(40):
        queue.put(encoded(f"event {number}")).expect(201)
    answer = queue.get(32).expect(200)
    batch = Message.all_of(answer)
    assert len({message.id for message in batch}) == 32
    assert {message.dequeue_count for message in batch} == {1}
    assert abs(seconds(batch[0].next_visible, answer.date) - 30) <= 1

    def delete(message: Message) -> int:
        silo = Service(account, DOTNET).queue(queue.name)
        return silo.delete_message(message.id, message.receipt).status

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(delete, batch)) == [204] * 32
    assert queue.properties().expect(200).count == 8
    rest = queue.get_all(32)
    assert len(rest) == 8
    assert not {message.id for message in rest} & {message.id for message in batch}

    queue.clear().expect(204)
    assert queue.properties().expect(200).count == 0
    queue.sibling(new_name("stream-none")).clear().expect_error("QueueNotFound")
