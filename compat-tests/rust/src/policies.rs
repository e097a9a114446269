//! Stored access policies. No signature gives access to them, so every test needs a token.

use azure_core::Result;
use azure_core::time::{Duration, OffsetDateTime};
use azure_storage_queue::QueueClient;
use azure_storage_queue::models::{AccessPolicy, SignedIdentifier, SignedIdentifiers};

use crate::check::refused;
use crate::endpoint::{new_queue, now, skip};
use crate::tokens;

fn start() -> OffsetDateTime {
    now() - Duration::hours(1)
}

fn expiry() -> OffsetDateTime {
    now() + Duration::days(7)
}

pub fn policy(id: &str, permission: &str) -> SignedIdentifier {
    SignedIdentifier {
        id: Some(id.to_owned()),
        access_policy: Some(AccessPolicy {
            start: Some(start()),
            expiry: Some(expiry()),
            permission: Some(permission.to_owned()),
        }),
    }
}

fn numbered(count: usize) -> Vec<SignedIdentifier> {
    (0..count)
        .map(|number| policy(&format!("policy{number}"), "r"))
        .collect()
}

pub async fn set(queue: &QueueClient, policies: Vec<SignedIdentifier>) -> Result<()> {
    let policies = SignedIdentifiers {
        items: Some(policies),
    };
    queue
        .set_access_policy(policies.try_into()?, None)
        .await
        .map(|_| ())
}

pub async fn policies(queue: &QueueClient) -> Vec<SignedIdentifier> {
    let policies = queue
        .get_access_policy(None)
        .await
        .unwrap()
        .into_model()
        .unwrap();
    policies.items.unwrap_or_default()
}

async fn ids(queue: &QueueClient) -> Vec<String> {
    policies(queue)
        .await
        .into_iter()
        .map(|policy| policy.id.unwrap())
        .collect()
}

/// A new queue, and a client of it that may see to its policies.
macro_rules! queue_by_token {
    ($queue:ident) => {
        let owner = new_queue().await;
        let Some($queue) = tokens::queue(&owner) else {
            skip!("needs a token")
        };
    };
}

#[tokio::test]
async fn s050_a_new_queue_has_no_policies() {
    queue_by_token!(queue);
    assert!(policies(&queue).await.is_empty());
}

#[tokio::test]
async fn s051_a_policy_comes_back_whole() {
    queue_by_token!(queue);
    let sent = policy("all", "raup");
    set(&queue, vec![sent.clone()]).await.unwrap();
    let got = policies(&queue).await;
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].id, sent.id);
    let (got, sent) = (
        got[0].access_policy.as_ref().unwrap(),
        sent.access_policy.unwrap(),
    );
    assert_eq!(got.start, sent.start);
    assert_eq!(got.expiry, sent.expiry);
    assert_eq!(got.permission, sent.permission);
}

#[tokio::test]
async fn s052_a_policy_may_say_nothing() {
    queue_by_token!(queue);
    let bare = SignedIdentifier {
        id: Some("bare".to_owned()),
        access_policy: None,
    };
    set(&queue, vec![bare]).await.unwrap();
    let got = policies(&queue).await;
    assert_eq!(got.len(), 1);
    assert_eq!(got[0].id.as_deref(), Some("bare"));
    if let Some(said) = &got[0].access_policy {
        assert_eq!(
            (said.start, said.expiry, said.permission.as_deref()),
            (None, None, None)
        );
    }
}

#[tokio::test]
async fn s053_setting_policies_replaces_them_all() {
    queue_by_token!(queue);
    set(&queue, vec![policy("one", "r"), policy("two", "a")])
        .await
        .unwrap();
    assert_eq!(ids(&queue).await, ["one", "two"]);
    set(&queue, vec![policy("three", "p")]).await.unwrap();
    assert_eq!(ids(&queue).await, ["three"]);
    set(&queue, Vec::new()).await.unwrap();
    assert!(policies(&queue).await.is_empty());
}

#[tokio::test]
async fn s054_five_policies_are_the_most() {
    queue_by_token!(queue);
    set(&queue, numbered(5)).await.unwrap();
    refused(set(&queue, numbered(6)).await, "InvalidXmlDocument");
    assert_eq!(
        ids(&queue).await,
        ["policy0", "policy1", "policy2", "policy3", "policy4"]
    );
}

#[tokio::test]
async fn s055_an_identifier_has_1_to_64_characters() {
    queue_by_token!(queue);
    let longest = "a".repeat(64);
    set(&queue, vec![policy(&longest, "r")]).await.unwrap();
    refused(
        set(&queue, vec![policy(&"a".repeat(65), "r")]).await,
        "InvalidXmlDocument",
    );
    assert_eq!(ids(&queue).await, [longest]);
}

#[tokio::test]
async fn s056_a_permission_that_queues_do_not_have_is_refused() {
    queue_by_token!(queue);
    refused(
        set(&queue, vec![policy("other", "rwdl")]).await,
        "InvalidXmlDocument",
    );
}

#[tokio::test]
async fn s057_a_start_after_the_expiry_is_accepted() {
    queue_by_token!(queue);
    let mut late = policy("late", "r");
    let said = late.access_policy.as_mut().unwrap();
    (said.start, said.expiry) = (said.expiry, said.start);
    set(&queue, vec![late.clone()]).await.unwrap();
    let got = policies(&queue).await;
    assert_eq!(got.len(), 1);
    let (got, sent) = (
        got[0].access_policy.as_ref().unwrap(),
        late.access_policy.unwrap(),
    );
    assert_eq!((got.start, got.expiry), (sent.start, sent.expiry));
}
