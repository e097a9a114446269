//! Texts, and what becomes of them.

use azure_core::base64;

use crate::check::refused;
use crate::endpoint::{Handle, count, get_one, new_queue, peek, put, service, try_put, update};
use crate::messages::gotten;

/// Expects a text to be peeked and got as it was put.
async fn to_the_letter(text: &str) {
    let queue = new_queue().await;
    put(&queue, text).await;
    assert_eq!(peek(&queue).await[0].message_text.as_deref(), Some(text));
    assert_eq!(
        get_one(&queue, 60).await.message_text.as_deref(),
        Some(text)
    );
}

#[tokio::test]
async fn s155_text_is_sent_as_it_is() {
    let queue = new_queue().await;
    put(&queue, "Just text, as it is: a+b=c; 100%").await;
    let another = service().queue_client(&queue.name).unwrap();
    let message = get_one(&another, 60).await;
    assert_eq!(
        message.message_text.as_deref(),
        Some("Just text, as it is: a+b=c; 100%")
    );
}

#[tokio::test]
async fn s156_base64_is_the_clients_affair() {
    // The queue client has no encoding of its own: its users call the one of azure_core.
    let sent = [0, 1, 2, 250, 251, 252, 253, 254, 255];
    let queue = new_queue().await;
    put(&queue, &base64::encode(sent)).await;
    assert_eq!(
        peek(&queue).await[0].message_text,
        Some(base64::encode(sent))
    );
    let message = get_one(&queue, 60).await;
    assert_eq!(base64::decode(message.message_text.unwrap()).unwrap(), sent);
}

#[tokio::test]
async fn s157_markup_is_text() {
    to_the_letter(r#"<a>&amp;"'</a> ]]> <!-- -->"#).await;
}

#[tokio::test]
async fn s158_white_space_stays() {
    to_the_letter(" \t\n two  blanks,\t\ttabs\n\nand lines \n\t ").await;
}

#[tokio::test]
async fn s159_every_plane_of_unicode() {
    to_the_letter(
        "äöüß 汉字 العربية e\u{301} \u{1F469}\u{200D}\u{1F469}\u{200D}\u{1F467} \u{10FFFF}",
    )
    .await;
}

#[tokio::test]
async fn s160_what_xml_cannot_carry_is_refused() {
    let queue = new_queue().await;
    refused(try_put(&queue, "a\u{1}b", None).await, "InvalidXmlDocument");
    assert_eq!(count(&queue).await, 0);
}

#[tokio::test]
async fn s161_the_limit_counts_bytes_not_characters() {
    let queue = new_queue().await;
    let fits = format!("{}a", "汉".repeat(21_845));
    put(&queue, &fits).await;
    assert!(get_one(&queue, 60).await.message_text.unwrap() == fits);
    refused(
        try_put(&queue, &format!("{fits}a"), None).await,
        "RequestBodyTooLarge",
    );
}

#[tokio::test]
async fn s162_48_kib_of_bytes_fit_with_base64() {
    let queue = new_queue().await;
    let mut bytes = [0, 127, 255].repeat(49_152 / 3);
    put(&queue, &base64::encode(&bytes)).await;
    let message = get_one(&queue, 60).await;
    assert!(base64::decode(message.message_text.unwrap()).unwrap() == bytes);
    bytes.push(1);
    refused(
        try_put(&queue, &base64::encode(&bytes), None).await,
        "RequestBodyTooLarge",
    );
}

#[tokio::test]
async fn s163_json_goes_through() {
    to_the_letter(
        r#"{
  "name": "a \"quoted\" name",
  "path": "C:\\temp",
  "lines": "one\ntwo",
  "list": [1, null, true]
}"#,
    )
    .await;
}

#[tokio::test]
async fn s164_an_update_keeps_what_it_is_given() {
    let (queue, message) = gotten().await;
    let text = " <b>&amp;</b>\t\n\u{1F600} ]]> \n";
    update(&queue, message.id(), message.receipt(), Some(text), 0)
        .await
        .unwrap();
    assert_eq!(
        get_one(&queue, 60).await.message_text.as_deref(),
        Some(text)
    );
}
