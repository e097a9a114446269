//! Messages: put, get, peek, update, delete, clear, visibility, expiration, order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use azure_core::time::{parse_rfc3339, parse_rfc7231};
use azure_storage_queue::models::ReceivedMessage;
use azure_storage_queue::models::{QueueClientReceiveMessagesOptions, QueueMessage};
use futures::future::try_join_all;

use crate::check::{about, has_code, refused};
use crate::endpoint::{
    Handle, Queue, comes_back, count, delete, get, get_one, hidden_living, new_queue, now,
    patience, peek, put, try_get, try_peek, try_put, until, update,
};

const WEEK: azure_core::time::Duration = azure_core::time::Duration::days(7);
const MALFORMED: &str = "not a receipt";

/// An id that no message has, with a receipt that some message once had.
pub async fn unknown_message() -> (String, String) {
    let another = put(&*new_queue().await, "another").await;
    (
        "6f6c7dd0-5f5b-4a6b-9a35-0a6f6f9d9a11".to_owned(),
        another.receipt().to_owned(),
    )
}

/// Puts so many messages, their texts numbered, all at once.
pub async fn put_many(queue: &Queue, count: usize) {
    let texts: Vec<_> = (0..count).map(|number| number.to_string()).collect();
    // Not more at a time than the server has to hold connections for.
    for some in texts.chunks(20) {
        try_join_all(some.iter().map(|text| try_put(queue, text, None)))
            .await
            .unwrap();
    }
}

/// Puts ten messages one after the other, and gives their texts.
async fn ten(queue: &Queue) -> Vec<String> {
    let texts: Vec<_> = (0..10).map(|number| format!("message {number}")).collect();
    for text in &texts {
        put(queue, text).await;
    }
    texts
}

/// A queue with one message, which was got and is hidden for a minute.
pub async fn gotten() -> (Queue, ReceivedMessage) {
    let queue = new_queue().await;
    put(&queue, "text").await;
    let message = get_one(&queue, 60).await;
    (queue, message)
}

async fn put_living(queue: &Queue, seconds: i32) {
    try_put(queue, "text", hidden_living(None, Some(seconds)))
        .await
        .unwrap();
}

fn text(message: &ReceivedMessage) -> &str {
    message.message_text.as_deref().unwrap_or_default()
}

// Put

#[tokio::test]
async fn s070_what_a_put_answers() {
    let queue = new_queue().await;
    let sent = QueueMessage {
        message_text: Some("text".to_owned()),
    };
    let answer = queue
        .send_message(sent.try_into().unwrap(), None)
        .await
        .unwrap();
    let date = parse_rfc7231(answer.headers().get_str(&"date".into()).unwrap()).unwrap();
    let message = answer.into_model().unwrap().into_message().unwrap();
    about(message.insertion_time, date, 0);
    assert_eq!(
        message.expiration_time,
        message.insertion_time.map(|time| time + WEEK)
    );
    assert_eq!(message.time_next_visible, message.insertion_time);
    assert!(!message.id().is_empty() && !message.receipt().is_empty());
}

#[tokio::test]
async fn s071_every_message_has_an_id_of_its_own() {
    let queue = new_queue().await;
    let mut ids = BTreeSet::new();
    for _ in 0..10 {
        ids.insert(put(&queue, "the same").await.message_id);
    }
    assert_eq!(ids.len(), 10);
}

#[tokio::test]
async fn s072_a_message_may_live_for_ever() {
    let queue = new_queue().await;
    let message = try_put(&queue, "text", hidden_living(None, Some(-1)))
        .await
        .unwrap();
    let end = parse_rfc3339("9999-12-31T23:59:59Z").unwrap();
    assert_eq!(message.expiration_time, Some(end));
}

#[tokio::test]
async fn s073_a_time_to_live_is_what_it_was_asked_to_be() {
    let queue = new_queue().await;
    for seconds in [60, 1_073_741_824] {
        let message = try_put(&queue, "text", hidden_living(None, Some(seconds)))
            .await
            .unwrap();
        let lives = message.expiration_time.unwrap() - message.insertion_time.unwrap();
        assert_eq!(lives.whole_seconds(), i64::from(seconds));
    }
}

