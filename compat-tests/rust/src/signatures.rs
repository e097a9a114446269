//! Shared access signatures, and what opens nothing.

use azure_core::Result;
use azure_core::http::Url;
use azure_storage_queue::QueueClient;

use crate::check::{refusal, refused};
use crate::endpoint::{
    Handle, Queue, account, delete, endpoint, get_one, is_https, new_name, new_queue, peek, put,
    queue_at, service, service_at, skip, try_get, try_peek, try_put, until, update, variable,
};
use crate::policies::{self, policy};
use crate::queues::create_status;
use crate::service::{by_prefix, list, pages};
use crate::{sas, tokens};

/// Whether the queue can be seen with the signature in this address.
async fn see(url: Url) -> Result<()> {
    queue_at(url).get_properties(None).await.map(|_| ())
}

/// The queue by an account SAS for everything, but for these fields.
fn by_account(queue: &Queue, fields: &[(&str, &str)]) -> Url {
    sas::account(&queue.url(), fields)
}

/// The queue by a signature with these permissions.
fn permitting(queue: &Queue, permissions: &str) -> QueueClient {
    let fields = [("sp", permissions), ("se", &sas::minutes(60))];
    queue_at(sas::queue(&queue.url(), &queue.name, &fields))
}

// Keys

#[tokio::test]
async fn s181_a_wrong_key_opens_nothing() {
    let queue = new_queue().await;
    let another = "YW5vdGhlciBrZXksIHdoaWNoIG9wZW5zIG5vdGhpbmc=";
    let listing = service_at(sas::account_by(&account(), another, &endpoint(), &[]));
    refused(
        pages(&listing, by_prefix(&queue.name)).await,
        "AuthenticationFailed",
    );
    let url = sas::account_by(&account(), another, &queue.url(), &[]);
    refused(see(url).await, "AuthenticationFailed");
}

#[tokio::test]
async fn s182_a_key_of_another_account_opens_nothing() {
    let queue = new_queue().await;
    let url = sas::account_by("anotheraccount", &variable("COMPAT_KEY"), &queue.url(), &[]);
    let (status, ..) = refusal(see(url).await);
    assert!(status == 403 || status == 404, "{status}");
}

#[tokio::test]
async fn s183_without_a_credential_nothing_is_opened() {
    let queue = new_queue().await;
    let url = Url::parse(&queue.url()).unwrap();
    refused(see(url).await, "NoAuthenticationInformation");
}

#[tokio::test]
async fn s185_names_with_signs_that_are_encoded() {
    // The SDK does not sign requests; that the prefix is read as it was sent is left of it.
    assert_eq!(
        list(&service(), by_prefix("a-b c+d%/ä")).await,
        [Vec::<String>::new()]
    );
}

// Account shared access signatures

#[tokio::test]
async fn s190_a_signature_for_everything_does_everything() {
    let queue = Queue::named(&new_name());
    queue.create(None).await.unwrap();
    put(&queue, "text").await;
    let message = get_one(&queue, 60).await;
    let receipt = update(&queue, message.id(), message.receipt(), Some("another"), 60)
        .await
        .unwrap();
    queue
        .delete_message(message.id(), &receipt, None)
        .await
        .unwrap();
    assert_eq!(
        list(&service(), by_prefix(&queue.name)).await,
        [[queue.name.clone()]]
    );
    queue.delete(None).await.unwrap();
}

#[tokio::test]
async fn s191_what_is_not_permitted_is_refused() {
    let queue = new_queue().await;
    let reading = queue_at(by_account(&queue, &[("sp", "rl")]));
    refused(
        try_put(&reading, "text", None).await,
        "AuthorizationPermissionMismatch",
    );
    assert!(peek(&reading).await.is_empty());
}

#[tokio::test]
async fn s192_the_type_of_resource_counts() {
    let queue = Queue::named(&new_name());
    let objects = service_at(sas::account(&endpoint(), &[("srt", "o")]));
    let listed = pages(&objects, by_prefix(&queue.name)).await;
    refused(listed, "AuthorizationResourceTypeMismatch");
    let created = objects
        .queue_client(&queue.name)
        .unwrap()
        .create(None)
        .await;
    refused(created.map(|_| ()), "AuthorizationResourceTypeMismatch");
}

#[tokio::test]
async fn s193_the_service_counts() {
    let queue = new_queue().await;
    refused(
        see(by_account(&queue, &[("ss", "b")])).await,
        "AuthorizationServiceMismatch",
    );
}

#[tokio::test]
async fn s194_a_signature_that_has_expired_opens_nothing() {
    let queue = new_queue().await;
    let expired = by_account(&queue, &[("se", &sas::minutes(-1))]);
    refused(see(expired).await, "AuthenticationFailed");
}

#[tokio::test]
async fn s195_a_signature_that_is_not_valid_yet_opens_nothing() {
    let queue = new_queue().await;
    let early = [("st", &*sas::minutes(60)), ("se", &*sas::minutes(120))];
    refused(
        see(by_account(&queue, &early)).await,
        "AuthenticationFailed",
    );
}

#[tokio::test]
async fn s196_a_changed_signature_opens_nothing() {
    let queue = new_queue().await;
    let signed = by_account(&queue, &[]);
    let (before, signature) = signed.as_str().rsplit_once("sig=").unwrap();
    let first = if signature.starts_with('A') { "B" } else { "A" };
    // What was a percent sign and two digits is one character, too.
    let rest = if signature.starts_with('%') {
        &signature[3..]
    } else {
        &signature[1..]
    };
    let changed = format!("{before}sig={first}{rest}");
    refused(
        see(Url::parse(&changed).unwrap()).await,
        "AuthenticationFailed",
    );
}

