//! Tokens that nobody issued: what they say is checked, who signed them is not.

use std::sync::Arc;

use async_trait::async_trait;
use azure_core::base64;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::http::Url;
use azure_core::time::{Duration, OffsetDateTime};
use azure_storage_queue::models::KeyInfo;
use azure_storage_queue::{
    QueueClient, QueueClientOptions, QueueServiceClient, QueueServiceClientOptions,
};
use azure_storage_sas::{SasBuilder, SasProtocol};

use crate::check::{refusal, refused};
use crate::endpoint::{
    self, Queue, account, client_options, delete, endpoint, get_one, is_https, new_name, new_queue,
    now, put, service, skip, takes_tokens,
};
use crate::service::{by_prefix, pages};

const OBJECT: &str = "11111111-1111-1111-1111-111111111111";
const TENANT: &str = "22222222-2222-2222-2222-222222222222";

/// What `azure_identity` would be.
#[derive(Debug)]
struct Token {
    audience: &'static str,
    expires: OffsetDateTime,
}

impl Token {
    fn usual() -> Self {
        Self {
            audience: "https://storage.azure.com",
            expires: now() + Duration::hours(1),
        }
    }

    fn text(&self) -> String {
        let header = r#"{"typ":"JWT","alg":"none"}"#;
        let begun = (now() - Duration::hours(2)).unix_timestamp();
        let claims = format!(
            r#"{{"aud":"{}","iss":"https://sts.windows.net/{TENANT}/","iat":{begun},"nbf":{begun},
            "exp":{},"oid":"{OBJECT}","tid":"{TENANT}"}}"#,
            self.audience,
            self.expires.unix_timestamp(),
        );
        format!(
            "{}.{}.",
            base64::encode_url_safe(header),
            base64::encode_url_safe(claims)
        )
    }
}

#[async_trait]
impl TokenCredential for Token {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        Ok(AccessToken::new(self.text(), now() + Duration::hours(1)))
    }
}

fn service_by(token: Token) -> QueueServiceClient {
    let url = Url::parse(&endpoint()).unwrap();
    let options = QueueServiceClientOptions {
        client_options: client_options(),
        ..Default::default()
    };
    QueueServiceClient::new(url, Some(Arc::new(token)), Some(options)).unwrap()
}

/// A client of the queue by a token, if the endpoint takes tokens.
pub fn queue(queue: &Queue) -> Option<QueueClient> {
    takes_tokens().then(|| queue_at(&queue.url()))
}

pub fn queue_at(url: &str) -> QueueClient {
    let url = Url::parse(url).unwrap();
    let options = QueueClientOptions {
        client_options: client_options(),
        ..Default::default()
    };
    QueueClient::new(url, Some(Arc::new(Token::usual())), Some(options)).unwrap()
}

macro_rules! needs_tokens {
    () => {
        if !takes_tokens() {
            skip!("needs a token");
        }
    };
}

fn key_info() -> KeyInfo {
    KeyInfo {
        start: Some(now()),
        expiry: Some(now() + Duration::hours(1)),
        ..Default::default()
    }
}

#[tokio::test]
async fn s210_a_delegation_key_is_handed_out() {
    needs_tokens!();
    let asked = key_info();
    let answer = service_by(Token::usual())
        .get_user_delegation_key(asked.clone().try_into().unwrap(), None)
        .await
        .unwrap();
    let key = answer.into_model().unwrap();
    assert_eq!(key.signed_oid.as_deref(), Some(OBJECT));
    assert_eq!(key.signed_tid.as_deref(), Some(TENANT));
    assert_eq!(key.signed_start, asked.start);
    assert_eq!(key.signed_expiry, asked.expiry);
    assert_eq!(key.signed_service.as_deref(), Some("q"));
    assert_eq!(key.signed_version.as_deref(), Some("2026-04-06"));
    assert_eq!(key.value.unwrap().len(), 32);
}

#[tokio::test]
async fn s211_a_signature_of_the_delegation_key_opens_its_queue() {
    needs_tokens!();
    let (queue, other) = (new_queue().await, new_queue().await);
    let answer = service_by(Token::usual())
        .get_user_delegation_key(key_info().try_into().unwrap(), None)
        .await
        .unwrap();
    let key = answer.into_model().unwrap();
    let signature = SasBuilder::new(account(), &key, now() + Duration::minutes(30))
        .unwrap()
        .queue(&queue.name)
        .add()
        .process()
        .protocol(SasProtocol::Https)
        .build();
    let by_signature = |queue: &Queue| {
        endpoint::queue_at(Url::parse(&format!("{}?{signature}", queue.url())).unwrap())
    };
    put(&by_signature(&queue), "text").await;
    let message = get_one(&by_signature(&queue), 60).await;
    assert_eq!(message.message_text.as_deref(), Some("text"));
    refused(
        by_signature(&queue).get_properties(None).await.map(|_| ()),
        "AuthorizationPermissionMismatch",
    );
    refused(
        by_signature(&other).get_properties(None).await.map(|_| ()),
        "AuthenticationFailed",
    );
}

#[tokio::test]
async fn s212_a_delegation_key_is_asked_for_by_tokens_alone() {
    // The SDK does not sign with the account's key; a signature that the key made is refused, too.
    let asked = key_info().try_into().unwrap();
    let answer = service().get_user_delegation_key(asked, None).await;
    assert_eq!(refusal(answer.map(|_| ())).0, 403);
}

#[tokio::test]
async fn s215_a_token_opens_everything() {
    needs_tokens!();
    let owner = Queue::named(&new_name());
    let queue = service_by(Token::usual())
        .queue_client(&owner.name)
        .unwrap();
    queue.create(None).await.unwrap();
    put(&queue, "text").await;
    let message = get_one(&queue, 60).await;
    assert_eq!(message.message_text.as_deref(), Some("text"));
    delete(&queue, &message).await.unwrap();
    queue.delete(None).await.unwrap();
    assert!(!owner.exists().await.unwrap());
}

#[tokio::test]
async fn s216_a_token_for_another_audience_opens_nothing() {
    needs_tokens!();
    let token = Token {
        audience: "https://vault.azure.net",
        ..Token::usual()
    };
    let answer = pages(&service_by(token), by_prefix(&new_name())).await;
    refused(answer, "InvalidAuthenticationInfo");
}

#[tokio::test]
async fn s217_an_expired_token_opens_nothing() {
    needs_tokens!();
    let token = Token {
        expires: now() - Duration::hours(1),
        ..Token::usual()
    };
    let answer = pages(&service_by(token), by_prefix(&new_name())).await;
    refused(answer, "InvalidAuthenticationInfo");
}

#[tokio::test]
async fn s218_a_token_does_not_go_over_http() {
    if is_https() {
        skip!("needs http");
    }
    // The SDK refuses by itself, before it sends anything.
    let url = Url::parse(&endpoint()).unwrap();
    let error = QueueServiceClient::new(url, Some(Arc::new(Token::usual())), None)
        .err()
        .unwrap();
    assert!(error.to_string().contains("must use https"), "{error}");
}
