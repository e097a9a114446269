//! The endpoint under test, and what the tests share.

use std::collections::{BTreeMap, HashMap};
use std::env;
use std::future::Future;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use azure_core::Result;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{ClientOptions, Context, Request, RetryOptions, StatusCode, Transport, Url};
use azure_core::time::OffsetDateTime;
use azure_storage_queue::models::{
    PeekedMessage, QueueClientCreateOptions, QueueClientGetPropertiesResultHeaders,
    QueueClientPeekMessagesOptions, QueueClientReceiveMessagesOptions,
    QueueClientSendMessageOptions, QueueClientUpdateMessageOptions, QueueMessage, ReceivedMessage,
    SentMessage,
};
use azure_storage_queue::{
    QueueClient, QueueClientOptions, QueueServiceClient, QueueServiceClientOptions,
};

use crate::sas;

/// Leaves the test, which the endpoint has no way to pass; the reason gets into the report.
macro_rules! skip {
    ($reason:expr) => {{
        println!("SKIPPED: {}", $reason);
        return;
    }};
}
pub(crate) use skip;

pub fn variable(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

pub fn endpoint() -> String {
    variable("COMPAT_ENDPOINT").trim_end_matches('/').to_owned()
}

pub fn secondary() -> Option<String> {
    let secondary = env::var("COMPAT_SECONDARY").ok()?;
    Some(secondary.trim_end_matches('/').to_owned())
}

pub fn account() -> String {
    variable("COMPAT_ACCOUNT")
}

pub fn is_https() -> bool {
    endpoint().starts_with("https:")
}

pub fn takes_tokens() -> bool {
    is_https() && env::var("COMPAT_TOKENS").is_ok_and(|tokens| tokens == "unverified")
}

/// How long to wait for what takes the service a while.
pub fn patience() -> Duration {
    let cloud = env::var("COMPAT_PATIENCE").is_ok_and(|patience| patience == "cloud");
    Duration::from_secs(if cloud { 45 } else { 10 })
}

/// Asks again and again until there is an answer.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let deadline = Instant::now() + patience();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(
            Instant::now() < deadline,
            "not within {:?}: {what}",
            patience()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc().replace_nanosecond(0).unwrap()
}

/// The options of a user, except that nothing is retried: a retry would hide a fault.
pub fn client_options() -> ClientOptions {
    ClientOptions {
        retry: RetryOptions::none(),
        transport: Some(transport()),
        ..Default::default()
    }
}

fn transport() -> Transport {
    // Whoever is first installs it, and the others need not.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = reqwest::Client::builder();
    if let Ok(file) = env::var("COMPAT_CA") {
        let pem = std::fs::read(file).unwrap();
        client = client.tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()]);
    }
    Transport::new(Arc::new(client.build().unwrap()))
}

/// Makes of each of a client's requests one that the SDK would not send by itself.
pub fn changing(change: impl Fn(&mut Request) + Send + Sync + 'static) -> ClientOptions {
    struct Changing<F>(F);

    impl<F> std::fmt::Debug for Changing<F> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Changing")
        }
    }

    #[async_trait]
    impl<F: Fn(&mut Request) + Send + Sync> Policy for Changing<F> {
        async fn send(
            &self,
            ctx: &Context,
            request: &mut Request,
            next: &[Arc<dyn Policy>],
        ) -> PolicyResult {
            (self.0)(request);
            next[0].send(ctx, request, &next[1..]).await
        }
    }

    ClientOptions {
        per_call_policies: vec![Arc::new(Changing(change))],
        ..client_options()
    }
}

/// The account, by a signature for everything.
pub fn service() -> QueueServiceClient {
    service_at(sas::account(&endpoint(), &[]))
}

pub fn service_at(url: Url) -> QueueServiceClient {
    service_with(url, client_options())
}

pub fn service_with(url: Url, client_options: ClientOptions) -> QueueServiceClient {
    let options = QueueServiceClientOptions {
        client_options,
        ..Default::default()
    };
    QueueServiceClient::new(url, None, Some(options)).unwrap()
}

pub fn queue_at(url: Url) -> QueueClient {
    queue_with(url, client_options())
}

pub fn queue_with(url: Url, client_options: ClientOptions) -> QueueClient {
    let options = QueueClientOptions {
        client_options,
        ..Default::default()
    };
    QueueClient::new(url, None, Some(options)).unwrap()
}

/// A name that nobody else uses.
pub fn new_name() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let time = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!(
        "c{}-{:x}-{count}",
        variable("COMPAT_RUN"),
        time.as_micros() & 0xffff_ffff
    )
}

/// A queue of the test's own, deleted when the test is over, however it ends.
pub struct Queue {
    pub client: QueueClient,
    pub name: String,
}

impl Deref for Queue {
    type Target = QueueClient;

    fn deref(&self) -> &QueueClient {
        &self.client
    }
}

impl Queue {
    /// A queue that may not exist yet.
    pub fn named(name: &str) -> Self {
        Self {
            client: service().queue_client(name).unwrap(),
            name: name.to_owned(),
        }
    }

    /// Its address, without a credential.
    pub fn url(&self) -> String {
        format!("{}/{}", endpoint(), self.name)
    }

    /// Itself, with every request changed.
    pub fn changing(&self, change: impl Fn(&mut Request) + Send + Sync + 'static) -> QueueClient {
        queue_with(self.client.url().clone(), changing(change))
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let queue = service().queue_client(&self.name).unwrap();
        let deleted = in_the_end(async move { queue.delete(None).await });
        if let Err(error) = deleted
            && error.http_status() != Some(StatusCode::NotFound)
        {
            eprintln!("cannot delete {}: {error}", self.name);
        }
    }
}

