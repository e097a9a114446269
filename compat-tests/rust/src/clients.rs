//! Retries, timeouts, versions; the secondary.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use azure_core::http::headers::Headers;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::request::options::ClientRequestId;
use azure_core::http::{
    AsyncRawResponse, ClientMethodOptions, ClientOptions, Context, FixedRetryOptions, Request,
    RetryOptions, StatusCode,
};
use azure_core::time::{Duration, parse_rfc7231};
use azure_storage_queue::models::{
    QueueClientGetPropertiesOptions, QueueClientSendMessageOptions, QueueMessage,
};
use azure_storage_queue::{QueueClient, QueueClientOptions, QueueServiceClient};

use crate::check::{about, refused};
use crate::endpoint::{
    Handle, client_options, count, create, endpoint, metadata, new_name, new_queue, now, peek, put,
    queue_with, secondary, service_at, skip, try_get, try_peek, try_put, until,
};
use crate::service::{by_prefix, list};
use crate::{policies, sas, tokens};

/// Answers the first attempt by itself with 503.
#[derive(Debug, Default)]
struct BusyAtFirst {
    attempts: AtomicU32,
}

#[async_trait]
impl Policy for BusyAtFirst {
    async fn send(
        &self,
        ctx: &Context,
        request: &mut Request,
        next: &[Arc<dyn Policy>],
    ) -> PolicyResult {
        if self.attempts.fetch_add(1, Ordering::Relaxed) == 0 {
            let busy = StatusCode::ServiceUnavailable;
            return Ok(AsyncRawResponse::from_bytes(
                busy,
                Headers::new(),
                Vec::new(),
            ));
        }
        next[0].send(ctx, request, &next[1..]).await
    }
}

#[tokio::test]
async fn s220_a_retry_is_served() {
    let busy = Arc::new(BusyAtFirst::default());
    let retrying = ClientOptions {
        retry: RetryOptions::fixed(FixedRetryOptions {
            delay: Duration::milliseconds(10),
            ..Default::default()
        }),
        per_try_policies: vec![busy.clone()],
        ..client_options()
    };
    let queue = new_queue().await;
    put(&queue_with(queue.client.url().clone(), retrying), "text").await;
    assert_eq!(busy.attempts.load(Ordering::Relaxed), 2);
    assert_eq!(count(&queue).await, 1);
}

#[tokio::test]
async fn s221_a_service_timeout_is_accepted() {
    let queue = new_queue().await;
    for timeout in [Some(5), Some(60)] {
        let options = QueueClientSendMessageOptions {
            timeout,
            ..Default::default()
        };
        try_put(&queue, "text", Some(options)).await.unwrap();
        let options = QueueClientGetPropertiesOptions {
            timeout,
            ..Default::default()
        };
        queue.get_properties(Some(options)).await.unwrap();
    }
    assert_eq!(count(&queue).await, 2);
}

#[tokio::test]
async fn s222_the_client_request_id_comes_back() {
    let queue = new_queue().await;
    let context = Context::new().with_value(ClientRequestId::from_static("an-id-of-the-client"));
    let options = QueueClientGetPropertiesOptions {
        method_options: ClientMethodOptions { context },
        ..Default::default()
    };
    let answer = queue.get_properties(Some(options)).await.unwrap();
    let echo = answer
        .headers()
        .get_str(&"x-ms-client-request-id".into())
        .unwrap();
    assert_eq!(echo, "an-id-of-the-client");
}

#[tokio::test]
async fn s223_every_version_that_the_sdk_offers_works() {
    let newest = QueueClientOptions::default().version;
    for version in ["2018-03-28", "2021-12-02", newest.as_str()] {
        let queue = new_queue().await;
        let options = QueueClientOptions {
            version: version.to_owned(),
            client_options: client_options(),
        };
        let client = QueueClient::new(queue.client.url().clone(), None, Some(options)).unwrap();
        let told = |headers: &Headers| {
            assert_eq!(headers.get_str(&"x-ms-version".into()).unwrap(), version);
        };
        let message = QueueMessage {
            message_text: Some("text".to_owned()),
        };
        let answer = client
            .send_message(message.try_into().unwrap(), None)
            .await
            .unwrap();
        told(answer.headers());
        let answer = client.receive_messages(None).await.unwrap();
        told(answer.headers());
        let messages = answer.into_model().unwrap().items.unwrap();
        assert_eq!(messages.len(), 1);
        let (id, receipt) = (messages[0].id(), messages[0].receipt());
        told(
            client
                .delete_message(id, receipt, None)
                .await
                .unwrap()
                .headers(),
        );
    }
}

#[tokio::test]
async fn s224_an_answer_has_a_request_id_and_a_date() {
    let queue = new_queue().await;
    let message = QueueMessage {
        message_text: Some("text".to_owned()),
    };
    let answer = queue
        .send_message(message.try_into().unwrap(), None)
        .await
        .unwrap();
    let header = |name: &'static str| answer.headers().get_str(&name.into()).unwrap();
    let id: azure_core::Uuid = header("x-ms-request-id").parse().unwrap();
    assert_eq!(id.to_string(), header("x-ms-request-id"));
    about(Some(parse_rfc7231(header("date")).unwrap()), now(), 0);
    assert_eq!(
        header("x-ms-version"),
        QueueClientOptions::default().version
    );
}

fn at_secondary() -> Option<QueueServiceClient> {
    Some(service_at(sas::account(&secondary()?, &[])))
}

#[tokio::test]
async fn s230_a_secondary_reads() {
    let Some(secondary_service) = at_secondary() else {
        skip!("needs a secondary endpoint")
    };
    let queue = create(&new_name(), &[("color", "blue")]).await;
    let sent = put(&queue, "text").await;
    let reading = secondary_service.queue_client(&queue.name).unwrap();
    let got = until("the secondary has the message", async || {
        try_peek(&reading, None).await.ok()?.pop()
    })
    .await;
    assert_eq!(got.message_id, sent.message_id);
    assert_eq!(
        list(&secondary_service, by_prefix(&queue.name)).await,
        [[queue.name.clone()]]
    );
    assert_eq!(metadata(&reading).await, metadata(&queue).await);
    assert_eq!(metadata(&reading).await["color"], "blue");
    // Policies are for tokens alone.
    if let Some(owner) = tokens::queue(&queue) {
        policies::set(&owner, vec![policies::policy("readers", "r")])
            .await
            .unwrap();
        let reading = tokens::queue_at(&format!("{}/{}", secondary().unwrap(), queue.name));
        let got = until("the secondary has the policy", async || {
            policies::policies(&reading).await.pop()
        })
        .await;
        assert_eq!(got.id.as_deref(), Some("readers"));
    }
}

#[tokio::test]
async fn s231_a_secondary_does_not_write() {
    let Some(secondary_service) = at_secondary() else {
        skip!("needs a secondary endpoint")
    };
    let queue = new_queue().await;
    let writing = secondary_service.queue_client(&queue.name).unwrap();
    let written = try_put(&writing, "text", None).await;
    if written.is_ok() && secondary().unwrap().starts_with(&endpoint()) {
        skip!("needs a true secondary: this one is another path to the primary");
    }
    refused(written, "InsufficientAccountPermissions");
    refused(
        try_get(&writing, None, None).await,
        "InsufficientAccountPermissions",
    );
    assert!(peek(&queue).await.is_empty());
}
