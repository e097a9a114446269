//! Sixteen at the same time.

use std::collections::BTreeSet;

use futures::future::{join_all, try_join_all};

use crate::check::refused;
use crate::endpoint::{Queue, count, delete, get, new_name, new_queue, try_get, try_put};
use crate::messages::{gotten, put_many};
use crate::queues::create_status;

#[tokio::test]
async fn s250_sixteen_consumers_share_a_queue() {
    let queue = new_queue().await;
    put_many(&queue, 200).await;
    let consume = async || {
        let mut handled = Vec::new();
        loop {
            let messages = try_get(&queue, Some(4), Some(60)).await?;
            if messages.is_empty() {
                return azure_core::Result::Ok(handled);
            }
            for message in messages {
                delete(&queue, &message).await?;
                handled.push(message.message_text.unwrap());
            }
        }
    };
    let handled = try_join_all((0..16).map(|_| consume()))
        .await
        .unwrap()
        .concat();
    assert_eq!(handled.len(), 200);
    assert_eq!(handled.iter().collect::<BTreeSet<_>>().len(), 200);
    assert_eq!(count(&queue).await, 0);
}

#[tokio::test]
async fn s251_sixteen_producers_lose_nothing() {
    let queue = new_queue().await;
    let queue = &queue;
    let produce = async |producer| {
        for number in 0..20 {
            try_put(queue, &format!("{producer}-{number}"), None).await?;
        }
        azure_core::Result::Ok(())
    };
    try_join_all((0..16).map(produce)).await.unwrap();
    assert_eq!(count(queue).await, 320);
    let (mut ids, mut texts) = (BTreeSet::new(), BTreeSet::new());
    loop {
        let messages = get(queue, 32, 600).await;
        if messages.is_empty() {
            break;
        }
        for message in messages {
            ids.insert(message.message_id);
            texts.insert(message.message_text);
        }
    }
    assert_eq!((ids.len(), texts.len()), (320, 320));
}

#[tokio::test]
async fn s252_one_receipt_deletes_once() {
    let (queue, message) = gotten().await;
    let answers = join_all((0..16).map(|_| delete(&queue, &message))).await;
    let (deleted, refusals): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((deleted.len(), refusals.len()), (1, 15));
    for refusal in refusals {
        refused(refusal, "MessageNotFound");
    }
}

#[tokio::test]
async fn s253_one_of_many_creates_a_queue() {
    let queue = Queue::named(&new_name());
    let mut statuses = try_join_all((0..16).map(|_| create_status(&queue, &[])))
        .await
        .unwrap();
    statuses.sort_unstable();
    assert_eq!(statuses, [[201].as_slice(), &[204; 15]].concat());
}
