//! Listing, service properties, statistics.

use azure_core::Result;
use azure_storage_queue::QueueServiceClient;
use azure_storage_queue::models::{
    CorsRule, GeoReplicationStatus, ListQueuesIncludeType, ListQueuesResponse, Logging, Metrics,
    QueueItem, QueueServiceClientListQueuesOptions, QueueServiceProperties, RetentionPolicy,
};
use futures::{StreamExt as _, TryStreamExt as _};
use tokio::sync::{Mutex, MutexGuard};

use crate::check::{body, refused, refused_with};
use crate::endpoint::{
    Queue, create, in_the_end, new_name, secondary, service, service_at, skip, until,
};
use crate::sas;

pub fn by_prefix(prefix: &str) -> QueueServiceClientListQueuesOptions<'static> {
    QueueServiceClientListQueuesOptions {
        prefix: Some(prefix.to_owned()),
        ..Default::default()
    }
}

/// More pages than any test has queues. A server may say for ever that there is another.
const PAGES_MAX: usize = 100;

pub async fn pages(
    service: &QueueServiceClient,
    options: QueueServiceClientListQueuesOptions<'_>,
) -> Result<Vec<ListQueuesResponse>> {
    let pages: Vec<_> = service
        .list_queues(Some(options))?
        .into_pages()
        .take(PAGES_MAX)
        .try_collect()
        .await?;
    assert!(pages.len() < PAGES_MAX, "there is always another page");
    pages.into_iter().map(|page| page.into_model()).collect()
}

/// The names on each page.
pub async fn list(
    service: &QueueServiceClient,
    options: QueueServiceClientListQueuesOptions<'_>,
) -> Vec<Vec<String>> {
    let names = |page: ListQueuesResponse| page.queue_items.iter().map(name).collect();
    pages(service, options)
        .await
        .unwrap()
        .into_iter()
        .map(names)
        .collect()
}

fn name(queue: &QueueItem) -> String {
    queue.name.clone().unwrap()
}

/// Creates queues with these endings to a common prefix, in this order.
async fn several(endings: &str) -> (String, Vec<Queue>) {
    let prefix = new_name();
    let mut queues = Vec::new();
    for ending in endings.chars() {
        queues.push(create(&format!("{prefix}-{ending}"), &[]).await);
    }
    (prefix, queues)
}

fn named(prefix: &str, endings: &str) -> Vec<String> {
    endings
        .chars()
        .map(|ending| format!("{prefix}-{ending}"))
        .collect()
}

#[tokio::test]
async fn s001_queues_are_listed_by_name() {
    let (prefix, _queues) = several("bca").await;
    let pages = pages(&service(), by_prefix(&prefix)).await.unwrap();
    assert_eq!(pages.len(), 1);
    let names: Vec<_> = pages[0].queue_items.iter().map(name).collect();
    assert_eq!(names, named(&prefix, "abc"));
    assert!(
        pages[0]
            .queue_items
            .iter()
            .all(|queue| queue.metadata.is_none())
    );
}

#[tokio::test]
async fn s002_a_prefix_selects() {
    let (prefix, _queues) = several("ab").await;
    let _other = create(&format!("{prefix}x"), &[]).await;
    assert_eq!(
        list(&service(), by_prefix(&format!("{prefix}-"))).await,
        [named(&prefix, "ab")]
    );
    assert_eq!(
        list(&service(), by_prefix(&format!("{prefix}y"))).await,
        [Vec::<String>::new()]
    );
}

#[tokio::test]
async fn s003_a_list_includes_metadata_when_it_is_asked_for() {
    let queue = create(&new_name(), &[("color", "blue")]).await;
    let mut options = by_prefix(&queue.name);
    let without = pages(&service(), options.clone()).await.unwrap();
    assert!(without[0].queue_items[0].metadata.is_none());
    options.include = Some(vec![ListQueuesIncludeType::Metadata]);
    let with = pages(&service(), options).await.unwrap();
    let metadata = with[0].queue_items[0].metadata.as_ref().unwrap();
    assert_eq!(metadata.len(), 1);
    assert_eq!(metadata["color"], "blue");
}

#[tokio::test]
async fn s004_a_list_comes_in_pages() {
    let (prefix, _queues) = several("dagbfce").await;
    let mut options = by_prefix(&prefix);
    options.maxresults = Some(3);
    let expected = ["abc", "def", "g"].map(|endings| named(&prefix, endings));
    assert_eq!(list(&service(), options).await, expected);
}

#[tokio::test]
async fn s005_a_page_can_be_continued_by_another_client() {
    let (prefix, _queues) = several("abc").await;
    let mut options = by_prefix(&prefix);
    options.maxresults = Some(2);
    let mut first = service().list_queues(Some(options)).unwrap().into_pages();
    let first = first
        .try_next()
        .await
        .unwrap()
        .unwrap()
        .into_model()
        .unwrap();
    let mut options = by_prefix(&prefix);
    options.marker = first.next_marker;
    assert_eq!(list(&service(), options).await, [named(&prefix, "c")]);
}