#[tokio::test]
async fn s074_a_time_to_live_of_0_or_minus_2_is_refused() {
    let queue = new_queue().await;
    for seconds in [0, -2] {
        let answer = try_put(&queue, "text", hidden_living(None, Some(seconds))).await;
        // The reference does not settle which of the two it is.
        let out_of_range = "OutOfRangeQueryParameterValue";
        if answer
            .as_ref()
            .is_err_and(|error| has_code(error, out_of_range))
        {
            refused(answer, out_of_range);
        } else {
            refused(answer, "InvalidQueryParameterValue");
        }
    }
    assert_eq!(count(&queue).await, 0);
}

#[tokio::test]
async fn s075_a_message_may_be_put_hidden() {
    let queue = new_queue().await;
    let message = try_put(&queue, "text", hidden_living(Some(60), None))
        .await
        .unwrap();
    let hidden = message.time_next_visible.unwrap() - message.insertion_time.unwrap();
    assert_eq!(hidden.whole_seconds(), 60);
    assert!(get(&queue, 1, 1).await.is_empty());
    assert!(peek(&queue).await.is_empty());
    assert_eq!(count(&queue).await, 1);
}

#[tokio::test]
async fn s076_a_message_must_not_be_hidden_for_as_long_as_it_lives() {
    let queue = new_queue().await;
    for (hidden, living) in [(604_800, None), (10, Some(10))] {
        let answer = try_put(&queue, "text", hidden_living(Some(hidden), living)).await;
        refused(answer, "InvalidQueryParameterValue");
    }
    try_put(&queue, "text", hidden_living(Some(604_799), None))
        .await
        .unwrap();
    assert_eq!(count(&queue).await, 1);
}

#[tokio::test]
async fn s077_a_visibility_timeout_has_limits_when_a_message_is_put() {
    let queue = new_queue().await;
    for seconds in [-1, 604_801] {
        let answer = try_put(&queue, "text", hidden_living(Some(seconds), Some(-1))).await;
        refused(answer, "OutOfRangeQueryParameterValue");
    }
}

#[tokio::test]
async fn s078_exactly_64_kib_fit() {
    let queue = new_queue().await;
    put(&queue, &"a".repeat(65_536)).await;
    assert!(text(&get_one(&queue, 60).await) == "a".repeat(65_536));
    refused(
        try_put(&queue, &"a".repeat(65_537), None).await,
        "RequestBodyTooLarge",
    );
    assert_eq!(count(&queue).await, 1);
}

#[tokio::test]
async fn s079_an_empty_text_is_a_text() {
    let queue = new_queue().await;
    put(&queue, "").await;
    assert_eq!(text(&get_one(&queue, 60).await), "");
}

#[tokio::test]
async fn s080_the_receipt_of_a_put_is_good_at_once() {
    let queue = new_queue().await;
    let message = put(&queue, "text").await;
    delete(&queue, &message).await.unwrap();
    assert!(peek(&queue).await.is_empty());
    assert_eq!(count(&queue).await, 0);
}

// Get

#[tokio::test]
async fn s090_what_a_get_answers() {
    let queue = new_queue().await;
    let sent = put(&queue, "text").await;
    let begun = now();
    let messages = try_get(&queue, None, None).await.unwrap();
    assert_eq!(messages.len(), 1);
    let got = &messages[0];
    assert_eq!(got.message_id, sent.message_id);
    assert_eq!(text(got), "text");
    assert_eq!(got.insertion_time, sent.insertion_time);
    assert_eq!(got.expiration_time, sent.expiration_time);
    about(got.time_next_visible, begun, 30);
    assert_eq!(got.dequeue_count, Some(1));
    assert!(!got.receipt().is_empty() && got.receipt() != sent.receipt());
}

#[tokio::test]
async fn s091_an_empty_queue_gives_nothing() {
    let queue = new_queue().await;
    let options = QueueClientReceiveMessagesOptions::default();
    let answer = queue.receive_messages(Some(options)).await.unwrap();
    assert_eq!(u16::from(answer.status()), 200);
    assert!(
        answer
            .into_model()
            .unwrap()
            .items
            .unwrap_or_default()
            .is_empty()
    );
}

#[tokio::test]
async fn s092_a_get_brings_as_many_as_are_asked_for() {
    let queue = new_queue().await;
    put_many(&queue, 40).await;
    assert_eq!(get(&queue, 32, 60).await.len(), 32);
    assert_eq!(get(&queue, 32, 60).await.len(), 8);
}

