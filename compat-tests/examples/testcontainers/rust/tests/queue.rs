//! Queues in a container of its own, by the module for Azurite, whose image can be named.

use azure_core::base64;
use azure_core::http::Url;
use azure_core::time::{Duration, OffsetDateTime, to_rfc3339};
use azure_storage_queue::QueueClient;
use azure_storage_queue::models::QueueMessage;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use testcontainers_modules::azurite::{Azurite, QUEUE_PORT};
use testcontainers_modules::testcontainers::ImageExt;
use testcontainers_modules::testcontainers::runners::AsyncRunner;

const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

#[tokio::test]
async fn a_message_that_was_put_can_be_got() {
    let storage = Azurite::default()
        .with_name("ghcr.io/queuerite/queuerite")
        .with_tag("0.1")
        .start()
        .await
        .unwrap();
    let host = storage.get_host().await.unwrap();
    let port = storage.get_host_port_ipv4(QUEUE_PORT).await.unwrap();

    let url = format!("http://{host}:{port}/{ACCOUNT}/orders");
    let queue = QueueClient::new(signed(&url), None, None).unwrap();
    queue.create(None).await.unwrap();
    let hello = QueueMessage {
        message_text: Some("hello".to_owned()),
    };
    queue
        .send_message(hello.try_into().unwrap(), None)
        .await
        .unwrap();
    let got = queue.receive_messages(None).await.unwrap();
    let messages = got.into_model().unwrap().items.unwrap();
    assert_eq!(messages[0].message_text.as_deref(), Some("hello"));
}

/// The SDK knows no account keys, so the address carries a signature of the account for an hour.
fn signed(url: &str) -> Url {
    let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
    let expiry = to_rfc3339(&(now + Duration::hours(1)));
    let fields = [
        ("sp", "rwdlacup"),
        ("ss", "q"),
        ("srt", "sco"),
        ("se", expiry.as_str()),
        ("spr", "https,http"),
        ("sv", "2021-12-02"),
    ];
    // Start, address and encryption scope are left out, and are empty lines.
    let text = format!("{ACCOUNT}\nrwdlacup\nq\nsco\n\n{expiry}\n\nhttps,http\n2021-12-02\n\n");
    let mut mac = Hmac::<Sha256>::new_from_slice(&base64::decode(KEY).unwrap()).unwrap();
    mac.update(text.as_bytes());
    let signature = base64::encode(mac.finalize().into_bytes());
    let mut url = Url::parse(url).unwrap();
    url.query_pairs_mut()
        .extend_pairs(fields)
        .append_pair("sig", &signature);
    url
}
