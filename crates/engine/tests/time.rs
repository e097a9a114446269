//! Seven days of visibility in a microsecond.

#![allow(clippy::unwrap_used, reason = "in a test a wrong value may end it")]

use queuerite_engine::{EngineError, EngineOptions};
use queuerite_model::{
    DequeuedMessage, ListQueues, MessageText, Metadata, Operation, Outcome, PutMessage, TimeToLive,
    UpdatedMessage, VisibilityTimeout,
};
use queuerite_testkit::{Sim, queue_name, text};

#[test]
fn a_message_got_for_seven_days_is_back_after_seven_days_and_not_before() {
    let mut sim = with_queue();
    put(&mut sim, "a", 0, TimeToLive::Never);
    assert_eq!(get(&mut sim, 604_800)[0].peeked.text, text("a"));
    sim.wait(604_799);
    assert!(get(&mut sim, 30).is_empty());
    sim.wait(1);
    assert_eq!(get(&mut sim, 30)[0].peeked.dequeue_count.0, 2);
}

#[test]
fn a_message_expires_after_its_time_to_live_hidden_or_not() {
    let mut sim = with_queue();
    put(&mut sim, "a", 0, TimeToLive::DEFAULT);
    put(&mut sim, "b", 0, TimeToLive::Seconds(604_801));
    let held = get(&mut sim, 604_800);
    sim.wait(604_800);
    let receipt = held[0].pop_receipt;
    assert_eq!(
        delete(&mut sim, &held[0], receipt),
        Err(EngineError::MessageNotFound)
    );
    assert_eq!(count(&mut sim), 1);
    assert_eq!(peek(&mut sim), ["b"]);
    sim.wait(1);
    assert!(peek(&mut sim).is_empty());
}

#[test]
fn a_message_that_never_expires_does_not() {
    let mut sim = with_queue();
    put(&mut sim, "a", 0, TimeToLive::Never);
    sim.wait(100 * 365 * 24 * 60 * 60);
    sim.sweep();
    assert_eq!(peek(&mut sim), ["a"]);
}

#[test]
fn a_message_that_reappears_comes_after_those_that_were_visible_before_it() {
    let mut sim = with_queue();
    put(&mut sim, "failing", 0, TimeToLive::DEFAULT);
    assert_eq!(get(&mut sim, 10).len(), 1);
    sim.wait(5);
    put(&mut sim, "younger", 0, TimeToLive::DEFAULT);
    sim.wait(5);
    put(&mut sim, "youngest", 0, TimeToLive::DEFAULT);
    assert_eq!(peek(&mut sim), ["younger", "failing", "youngest"]);
}

#[test]
fn messages_put_at_one_instant_come_in_the_order_of_insertion() {
    let mut sim = with_queue();
    for n in 0..40 {
        put(&mut sim, &n.to_string(), 0, TimeToLive::DEFAULT);
    }
    let got: Vec<_> = get_many(&mut sim, 32)
        .into_iter()
        .map(|m| m.peeked.text)
        .collect();
    let expected: Vec<_> = (0..32).map(|n| text(&n.to_string())).collect();
    assert_eq!(got, expected);
}

#[test]
fn the_receipt_outlives_the_visibility_timeout_until_the_next_get() {
    let mut sim = with_queue();
    put(&mut sim, "a", 0, TimeToLive::DEFAULT);
    let first = get(&mut sim, 1).remove(0);
    sim.wait(2);
    let second = get(&mut sim, 1).remove(0);
    sim.wait(2);
    assert_eq!(
        delete(&mut sim, &first, first.pop_receipt),
        Err(EngineError::MessageNotFound)
    );
    assert_eq!(
        delete(&mut sim, &second, second.pop_receipt),
        Ok(Outcome::MessageDeleted)
    );
}

#[test]
fn two_updates_to_the_same_instant_give_two_receipts() {
    let mut sim = with_queue();
    let put = put(&mut sim, "a", 0, TimeToLive::DEFAULT);
    let first = update(&mut sim, &put, put.pop_receipt, 10).unwrap();
    sim.wait(4);
    let second = update(&mut sim, &put, first.pop_receipt, 6).unwrap();
    assert_eq!(first.time_next_visible, second.time_next_visible);
    assert_eq!(
        update(&mut sim, &put, first.pop_receipt, 0),
        Err(EngineError::MessageNotFound)
    );
    assert!(update(&mut sim, &put, second.pop_receipt, 0).is_ok());
}

#[test]
fn an_update_must_not_hide_a_message_beyond_its_expiration() {
    let mut sim = with_queue();
    let put = put(&mut sim, "a", 0, TimeToLive::Seconds(100));
    sim.wait(40);
    let refused = update(&mut sim, &put, put.pop_receipt, 61);
    assert_eq!(refused, Err(EngineError::VisibilityBeyondExpiration));
    assert!(update(&mut sim, &put, put.pop_receipt, 60).is_ok());
}