#[tokio::test]
async fn s006_a_marker_that_is_none_is_refused() {
    let options = QueueServiceClientListQueuesOptions {
        marker: Some("garbage".to_owned()),
        ..Default::default()
    };
    let answer = pages(&service(), options).await;
    refused_with(
        answer,
        "OutOfRangeInput",
        "One of the request inputs is out of range.",
    );
}

#[tokio::test]
async fn s007_a_page_of_no_queues_is_refused() {
    for size in [0, -1] {
        let options = QueueServiceClientListQueuesOptions {
            maxresults: Some(size),
            ..Default::default()
        };
        refused(
            pages(&service(), options).await,
            "OutOfRangeQueryParameterValue",
        );
    }
}

#[tokio::test]
async fn s008_a_deleted_queue_is_listed_no_more() {
    let queue = create(&new_name(), &[]).await;
    assert_eq!(
        list(&service(), by_prefix(&queue.name)).await,
        [[queue.name.clone()]]
    );
    queue.delete(None).await.unwrap();
    assert_eq!(
        list(&service(), by_prefix(&queue.name)).await,
        [Vec::<String>::new()]
    );
}

/// The properties belong to the whole account: who has them keeps other tests away, and puts back
/// in the end what was there.
struct SharedProperties {
    before: QueueServiceProperties,
    _alone: MutexGuard<'static, ()>,
}

impl SharedProperties {
    async fn new() -> Self {
        static ALONE: Mutex<()> = Mutex::const_new(());
        let alone = ALONE.lock().await;
        let mut before = properties().await;
        // No rules and no element look the same to the SDK; to put it back, it has to be there.
        before.cors.get_or_insert_default();
        Self {
            before,
            _alone: alone,
        }
    }
}

impl Drop for SharedProperties {
    fn drop(&mut self) {
        let before = std::mem::take(&mut self.before);
        in_the_end(async move { set(before).await }).unwrap();
    }
}

async fn properties() -> QueueServiceProperties {
    service()
        .get_properties(None)
        .await
        .unwrap()
        .into_model()
        .unwrap()
}

async fn set(properties: QueueServiceProperties) -> Result<()> {
    service()
        .set_properties(properties.try_into()?, None)
        .await
        .map(|_| ())
}

/// Waits for as many rules: in the cloud they take up to half a minute.
async fn have_rules(count: usize) -> Vec<CorsRule> {
    until("the rules are in force", async || {
        properties()
            .await
            .cors
            .or(Some(Vec::new()))
            .filter(|rules| rules.len() == count)
    })
    .await
}

fn only_rules(rules: Vec<CorsRule>) -> QueueServiceProperties {
    QueueServiceProperties {
        cors: Some(rules),
        ..Default::default()
    }
}

fn rules(count: usize) -> Vec<CorsRule> {
    let rule = |number| CorsRule {
        allowed_origins: Some(format!("https://shop{number}.example")),
        allowed_methods: Some("GET,PUT".to_owned()),
        allowed_headers: Some("x-ms-meta-*".to_owned()),
        exposed_headers: Some("x-ms-*".to_owned()),
        max_age_in_seconds: Some(300 + number),
    };
    (0..).map(rule).take(count).collect()
}

/// What a rule says, to be compared.
fn said(rules: &[CorsRule]) -> Vec<[String; 5]> {
    let said = |rule: &CorsRule| {
        [
            rule.allowed_origins.clone().unwrap(),
            rule.allowed_methods.clone().unwrap(),
            rule.allowed_headers.clone().unwrap_or_default(),
            rule.exposed_headers.clone().unwrap_or_default(),
            rule.max_age_in_seconds.unwrap().to_string(),
        ]
    };
    rules.iter().map(said).collect()
}

fn retention(days: i32) -> Option<RetentionPolicy> {
    Some(RetentionPolicy {
        enabled: Some(true),
        days: Some(days),
    })
}

fn logging(days: i32) -> Option<Logging> {
    Some(Logging {
        version: Some("1.0".to_owned()),
        read: Some(true),
        write: Some(false),
        delete: Some(true),
        retention_policy: retention(days),
    })
}

fn metrics(apis: bool, days: i32) -> Option<Metrics> {
    Some(Metrics {
        version: Some("1.0".to_owned()),
        enabled: Some(true),
        include_apis: Some(apis),
        retention_policy: retention(days),
    })
}

fn all() -> QueueServiceProperties {
    QueueServiceProperties {
        logging: logging(7),
        hour_metrics: metrics(true, 7),
        minute_metrics: metrics(false, 3),
        cors: Some(rules(1)),
    }
}