/// Runs something to its end in a place that cannot wait: where a value is dropped.
pub fn in_the_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(work)
    });
    thread.join().unwrap()
}

pub async fn new_queue() -> Queue {
    create(&new_name(), &[]).await
}

pub async fn create(name: &str, metadata: &[(&str, &str)]) -> Queue {
    let queue = Queue::named(name);
    queue.create(Some(created_with(metadata))).await.unwrap();
    queue
}

pub fn created_with(metadata: &[(&str, &str)]) -> QueueClientCreateOptions<'static> {
    QueueClientCreateOptions {
        metadata: Some(pairs(metadata)),
        ..Default::default()
    }
}

pub fn pairs(metadata: &[(&str, &str)]) -> HashMap<String, String> {
    metadata
        .iter()
        .map(|&(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

pub async fn try_put(
    queue: &QueueClient,
    text: &str,
    options: Option<QueueClientSendMessageOptions<'_>>,
) -> Result<SentMessage> {
    let message = QueueMessage {
        message_text: Some(text.to_owned()),
    };
    queue
        .send_message(message.try_into()?, options)
        .await?
        .into_model()?
        .into_message()
}

pub async fn put(queue: &QueueClient, text: &str) -> SentMessage {
    try_put(queue, text, None).await.unwrap()
}

/// Options of a put: hidden for so many seconds, living for so many.
pub fn hidden_living(
    hidden: Option<i32>,
    living: Option<i32>,
) -> Option<QueueClientSendMessageOptions<'static>> {
    Some(QueueClientSendMessageOptions {
        visibility_timeout: hidden,
        message_time_to_live: living,
        ..Default::default()
    })
}

pub async fn try_get(
    queue: &QueueClient,
    count: Option<i32>,
    seconds: Option<i32>,
) -> Result<Vec<ReceivedMessage>> {
    let options = QueueClientReceiveMessagesOptions {
        number_of_messages: count,
        visibility_timeout: seconds,
        ..Default::default()
    };
    let messages = queue.receive_messages(Some(options)).await?.into_model()?;
    Ok(messages.items.unwrap_or_default())
}

/// What one call brings: up to so many messages, hidden for so many seconds.
pub async fn get(queue: &QueueClient, count: i32, seconds: i32) -> Vec<ReceivedMessage> {
    try_get(queue, Some(count), Some(seconds)).await.unwrap()
}

/// Gets the one message that has to be there.
pub async fn get_one(queue: &QueueClient, seconds: i32) -> ReceivedMessage {
    let mut messages = get(queue, 1, seconds).await;
    assert_eq!(messages.len(), 1);
    messages.remove(0)
}

/// Gets until a message is there.
pub async fn comes_back(queue: &QueueClient, seconds: i32) -> ReceivedMessage {
    until("a message is visible", async || {
        get(queue, 1, seconds).await.pop()
    })
    .await
}

pub async fn try_peek(queue: &QueueClient, count: Option<i32>) -> Result<Vec<PeekedMessage>> {
    let options = QueueClientPeekMessagesOptions {
        number_of_messages: count,
        ..Default::default()
    };
    let messages = queue.peek_messages(Some(options)).await?.into_model()?;
    Ok(messages.items.unwrap_or_default())
}

pub async fn peek(queue: &QueueClient) -> Vec<PeekedMessage> {
    try_peek(queue, Some(32)).await.unwrap()
}

pub async fn count(queue: &QueueClient) -> i64 {
    let properties = queue.get_properties(None).await.unwrap();
    properties.approximate_messages_count().unwrap().unwrap()
}

pub async fn metadata(queue: &QueueClient) -> BTreeMap<String, String> {
    let properties = queue.get_properties(None).await.unwrap();
    properties.metadata().unwrap().into_iter().collect()
}

/// Either kind of message that has a receipt.
pub trait Handle {
    fn id(&self) -> &str;
    fn receipt(&self) -> &str;
}

impl Handle for SentMessage {
    fn id(&self) -> &str {
        self.message_id.as_deref().unwrap()
    }

    fn receipt(&self) -> &str {
        self.pop_receipt.as_deref().unwrap()
    }
}

impl Handle for ReceivedMessage {
    fn id(&self) -> &str {
        self.message_id.as_deref().unwrap()
    }

    fn receipt(&self) -> &str {
        self.pop_receipt.as_deref().unwrap()
    }
}

/// Hides the message for so many seconds, and gives it a text if there is one. Tells the new receipt.
pub async fn update(
    queue: &QueueClient,
    id: &str,
    receipt: &str,
    text: Option<&str>,
    seconds: i32,
) -> Result<String> {
    let options = match text {
        Some(text) => QueueClientUpdateMessageOptions {
            queue_message: Some(
                QueueMessage {
                    message_text: Some(text.to_owned()),
                }
                .try_into()?,
            ),
            ..Default::default()
        },
        None => QueueClientUpdateMessageOptions::default(),
    };
    let answer = queue
        .update_message(id, receipt, seconds, Some(options))
        .await?;
    Ok(answer
        .headers()
        .get_str(&"x-ms-popreceipt".into())?
        .to_owned())
}

pub async fn delete(queue: &QueueClient, message: &impl Handle) -> Result<()> {
    queue
        .delete_message(message.id(), message.receipt(), None)
        .await
        .map(|_| ())
}
