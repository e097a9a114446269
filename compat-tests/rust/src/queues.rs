//! Creating and deleting queues, and their names.

use std::collections::{BTreeMap, HashMap};

use azure_core::Result;
use azure_storage_queue::QueueClient;
use azure_storage_queue::models::{QueueClientSetMetadataOptions, SignedIdentifiers};

use crate::check::{has_code, refused};
use crate::endpoint::{
    Queue, count, create, created_with, get, metadata, new_name, new_queue, peek, put, queue_at,
    service, try_get, try_peek, try_put, until, update,
};
use crate::messages::unknown_message;
use crate::{policies, sas, tokens};

/// Creates the queue, and tells whether it was new (201) or there already (204).
pub async fn create_status(queue: &QueueClient, metadata: &[(&str, &str)]) -> Result<u16> {
    Ok(u16::from(
        queue.create(Some(created_with(metadata))).await?.status(),
    ))
}

#[tokio::test]
async fn s020_a_queue_is_created() {
    let queue = Queue::named(&new_name());
    assert_eq!(create_status(&queue, &[]).await.unwrap(), 201);
    assert_eq!(count(&queue).await, 0);
    assert_eq!(metadata(&queue).await, BTreeMap::new());
}

#[tokio::test]
async fn s021_the_same_queue_is_created_again() {
    let pairs = [("color", "blue"), ("size", "12")];
    let queue = create(&new_name(), &pairs).await;
    assert_eq!(create_status(&queue, &pairs).await.unwrap(), 204);
    assert_eq!(create_status(&*new_queue().await, &[]).await.unwrap(), 204);
}

#[tokio::test]
async fn s022_a_queue_with_other_metadata_is_in_the_way() {
    let queue = create(&new_name(), &[("color", "blue")]).await;
    refused(
        create_status(&queue, &[("color", "red")]).await,
        "QueueAlreadyExists",
    );
    refused(create_status(&queue, &[]).await, "QueueAlreadyExists");
    assert_eq!(
        metadata(&queue).await,
        BTreeMap::from([("color".into(), "blue".into())])
    );
}

#[tokio::test]
async fn s023_a_queue_is_deleted() {
    let queue = new_queue().await;
    put(&queue, "one").await;
    assert_eq!(u16::from(queue.delete(None).await.unwrap().status()), 204);
    assert!(!queue.exists().await.unwrap());
}

#[tokio::test]
async fn s024_a_queue_that_is_not_there_cannot_be_deleted() {
    let missing = Queue::named(&new_name());
    refused(missing.delete(None).await.map(|_| ()), "QueueNotFound");
}

#[tokio::test]
async fn s025_nothing_can_be_done_with_a_queue_that_is_not_there() {
    let (id, receipt) = unknown_message().await;
    let queue = Queue::named(&new_name());
    let none = HashMap::new();
    refused(
        queue.get_properties(None).await.map(|_| ()),
        "QueueNotFound",
    );
    let options = QueueClientSetMetadataOptions::default();
    refused(
        queue.set_metadata(&none, Some(options)).await.map(|_| ()),
        "QueueNotFound",
    );
    refused(try_put(&queue, "text", None).await, "QueueNotFound");
    refused(try_get(&queue, None, None).await, "QueueNotFound");
    refused(try_peek(&queue, None).await, "QueueNotFound");
    refused(
        update(&queue, &id, &receipt, Some("text"), 0).await,
        "QueueNotFound",
    );
    refused(
        queue.delete_message(&id, &receipt, None).await.map(|_| ()),
        "QueueNotFound",
    );
    refused(queue.clear(None).await.map(|_| ()), "QueueNotFound");
    // Policies are for tokens alone.
    if let Some(queue) = tokens::queue(&queue) {
        refused(
            queue.get_access_policy(None).await.map(|_| ()),
            "QueueNotFound",
        );
        let none = SignedIdentifiers::default().try_into().unwrap();
        refused(
            queue.set_access_policy(none, None).await.map(|_| ()),
            "QueueNotFound",
        );
    }
}