#[tokio::test]
async fn s093_the_number_of_messages_has_limits() {
    let queue = new_queue().await;
    for count in [0, 33] {
        refused(
            try_get(&queue, Some(count), None).await,
            "OutOfRangeQueryParameterValue",
        );
    }
}

#[tokio::test]
async fn s094_a_visibility_timeout_has_limits_when_a_message_is_got() {
    let queue = new_queue().await;
    put(&queue, "text").await;
    for seconds in [0, 604_801] {
        refused(
            try_get(&queue, None, Some(seconds)).await,
            "OutOfRangeQueryParameterValue",
        );
    }
    let begun = now();
    about(
        get_one(&queue, 604_800).await.time_next_visible,
        begun,
        604_800,
    );
}

#[tokio::test]
async fn s095_a_message_that_was_got_is_hidden() {
    let (queue, _) = gotten().await;
    assert!(get(&queue, 1, 60).await.is_empty());
    assert!(peek(&queue).await.is_empty());
}

#[tokio::test]
async fn s096_each_get_counts() {
    let queue = new_queue().await;
    put(&queue, "text").await;
    let first = get_one(&queue, 1).await;
    assert_eq!(first.dequeue_count, Some(1));
    let second = comes_back(&queue, 60).await;
    assert_eq!(second.message_id, first.message_id);
    assert_eq!(second.dequeue_count, Some(2));
    assert_ne!(second.pop_receipt, first.pop_receipt);
}

#[tokio::test]
async fn s097_messages_of_one_get_share_a_receipt_and_a_time() {
    let queue = new_queue().await;
    put_many(&queue, 3).await;
    let messages = get(&queue, 3, 60).await;
    assert_eq!(messages.len(), 3);
    for message in &messages {
        assert_eq!(message.time_next_visible, messages[0].time_next_visible);
        assert_eq!(message.pop_receipt, messages[0].pop_receipt);
    }
}

#[tokio::test]
async fn s098_a_message_may_be_hidden_beyond_its_end() {
    let queue = new_queue().await;
    put_living(&queue, 60).await;
    let message = get_one(&queue, 3600).await;
    assert!(message.time_next_visible.unwrap() > message.expiration_time.unwrap());
}

#[tokio::test]
async fn s099_a_client_can_read_a_queue_to_its_end() {
    let queue = new_queue().await;
    put_many(&queue, 70).await;
    let mut read = BTreeMap::new();
    loop {
        let messages = get(&queue, 32, 60).await;
        if messages.is_empty() {
            break;
        }
        for message in &messages {
            *read.entry(text(message).to_owned()).or_insert(0) += 1;
        }
    }
    assert_eq!(read.len(), 70);
    assert!(read.values().all(|times| *times == 1), "{read:?}");
}

// Peek

#[tokio::test]
async fn s105_what_a_peek_answers() {
    let queue = new_queue().await;
    let sent = put(&queue, "text").await;
    let answer = queue.peek_messages(None).await.unwrap();
    assert!(!crate::check::body(&answer.to_raw_response()).contains("PopReceipt"));
    let messages = answer.into_model().unwrap().items.unwrap();
    assert_eq!(messages.len(), 1);
    let got = &messages[0];
    assert_eq!(got.message_id, sent.message_id);
    assert_eq!(got.message_text.as_deref(), Some("text"));
    assert_eq!(got.insertion_time, sent.insertion_time);
    assert_eq!(got.expiration_time, sent.expiration_time);
    assert_eq!(got.dequeue_count, Some(0));
}

#[tokio::test]
async fn s106_a_peek_changes_nothing() {
    let queue = new_queue().await;
    let sent = put(&queue, "text").await;
    for _ in 0..3 {
        let messages = peek(&queue).await;
        assert_eq!(messages.len(), 1);
        assert_eq!(messages[0].message_id, sent.message_id);
        assert_eq!(messages[0].dequeue_count, Some(0));
    }
    assert_eq!(get_one(&queue, 60).await.dequeue_count, Some(1));
}

#[tokio::test]
async fn s107_a_peek_shows_the_visible_alone() {
    let queue = new_queue().await;
    put_many(&queue, 3).await;
    let hidden = get_one(&queue, 60).await;
    let messages = peek(&queue).await;
    assert_eq!(messages.len(), 2);
    assert!(
        messages
            .iter()
            .all(|message| message.message_id != hidden.message_id)
    );
}