/// As the cloud does it.
const STRICT: EngineOptions = EngineOptions {
    queue_deletion_seconds: 30,
};

#[test]
fn the_name_of_a_deleted_queue_stays_taken_for_as_long_as_asked() {
    let mut sim = Sim::new(1, STRICT);
    create(&mut sim).unwrap();
    delete_queue(&mut sim).unwrap();
    assert_eq!(create(&mut sim), Err(EngineError::QueueBeingDeleted));
    assert_eq!(delete_queue(&mut sim), Err(EngineError::QueueNotFound));
    sim.restart();
    sim.wait(29);
    assert_eq!(create(&mut sim), Err(EngineError::QueueBeingDeleted));
    sim.wait(1);
    assert_eq!(create(&mut sim), Ok(Outcome::QueueCreated));
}

#[test]
fn the_name_of_a_deleted_queue_stays_taken_when_old_frames_go() {
    for (relocates, frames) in [(false, 5), (true, 3)] {
        let mut sim = Sim::new(1, STRICT);
        create(&mut sim).unwrap();
        delete_queue(&mut sim).unwrap();
        create_called(&mut sim, "others").unwrap();
        let queue = queue_name("others");
        let put = Operation::PutMessage {
            queue: queue.clone(),
            text: text("soon gone"),
            visibility_timeout: VisibilityTimeout::from_seconds(0).unwrap(),
            time_to_live: TimeToLive::DEFAULT,
        };
        sim.run(put).unwrap();
        sim.run(Operation::ClearMessages { queue }).unwrap();
        for _ in 0..3 {
            if relocates {
                sim.relocate();
            }
            sim.forget();
            sim.restart();
        }
        assert_eq!(sim.frames(), frames);
        sim.wait(29);
        sim.sweep();
        sim.forget();
        sim.restart();
        assert_eq!(create(&mut sim), Err(EngineError::QueueBeingDeleted));
        assert_eq!(names(&mut sim), ["others"]);
        sim.wait(1);
        assert_eq!(create(&mut sim), Ok(Outcome::QueueCreated));
        sim.restart();
        assert_eq!(names(&mut sim), ["orders", "others"]);
    }
}

#[test]
fn the_name_of_a_deleted_queue_pins_old_frames_until_it_is_swept_or_given_to_another_queue() {
    for is_swept in [true, false] {
        let mut sim = Sim::new(1, STRICT);
        create(&mut sim).unwrap();
        delete_queue(&mut sim).unwrap();
        assert_eq!(sim.engine.next_deadline(), Some(sim.now.plus_seconds(30)));
        sim.wait(30);
        sim.forget();
        assert_eq!(sim.frames(), 2);
        if is_swept {
            sim.sweep();
            assert_eq!(sim.engine.next_deadline(), None);
        } else {
            create(&mut sim).unwrap();
        }
        sim.forget();
        assert_eq!(sim.frames(), 1);
    }
}

#[test]
fn what_the_name_of_a_deleted_queue_pinned_goes_after_a_restart_that_asks_for_no_time() {
    let mut sim = Sim::new(1, STRICT);
    create(&mut sim).unwrap();
    delete_queue(&mut sim).unwrap();
    sim.relocate();
    sim.options = EngineOptions::default();
    sim.restart();
    create(&mut sim).unwrap();
    delete_queue(&mut sim).unwrap();
    sim.forget();
    assert_eq!(sim.frames(), 1);

    create(&mut sim).unwrap();
    delete_queue(&mut sim).unwrap();
    sim.options = STRICT;
    sim.restart();
    assert_eq!(create(&mut sim), Ok(Outcome::QueueCreated));
    sim.forget();
    assert_eq!(sim.frames(), 1);
}

#[test]
fn by_default_a_deleted_queue_can_be_created_at_once_and_is_empty() {
    let mut sim = with_queue();
    put(&mut sim, "a", 0, TimeToLive::DEFAULT);
    delete_queue(&mut sim).unwrap();
    assert_eq!(create(&mut sim), Ok(Outcome::QueueCreated));
    assert_eq!(count(&mut sim), 0);
}

#[test]
fn sweeping_forgets_what_has_expired_and_says_when_to_come_again() {
    let mut sim = with_queue();
    put(&mut sim, "a", 0, TimeToLive::Seconds(10));
    put(&mut sim, "b", 0, TimeToLive::Seconds(20));
    assert_eq!(sim.engine.next_deadline(), Some(sim.now.plus_seconds(10)));
    sim.wait(10);
    sim.sweep();
    assert_eq!(sim.engine.messages_held(), 1);
    assert_eq!(sim.engine.next_deadline(), Some(sim.now.plus_seconds(10)));
    sim.wait(10);
    sim.sweep();
    assert_eq!(
        (sim.engine.messages_held(), sim.engine.next_deadline()),
        (0, None)
    );
}