#[tokio::test]
async fn s197_the_address_counts() {
    let queue = new_queue().await;
    let elsewhere = by_account(&queue, &[("sip", "192.0.2.1")]);
    refused(see(elsewhere).await, "AuthorizationSourceIPMismatch");
    see(by_account(&queue, &[("sip", "1.0.0.0-223.255.255.255")]))
        .await
        .unwrap();
}

#[tokio::test]
async fn s198_the_protocol_counts() {
    let queue = new_queue().await;
    let seen = see(by_account(&queue, &[("spr", "https")])).await;
    if is_https() {
        seen.unwrap();
    } else {
        refused(seen, "AuthorizationProtocolMismatch");
    }
}

// Queue shared access signatures

#[tokio::test]
async fn s200_each_permission_opens_its_operations() {
    for permission in ["r", "a", "u", "p"] {
        let queue = new_queue().await;
        let client = permitting(&queue, permission);
        let (one, other) = (
            put(&queue, "to update").await,
            put(&queue, "to delete").await,
        );
        let updated = update(&client, one.id(), one.receipt(), Some("text"), 0);
        for (needs, answer) in [
            ("r", try_peek(&client, None).await.map(|_| ())),
            ("r", client.get_properties(None).await.map(|_| ())),
            ("a", try_put(&client, "text", None).await.map(|_| ())),
            ("u", updated.await.map(|_| ())),
            ("p", delete(&client, &other).await),
            ("p", try_get(&client, None, None).await.map(|_| ())),
        ] {
            if needs == permission {
                answer.unwrap();
            } else {
                refused(answer, "AuthorizationPermissionMismatch");
            }
        }
    }
}

#[tokio::test]
async fn s201_a_signature_opens_one_queue() {
    let (queue, other) = (new_queue().await, new_queue().await);
    let fields = [("sp", "raup"), ("se", &*sas::minutes(60))];
    see(sas::queue(&queue.url(), &queue.name, &fields))
        .await
        .unwrap();
    let elsewhere = see(sas::queue(&other.url(), &queue.name, &fields)).await;
    refused(elsewhere, "AuthenticationFailed");
}

#[tokio::test]
async fn s202_a_queue_cannot_be_created_or_deleted_by_it() {
    let queue = new_queue().await;
    let client = permitting(&queue, "raup");
    refused(
        client.create(None).await.map(|_| ()),
        "AuthorizationFailure",
    );
    refused(
        client.delete(None).await.map(|_| ()),
        "AuthorizationFailure",
    );
    assert_eq!(create_status(&queue, &[]).await.unwrap(), 204);
    // To list, one asks the account, where a signature for one queue is the signature of nothing.
    let fields = [("sp", "raup"), ("se", &*sas::minutes(60))];
    let listing = service_at(sas::queue(&endpoint(), &queue.name, &fields));
    refused(
        pages(&listing, by_prefix(&queue.name)).await,
        "AuthorizationFailure",
    );
}

#[tokio::test]
async fn s203_a_signature_that_has_expired_opens_nothing() {
    let queue = new_queue().await;
    let fields = [("sp", "r"), ("se", &*sas::minutes(-1))];
    let seen = see(sas::queue(&queue.url(), &queue.name, &fields)).await;
    refused(seen, "AuthenticationFailed");
}

/// The queue by a signature that names a policy and says nothing else.
fn naming(queue: &Queue, policy: &str) -> QueueClient {
    queue_at(sas::queue(&queue.url(), &queue.name, &[("si", policy)]))
}

/// A queue with one message, and a client by a policy to read it, once that is in force.
async fn by_policy(queue: &Queue, owner: &QueueClient) -> QueueClient {
    put(queue, "text").await;
    policies::set(owner, vec![policy("readers", "r")])
        .await
        .unwrap();
    let client = naming(queue, "readers");
    until("the policy is in force", async || {
        try_peek(&client, None).await.ok()
    })
    .await;
    client
}

#[tokio::test]
async fn s204_a_policy_gives_what_the_signature_does_not() {
    let queue = new_queue().await;
    let Some(owner) = tokens::queue(&queue) else {
        skip!("needs a token")
    };
    let client = by_policy(&queue, &owner).await;
    assert_eq!(peek(&client).await.len(), 1);
    refused(
        try_put(&client, "text", None).await,
        "AuthorizationPermissionMismatch",
    );
    refused(
        try_get(&client, None, None).await,
        "AuthorizationPermissionMismatch",
    );
}

#[tokio::test]
async fn s205_removing_the_policy_revokes_the_signature() {
    let queue = new_queue().await;
    let Some(owner) = tokens::queue(&queue) else {
        skip!("needs a token")
    };
    let client = by_policy(&queue, &owner).await;
    policies::set(&owner, Vec::new()).await.unwrap();
    let error = until("the signature is refused", async || {
        try_peek(&client, None).await.err()
    })
    .await;
    refused(Err::<(), _>(error), "AuthenticationFailed");
}

#[tokio::test]
async fn s206_a_policy_that_is_not_there_opens_nothing() {
    let queue = new_queue().await;
    let seen = naming(&queue, "unknown").get_properties(None).await;
    refused(seen.map(|_| ()), "AuthenticationFailed");
}