#[tokio::test]
async fn s108_the_number_of_messages_to_peek_has_limits() {
    let queue = new_queue().await;
    put_many(&queue, 40).await;
    assert_eq!(peek(&queue).await.len(), 32);
    for count in [0, 33] {
        refused(
            try_peek(&queue, Some(count)).await,
            "OutOfRangeQueryParameterValue",
        );
    }
}

#[tokio::test]
async fn s109_an_empty_queue_shows_nothing() {
    assert!(
        try_peek(&*new_queue().await, None)
            .await
            .unwrap()
            .is_empty()
    );
}

// Update

#[tokio::test]
async fn s110_text_and_time_are_updated_together() {
    let (queue, message) = gotten().await;
    let content = QueueMessage {
        message_text: Some("another".to_owned()),
    };
    let options = azure_storage_queue::models::QueueClientUpdateMessageOptions {
        queue_message: Some(content.try_into().unwrap()),
        ..Default::default()
    };
    let begun = now();
    let answer = queue
        .update_message(message.id(), message.receipt(), 60, Some(options))
        .await
        .unwrap();
    let told = answer
        .headers()
        .get_str(&"x-ms-time-next-visible".into())
        .unwrap();
    about(Some(parse_rfc7231(told).unwrap()), begun, 60);
    let receipt = answer.headers().get_str(&"x-ms-popreceipt".into()).unwrap();
    assert_ne!(receipt, message.receipt());
    update(&queue, message.id(), receipt, None, 0)
        .await
        .unwrap();
    assert_eq!(text(&get_one(&queue, 60).await), "another");
}

#[tokio::test]
async fn s111_without_a_text_the_text_stays() {
    let (queue, message) = gotten().await;
    update(&queue, message.id(), message.receipt(), None, 0)
        .await
        .unwrap();
    assert_eq!(text(&get_one(&queue, 60).await), "text");
}

#[tokio::test]
async fn s112_a_timeout_of_0_gives_the_message_back() {
    let (queue, message) = gotten().await;
    update(&queue, message.id(), message.receipt(), None, 0)
        .await
        .unwrap();
    let again = get_one(&queue, 60).await;
    assert_eq!(again.message_id, message.message_id);
    assert_eq!(again.dequeue_count, Some(2));
}

#[tokio::test]
async fn s113_an_update_leaves_the_rest_alone() {
    let (queue, message) = gotten().await;
    let receipt = update(&queue, message.id(), message.receipt(), Some("another"), 30)
        .await
        .unwrap();
    update(&queue, message.id(), &receipt, None, 0)
        .await
        .unwrap();
    let again = get_one(&queue, 60).await;
    assert_eq!(again.message_id, message.message_id);
    assert_eq!(again.insertion_time, message.insertion_time);
    assert_eq!(again.expiration_time, message.expiration_time);
    assert_eq!(again.dequeue_count, Some(2));
}

#[tokio::test]
async fn s114_an_old_receipt_is_worth_nothing() {
    let (queue, message) = gotten().await;
    update(&queue, message.id(), message.receipt(), None, 60)
        .await
        .unwrap();
    let again = update(&queue, message.id(), message.receipt(), None, 60).await;
    refused(again, "MessageNotFound");
    refused(delete(&queue, &message).await, "MessageNotFound");
    assert_eq!(count(&queue).await, 1);
}

#[tokio::test]
async fn s115_a_receipt_is_renewed_again_and_again() {
    let (queue, message) = gotten().await;
    let mut receipt = message.receipt().to_owned();
    for _ in 0..10 {
        receipt = update(&queue, message.id(), &receipt, None, 60)
            .await
            .unwrap();
    }
    queue
        .delete_message(message.id(), &receipt, None)
        .await
        .unwrap();
    assert_eq!(count(&queue).await, 0);
}

#[tokio::test]
async fn s116_a_message_can_be_updated_as_soon_as_it_was_put() {
    let queue = new_queue().await;
    let message = put(&queue, "text").await;
    update(&queue, message.id(), message.receipt(), Some("another"), 0)
        .await
        .unwrap();
    assert_eq!(text(&get_one(&queue, 60).await), "another");
}

#[tokio::test]
async fn s117_a_visible_message_can_be_hidden() {
    let queue = new_queue().await;
    let message = put(&queue, "text").await;
    update(&queue, message.id(), message.receipt(), None, 60)
        .await
        .unwrap();
    assert!(get(&queue, 1, 60).await.is_empty());
}