/// The name as a client has it that is never to be deleted: it is refused, or not ours.
fn plain(name: &str) -> QueueClient {
    service().queue_client(name).unwrap()
}

#[tokio::test]
async fn s026_a_name_has_3_to_63_characters() {
    let long = format!("{}-{}", new_name(), "a".repeat(63));
    create(&long[..63], &[]).await;
    refused(
        create_status(&plain(&long[..64]), &[]).await,
        "OutOfRangeInput",
    );
    refused(
        create_status(&plain(&long[..2]), &[]).await,
        "OutOfRangeInput",
    );
}

#[tokio::test]
async fn s026_a_name_of_3_characters() {
    // It has no room for the prefix of this run, so it is taken only if it is free.
    for number in 100..1000 {
        let queue = plain(&number.to_string());
        match create_status(&queue, &[]).await {
            Ok(201) => {
                queue.delete(None).await.unwrap();
                return;
            }
            Ok(status) => assert_eq!(status, 204),
            Err(error) => assert!(
                has_code(&error, "QueueAlreadyExists") || has_code(&error, "QueueBeingDeleted"),
                "{error:?}"
            ),
        }
    }
    panic!("every name of three digits is taken");
}

#[tokio::test]
async fn s027_a_name_has_lower_case_letters_digits_and_single_dashes() {
    let name = new_name();
    for name in [
        format!("Abc{name}"),
        format!("a_b{name}"),
        format!("-ab{name}"),
        format!("{name}--b"),
        format!("{name}-"),
    ] {
        refused(
            create_status(&plain(&name), &[]).await,
            "InvalidResourceName",
        );
    }
}

#[tokio::test]
async fn s028_a_queue_is_the_same_by_whatever_way_it_is_reached() {
    let queue = new_queue().await;
    let mut ways = vec![
        crate::endpoint::service()
            .queue_client(&queue.name)
            .unwrap(),
        queue_at(sas::account(&queue.url(), &[])),
        queue_at(sas::queue(
            &queue.url(),
            &queue.name,
            &[("sp", "raup"), ("se", &sas::minutes(60))],
        )),
    ];
    ways.extend(tokens::queue(&queue));
    for (number, way) in ways.iter().enumerate() {
        let sent = put(way, "by another way").await;
        for other in &ways {
            let messages = peek(other).await;
            assert_eq!(messages.len(), number + 1);
            assert_eq!(messages[number].message_id, sent.message_id);
        }
    }
}

#[tokio::test]
async fn s029_deleting_a_queue_leaves_the_others_alone() {
    let one = new_queue().await;
    let other = create(&format!("{}-other", one.name), &[]).await;
    put(&one, "one").await;
    put(&other, "other").await;
    one.delete(None).await.unwrap();
    let messages = get(&other, 32, 60).await;
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0].message_text.as_deref(), Some("other"));
}

#[tokio::test]
async fn s030_a_queue_created_anew_is_empty() {
    let queue = create(&new_name(), &[("color", "blue")]).await;
    put(&queue, "one").await;
    let by_token = tokens::queue(&queue);
    if let Some(by_token) = &by_token {
        policies::set(by_token, vec![policies::policy("readers", "r")])
            .await
            .unwrap();
    }
    queue.delete(None).await.unwrap();
    until(
        "the queue can be created again",
        async || match create_status(&queue, &[]).await {
            Err(error) if has_code(&error, "QueueBeingDeleted") => None,
            created => Some(created.unwrap()),
        },
    )
    .await;
    assert!(peek(&queue).await.is_empty());
    assert_eq!(count(&queue).await, 0);
    assert_eq!(metadata(&queue).await, BTreeMap::new());
    if let Some(by_token) = &by_token {
        assert!(policies::policies(by_token).await.is_empty());
    }
}

#[tokio::test]
async fn s031_existence_can_be_asked_for() {
    let queue = Queue::named(&new_name());
    assert!(!queue.exists().await.unwrap());
    queue.create(None).await.unwrap();
    assert!(queue.exists().await.unwrap());
}
