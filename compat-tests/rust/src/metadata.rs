//! Queue metadata.

use std::collections::BTreeMap;

use azure_core::Result;

use crate::check::refused;
use crate::endpoint::{Queue, count, create, get_one, metadata, new_name, new_queue, pairs, put};

async fn set(queue: &Queue, metadata: &[(&str, &str)]) -> Result<()> {
    queue.set_metadata(&pairs(metadata), None).await.map(|_| ())
}

fn sorted(metadata: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs(metadata).into_iter().collect()
}

#[tokio::test]
async fn s040_metadata_are_kept() {
    let two = [("color", "blue"), ("size", "12")];
    let queue = create(&new_name(), &two).await;
    assert_eq!(metadata(&queue).await, sorted(&two));
}

#[tokio::test]
async fn s041_setting_metadata_replaces_them_all() {
    let queue = create(&new_name(), &[("color", "blue"), ("size", "12")]).await;
    set(&queue, &[("shape", "round")]).await.unwrap();
    assert_eq!(metadata(&queue).await, sorted(&[("shape", "round")]));
    set(&queue, &[]).await.unwrap();
    assert_eq!(metadata(&queue).await, sorted(&[]));
}

#[tokio::test]
async fn s042_names_are_the_same_in_any_case() {
    let queue = new_queue().await;
    set(&queue, &[("MixedCase", "Value")]).await.unwrap();
    assert_eq!(metadata(&queue).await, sorted(&[("mixedcase", "Value")]));
}

#[tokio::test]
async fn s043_a_name_that_is_no_identifier_is_refused() {
    let queue = create(&new_name(), &[("color", "blue")]).await;
    for name in ["1st", "a-b"] {
        refused(set(&queue, &[(name, "value")]).await, "InvalidMetadata");
    }
    assert_eq!(metadata(&queue).await, sorted(&[("color", "blue")]));
}

#[tokio::test]
async fn s044_metadata_are_at_most_8_kib() {
    let queue = new_queue().await;
    let (long, half) = ("a".repeat(8000), "a".repeat(4096));
    set(&queue, &[("long", &long)]).await.unwrap();
    assert_eq!(metadata(&queue).await, sorted(&[("long", &long)]));
    refused(
        set(&queue, &[("one", &half), ("two", &half)]).await,
        "MetadataTooLarge",
    );
    assert_eq!(metadata(&queue).await, sorted(&[("long", &long)]));
}

#[tokio::test]
async fn s045_values_keep_what_a_header_can_carry() {
    let queue = new_queue().await;
    let values = [
        ("spaces", "one two three"),
        ("commas", "a,b, c"),
        ("quotes", "\"quoted\" and 'quoted'"),
        ("equals", "a=b=="),
        ("percent", "%41%2B"),
        ("signs", "!#$%&'()*+,-./:;<=>?@[]^_`{|}~"),
    ];
    set(&queue, &values).await.unwrap();
    assert_eq!(metadata(&queue).await, sorted(&values));
}

#[tokio::test]
async fn s046_names_with_an_underscore() {
    // The SDK does not sign headers; that names like these are taken and kept is left of it.
    let queue = new_queue().await;
    let values = [
        ("a_b", "1"),
        ("a1", "2"),
        ("ab", "3"),
        ("a", "4"),
        ("_a", "5"),
    ];
    set(&queue, &values).await.unwrap();
    assert_eq!(metadata(&queue).await, sorted(&values));
}

#[tokio::test]
async fn s047_the_count_of_messages_is_in_the_metadata() {
    let queue = new_queue().await;
    for text in ["one", "two", "three"] {
        put(&queue, text).await;
    }
    get_one(&queue, 60).await;
    assert_eq!(count(&queue).await, 3);
}