#[tokio::test]
async fn s118_a_visibility_timeout_has_limits_when_a_message_is_updated() {
    let (queue, message) = gotten().await;
    for seconds in [-1, 604_801] {
        let answer = update(&queue, message.id(), message.receipt(), None, seconds).await;
        refused(answer, "OutOfRangeQueryParameterValue");
    }
}

#[tokio::test]
async fn s119_a_message_must_not_be_hidden_beyond_its_end_by_an_update() {
    let queue = new_queue().await;
    put_living(&queue, 60).await;
    let message = get_one(&queue, 10).await;
    let answer = update(&queue, message.id(), message.receipt(), None, 120).await;
    refused(answer, "InvalidQueryParameterValue");
}

#[tokio::test]
async fn s120_64_kib_fit_into_an_update() {
    let (queue, message) = gotten().await;
    let (fits, too_long) = ("a".repeat(65_536), "a".repeat(65_537));
    let receipt = update(&queue, message.id(), message.receipt(), Some(&fits), 0)
        .await
        .unwrap();
    let answer = update(&queue, message.id(), &receipt, Some(&too_long), 0).await;
    refused(answer, "RequestBodyTooLarge");
    assert!(text(&get_one(&queue, 60).await) == fits);
}

#[tokio::test]
async fn s121_a_malformed_receipt_is_refused() {
    let (queue, message) = gotten().await;
    let answer = update(&queue, message.id(), MALFORMED, None, 0).await;
    refused(answer, "InvalidQueryParameterValue");
}

#[tokio::test]
async fn s122_an_unknown_message_cannot_be_updated() {
    let (id, receipt) = unknown_message().await;
    refused(
        update(&*new_queue().await, &id, &receipt, None, 0).await,
        "MessageNotFound",
    );
}

// Delete and clear

#[tokio::test]
async fn s130_a_message_is_deleted() {
    let (queue, message) = gotten().await;
    delete(&queue, &message).await.unwrap();
    assert_eq!(count(&queue).await, 0);
}

#[tokio::test]
async fn s131_a_message_is_deleted_once() {
    let (queue, message) = gotten().await;
    delete(&queue, &message).await.unwrap();
    refused(delete(&queue, &message).await, "MessageNotFound");
}

#[tokio::test]
async fn s132_a_malformed_receipt_deletes_nothing() {
    let queue = new_queue().await;
    let message = put(&queue, "text").await;
    let answer = queue
        .delete_message(message.id(), MALFORMED, None)
        .await
        .map(|_| ());
    refused(answer, "InvalidQueryParameterValue");
    assert_eq!(get_one(&queue, 60).await.message_id, message.message_id);
}

#[tokio::test]
async fn s133_an_unknown_message_cannot_be_deleted() {
    let (id, receipt) = unknown_message().await;
    let answer = new_queue()
        .await
        .delete_message(&id, &receipt, None)
        .await
        .map(|_| ());
    refused(answer, "MessageNotFound");
}

#[tokio::test]
async fn s134_a_receipt_outlives_its_timeout() {
    let queue = new_queue().await;
    put(&queue, "text").await;
    let message = get_one(&queue, 1).await;
    until("the message is visible", async || peek(&queue).await.pop()).await;
    delete(&queue, &message).await.unwrap();
    assert_eq!(count(&queue).await, 0);
}

#[tokio::test]
async fn s135_whoever_got_it_last_has_the_receipt() {
    let queue = new_queue().await;
    put(&queue, "text").await;
    let first = get_one(&queue, 1).await;
    let second = comes_back(&queue, 60).await;
    refused(delete(&queue, &first).await, "MessageNotFound");
    delete(&queue, &second).await.unwrap();
    assert_eq!(count(&queue).await, 0);
}

