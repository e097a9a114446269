//! What the SDK's errors tell.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use azure_core::error::ErrorKind;
use azure_core::http::{Method, StatusCode};

use crate::check::{body, header, refused};
use crate::endpoint::{
    Queue, account, hidden_living, new_name, new_queue, service_at, try_get, try_peek, try_put,
};
use crate::sas;

#[tokio::test]
async fn s240_an_error_has_status_code_and_message() {
    let missing = Queue::named(&new_name());
    refused(
        missing.get_properties(None).await.map(|_| ()),
        "QueueNotFound",
    );
    let error = try_put(&missing, "text", None).await.unwrap_err();
    assert_eq!(error.http_status(), Some(StatusCode::NotFound));
    assert!(
        error
            .to_string()
            .contains("The specified queue does not exist."),
        "{error}"
    );
    refused(Err::<(), _>(error), "QueueNotFound");
}

#[tokio::test]
async fn s241_a_missing_queue_is_told_by_head_and_get_alike() {
    let missing = Queue::named(&new_name());
    assert!(!missing.exists().await.unwrap());
    refused(
        missing.get_properties(None).await.map(|_| ()),
        "QueueNotFound",
    );
    refused(try_peek(&missing, None).await, "QueueNotFound");
    refused(try_get(&missing, None, None).await, "QueueNotFound");
    let by_head = missing.changing(|request| request.set_method(Method::Head));
    assert!(!by_head.exists().await.unwrap());
    let (status, code, _) = crate::check::refusal(by_head.get_properties(None).await.map(|_| ()));
    assert_eq!((status, code.as_str()), (404, "QueueNotFound"));
}

#[tokio::test]
async fn s242_an_error_names_the_parameter() {
    let queue = new_queue().await;
    let answer = try_put(&queue, "text", hidden_living(Some(10), Some(10))).await;
    let document = body(&refused(answer, "InvalidQueryParameterValue"));
    let name = "<QueryParameterName>visibilitytimeout</QueryParameterName>";
    assert!(document.contains(name), "{document}");
}

#[tokio::test]
async fn s243_an_error_has_a_request_id() {
    let missing = Queue::named(&new_name());
    let answer = refused(
        missing.get_properties(None).await.map(|_| ()),
        "QueueNotFound",
    );
    let id = header(&answer, "x-ms-request-id");
    assert_eq!(id.len(), 36);
    assert!(body(&answer).contains(&format!("\nRequestId:{id}\n")));
}

#[tokio::test]
async fn s244_an_unreachable_server_is_the_clients_error() {
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = sas::account(&format!("http://{address}/{}", account()), &[]);
    let begun = Instant::now();
    let error = service_at(url).get_properties(None).await.err().unwrap();
    assert!(matches!(error.kind(), ErrorKind::Connection), "{error:?}");
    assert!(
        begun.elapsed() < Duration::from_secs(5),
        "told after {:?}",
        begun.elapsed()
    );
}