#[track_caller]
fn is_logging(got: &QueueServiceProperties, days: i32) {
    let got = got.logging.as_ref().unwrap();
    let retention = got.retention_policy.as_ref().unwrap();
    assert_eq!(
        (got.read, got.write, got.delete),
        (Some(true), Some(false), Some(true))
    );
    assert_eq!(
        (retention.enabled, retention.days),
        (Some(true), Some(days))
    );
}

#[track_caller]
fn is_metrics(got: Option<&Metrics>, apis: bool, days: i32) {
    let got = got.unwrap();
    let retention = got.retention_policy.as_ref().unwrap();
    assert_eq!((got.enabled, got.include_apis), (Some(true), Some(apis)));
    assert_eq!(
        (retention.enabled, retention.days),
        (Some(true), Some(days))
    );
}

async fn has_logging(days: i32) -> QueueServiceProperties {
    until("the new logging is in force", async || {
        let got = properties().await;
        let retention = got.logging.as_ref()?.retention_policy.as_ref()?;
        (retention.days == Some(days)).then_some(got.clone())
    })
    .await
}

#[tokio::test]
async fn s009_service_properties_are_read() {
    let _shared = SharedProperties::new().await;
    let answer = service().get_properties(None).await.unwrap();
    // To the SDK, no rules and no element for them are the same.
    assert!(body(&answer.to_raw_response()).contains("<Cors"));
    let got = answer.into_model().unwrap();
    assert!(
        got.logging
            .unwrap()
            .retention_policy
            .unwrap()
            .enabled
            .is_some()
    );
    assert!(got.hour_metrics.unwrap().enabled.is_some());
    assert!(got.minute_metrics.unwrap().enabled.is_some());
}

#[tokio::test]
async fn s010_service_properties_are_kept() {
    let _shared = SharedProperties::new().await;
    set(all()).await.unwrap();
    let got = has_logging(7).await;
    is_logging(&got, 7);
    is_metrics(got.hour_metrics.as_ref(), true, 7);
    is_metrics(got.minute_metrics.as_ref(), false, 3);
}

#[tokio::test]
async fn s011_cors_rules_are_kept() {
    let _shared = SharedProperties::new().await;
    let mut two = rules(2);
    two[0].allowed_origins = Some("https://z.example,https://a.example".to_owned());
    two[1].allowed_methods = Some("DELETE".to_owned());
    two[1].max_age_in_seconds = Some(0);
    set(only_rules(two.clone())).await.unwrap();
    assert_eq!(said(&have_rules(2).await), said(&two));
}

#[tokio::test]
async fn s012_five_cors_rules_are_the_most() {
    let _shared = SharedProperties::new().await;
    set(only_rules(rules(5))).await.unwrap();
    refused(set(only_rules(rules(6))).await, "InvalidXmlDocument");
    assert_eq!(said(&have_rules(5).await), said(&rules(5)));
}

#[tokio::test]
async fn s013_no_cors_rules_remove_them_all() {
    let _shared = SharedProperties::new().await;
    set(only_rules(rules(1))).await.unwrap();
    have_rules(1).await;
    set(only_rules(Vec::new())).await.unwrap();
    have_rules(0).await;
}

#[tokio::test]
async fn s014_a_retention_of_366_days_is_refused() {
    let _shared = SharedProperties::new().await;
    let properties = QueueServiceProperties {
        logging: logging(366),
        ..Default::default()
    };
    refused(set(properties).await, "InvalidXmlDocument");
}

#[tokio::test]
async fn s015_properties_that_are_left_out_keep_their_value() {
    let _shared = SharedProperties::new().await;
    set(all()).await.unwrap();
    set(only_rules(rules(2))).await.unwrap();
    assert_eq!(said(&have_rules(2).await), said(&rules(2)));
    let got = has_logging(7).await;
    is_logging(&got, 7);
    is_metrics(got.hour_metrics.as_ref(), true, 7);
    is_metrics(got.minute_metrics.as_ref(), false, 3);

    set(QueueServiceProperties {
        logging: logging(5),
        ..Default::default()
    })
    .await
    .unwrap();
    let got = has_logging(5).await;
    is_metrics(got.hour_metrics.as_ref(), true, 7);
    assert_eq!(said(&have_rules(2).await), said(&rules(2)));
}

#[tokio::test]
async fn s016_the_secondary_tells_how_far_it_is() {
    let Some(secondary) = secondary() else {
        skip!("needs a secondary endpoint")
    };
    let secondary = service_at(sas::account(&secondary, &[]));
    let stats = secondary
        .get_statistics(None)
        .await
        .unwrap()
        .into_model()
        .unwrap();
    let told = stats.geo_replication.unwrap();
    assert_eq!(told.status, Some(GeoReplicationStatus::Live));
    let age = crate::endpoint::now() - told.last_sync_time.unwrap();
    assert!(age.whole_hours() < 24, "last sync was {age} ago");
}

#[tokio::test]
async fn s017_the_primary_tells_no_statistics() {
    refused(
        service().get_statistics(None).await.map(|_| ()),
        "InvalidQueryParameterValue",
    );
}