#[test]
fn a_log_shrinks_when_messages_are_worked_off_and_one_that_nobody_takes_does_not_pin_it() {
    let mut sim = with_queue();
    put(&mut sim, "nobody takes me", 500_000, TimeToLive::DEFAULT);
    for n in 0..1000 {
        put(&mut sim, &n.to_string(), 0, TimeToLive::DEFAULT);
        let got = get(&mut sim, 30).remove(0);
        delete(&mut sim, &got, got.pop_receipt).unwrap();
        sim.relocate();
        sim.forget();
    }
    assert!(sim.frames() < 10, "{} frames", sim.frames());
    sim.restart();
    sim.wait(500_000);
    assert_eq!(peek(&mut sim), ["nobody takes me"]);
}

fn with_queue() -> Sim {
    let mut sim = Sim::new(1, EngineOptions::default());
    create(&mut sim).unwrap();
    sim
}

fn create(sim: &mut Sim) -> Result<Outcome<MessageText>, EngineError> {
    create_called(sim, "orders")
}

fn create_called(sim: &mut Sim, name: &str) -> Result<Outcome<MessageText>, EngineError> {
    sim.run(Operation::CreateQueue {
        queue: queue_name(name),
        metadata: Metadata::default(),
    })
}

fn delete_queue(sim: &mut Sim) -> Result<Outcome<MessageText>, EngineError> {
    let queue = queue_name("orders");
    sim.run(Operation::DeleteQueue { queue })
}

fn names(sim: &mut Sim) -> Vec<String> {
    let Ok(Outcome::QueuesListed(page)) = sim.run(Operation::ListQueues(ListQueues::default()))
    else {
        panic!("no list")
    };
    let queues = page.queues.iter();
    queues.map(|queue| queue.name.to_string()).collect()
}

fn put(sim: &mut Sim, message: &str, hidden: u32, time_to_live: TimeToLive) -> PutMessage {
    let put = Operation::PutMessage {
        queue: queue_name("orders"),
        text: text(message),
        visibility_timeout: VisibilityTimeout::from_seconds(hidden).unwrap(),
        time_to_live,
    };
    match sim.run(put) {
        Ok(Outcome::MessagePut(message)) => message,
        other => panic!("{other:?}"),
    }
}

fn get(sim: &mut Sim, hidden: u32) -> Vec<DequeuedMessage<MessageText>> {
    get_with(sim, 1, hidden)
}

fn get_many(sim: &mut Sim, count: u32) -> Vec<DequeuedMessage<MessageText>> {
    get_with(sim, count, 30)
}

fn get_with(sim: &mut Sim, count: u32, hidden: u32) -> Vec<DequeuedMessage<MessageText>> {
    let visibility_timeout = VisibilityTimeout::from_seconds(hidden).unwrap();
    match sim.run(Operation::GetMessages {
        queue: queue_name("orders"),
        count,
        visibility_timeout,
    }) {
        Ok(Outcome::MessagesDequeued(messages)) => messages,
        other => panic!("{other:?}"),
    }
}

fn peek(sim: &mut Sim) -> Vec<String> {
    match sim.run(Operation::PeekMessages {
        queue: queue_name("orders"),
        count: 32,
    }) {
        Ok(Outcome::MessagesPeeked(messages)) => messages
            .iter()
            .map(|message| message.text.as_str().to_owned())
            .collect(),
        other => panic!("{other:?}"),
    }
}

fn delete(
    sim: &mut Sim,
    message: &DequeuedMessage<MessageText>,
    pop_receipt: queuerite_model::PopReceipt,
) -> Result<Outcome<MessageText>, EngineError> {
    let queue = queue_name("orders");
    sim.run(Operation::DeleteMessage {
        queue,
        message: Some(message.peeked.id),
        pop_receipt,
    })
}

fn update(
    sim: &mut Sim,
    message: &PutMessage,
    pop_receipt: queuerite_model::PopReceipt,
    hidden: u32,
) -> Result<UpdatedMessage, EngineError> {
    let update = Operation::UpdateMessage {
        queue: queue_name("orders"),
        message: Some(message.id),
        pop_receipt,
        visibility_timeout: VisibilityTimeout::from_seconds(hidden).unwrap(),
        text: None,
    };
    match sim.run(update)? {
        Outcome::MessageUpdated(updated) => Ok(updated),
        other => panic!("{other:?}"),
    }
}

fn count(sim: &mut Sim) -> u64 {
    match sim.run(Operation::GetQueueMetadata {
        queue: queue_name("orders"),
    }) {
        Ok(Outcome::QueueMetadata {
            approximate_messages_count,
            ..
        }) => approximate_messages_count,
        other => panic!("{other:?}"),
    }
}