#[tokio::test]
async fn s136_clearing_removes_everything() {
    let queue = new_queue().await;
    put_many(&queue, 3).await;
    get_one(&queue, 1).await;
    queue.clear(None).await.unwrap();
    assert_eq!(count(&queue).await, 0);
    // Long enough for the hidden one to come back, if it could.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_millis(1500) {
        assert!(get(&queue, 1, 60).await.is_empty());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn s137_an_empty_queue_can_be_cleared() {
    let answer = new_queue().await.clear(None).await.unwrap();
    assert_eq!(u16::from(answer.status()), 204);
}

// Visibility and expiration

#[tokio::test]
async fn s140_a_hidden_message_becomes_visible_by_itself() {
    let queue = new_queue().await;
    let begun = Instant::now();
    try_put(&queue, "text", hidden_living(Some(2), None))
        .await
        .unwrap();
    let early = get(&queue, 1, 60).await;
    if begun.elapsed() < Duration::from_secs(2) {
        assert!(early.is_empty());
    }
    // A slow server may take longer to be asked than the message is hidden.
    if early.is_empty() {
        comes_back(&queue, 60).await;
    }
    assert!(
        begun.elapsed() >= Duration::from_secs(2),
        "after {:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn s141_a_message_that_was_not_deleted_comes_back() {
    let queue = new_queue().await;
    let sent = put(&queue, "text").await;
    let begun = Instant::now();
    get_one(&queue, 2).await;
    let again = comes_back(&queue, 60).await;
    assert!(
        begun.elapsed() >= Duration::from_secs(2),
        "after {:?}",
        begun.elapsed()
    );
    assert_eq!(again.message_id, sent.message_id);
    assert_eq!(again.dequeue_count, Some(2));
}

#[tokio::test]
async fn s142_an_expired_message_is_gone() {
    let queue = new_queue().await;
    let begun = Instant::now();
    put_living(&queue, 2).await;
    let seen = peek(&queue).await.len();
    if begun.elapsed() < Duration::from_secs(2) {
        assert_eq!(seen, 1);
    }
    until("the message is gone", async || {
        peek(&queue).await.is_empty().then_some(())
    })
    .await;
    assert!(get(&queue, 1, 60).await.is_empty());
}

#[tokio::test]
async fn s143_an_expired_message_cannot_be_deleted() {
    let queue = new_queue().await;
    let begun = Instant::now();
    let message = loop {
        put_living(&queue, 2).await;
        // A slow server may take longer to be asked than the message lives.
        match get(&queue, 1, 60).await.pop() {
            Some(message) => break message,
            None => assert!(begun.elapsed() < patience(), "it never lives"),
        }
    };
    // A hidden message shows nobody that it has expired, so there is nothing to ask for.
    tokio::time::sleep(Duration::from_secs(3)).await;
    refused(delete(&queue, &message).await, "MessageNotFound");
}

#[tokio::test]
async fn s144_an_update_moves_the_time_of_return() {
    let (queue, message) = gotten().await;
    let begun = Instant::now();
    update(&queue, message.id(), message.receipt(), None, 2)
        .await
        .unwrap();
    assert!(get(&queue, 1, 60).await.is_empty());
    assert_eq!(comes_back(&queue, 60).await.message_id, message.message_id);
    assert!(
        begun.elapsed() >= Duration::from_secs(2),
        "after {:?}",
        begun.elapsed()
    );
}

#[tokio::test]
async fn s145_a_lease_is_kept_alive() {
    let queue = new_queue().await;
    put(&queue, "text").await;
    let begun = Instant::now();
    let message = get_one(&queue, 2).await;
    let mut receipt = message.receipt().to_owned();
    for renewal in 1..=4 {
        while begun.elapsed() < Duration::from_secs(renewal) {
            assert!(get(&queue, 1, 60).await.is_empty());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        receipt = update(&queue, message.id(), &receipt, None, 2)
            .await
            .unwrap();
    }
    queue
        .delete_message(message.id(), &receipt, None)
        .await
        .unwrap();
}

// Order

#[tokio::test]
async fn s150_first_in_first_out() {
    let queue = new_queue().await;
    for sent in ten(&queue).await {
        assert_eq!(text(&get_one(&queue, 60).await), sent);
    }
}

#[tokio::test]
async fn s151_a_batch_is_in_order() {
    let queue = new_queue().await;
    let sent = ten(&queue).await;
    let got = get(&queue, 10, 60).await;
    assert_eq!(got.iter().map(text).collect::<Vec<_>>(), sent);
}

#[tokio::test]
async fn s152_what_was_hidden_comes_when_it_is_visible() {
    let queue = new_queue().await;
    try_put(&queue, "A", hidden_living(Some(3), None))
        .await
        .unwrap();
    put(&queue, "B").await;
    assert_eq!(text(&get_one(&queue, 60).await), "B");
    assert_eq!(text(&comes_back(&queue, 60).await), "A");
}
