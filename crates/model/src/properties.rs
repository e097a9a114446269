//! Service properties and service stats of an account.

use crate::Timestamp;

/// The properties of an account's queue service: stored, returned, and without effect here
/// except for the CORS rules. REST page "Get Queue Service Properties".
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServiceProperties {
    /// What Storage Analytics would log.
    pub logging: Logging,
    /// What it would count by the hour.
    pub hour_metrics: Metrics,
    /// What it would count by the minute.
    pub minute_metrics: Metrics,
    /// At most five CORS rules, in the order in which they are tried.
    pub cors: Vec<CorsRule>,
}

impl ServiceProperties {
    /// These properties with the given parts replaced and the others kept.
    #[must_use]
    pub fn updated(&self, update: &ServicePropertiesUpdate) -> Self {
        Self {
            logging: update.logging.unwrap_or(self.logging),
            hour_metrics: update.hour_metrics.unwrap_or(self.hour_metrics),
            minute_metrics: update.minute_metrics.unwrap_or(self.minute_metrics),
            cors: update.cors.clone().unwrap_or_else(|| self.cors.clone()),
        }
    }
}

/// The parts of the service properties that a Set Queue Service Properties replaces.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ServicePropertiesUpdate {
    /// New logging, or keep.
    pub logging: Option<Logging>,
    /// New hourly metrics, or keep.
    pub hour_metrics: Option<Metrics>,
    /// New metrics by the minute, or keep.
    pub minute_metrics: Option<Metrics>,
    /// New CORS rules, or keep; an empty list removes all.
    pub cors: Option<Vec<CorsRule>>,
}

/// The `Logging` element. Its version is always 1.0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Logging {
    /// Log reads.
    pub read: bool,
    /// Log writes.
    pub write: bool,
    /// Log deletes.
    pub delete: bool,
    /// How long logs are kept.
    pub retention_policy: RetentionPolicy,
}

/// The `HourMetrics` or `MinuteMetrics` element. Its version is always 1.0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Metrics {
    /// Whether metrics are collected, and then whether each operation is counted by itself:
    /// `IncludeAPIs` has no meaning, and is not returned, while metrics are off.
    pub include_apis: Option<bool>,
    /// How long metrics are kept.
    pub retention_policy: RetentionPolicy,
}

impl Metrics {
    /// The `Enabled` element.
    pub const fn enabled(&self) -> bool {
        self.include_apis.is_some()
    }
}

/// The `RetentionPolicy` element.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RetentionPolicy {
    /// 1 to 365 days while enabled; `None` while disabled.
    pub days: Option<u16>,
}

/// One `CorsRule`. The lists are kept as the comma-separated texts that were sent.
/// REST page "Set Queue Service Properties".
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct CorsRule {
    /// Origins, or `*`.
    pub allowed_origins: String,
    /// Methods, in capitals.
    pub allowed_methods: String,
    /// Request headers, `x-ms-meta-*` like prefixes, or `*`; may be empty.
    pub allowed_headers: String,
    /// Response headers that a script may read; may be empty.
    pub exposed_headers: String,
    /// How long a browser may remember the preflight, in seconds.
    pub max_age_in_seconds: u32,
}

/// The state of the replication to the secondary. REST page "Get Queue Service Stats".
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServiceStats {
    /// Whether the secondary can be read.
    pub status: GeoReplicationStatus,
    /// All writes before this time are readable at the secondary.
    pub last_sync_time: Timestamp,
}

/// The `Status` of a [`ServiceStats`]. A local server's secondary is the same data, so it is
/// always live; the service's other states, `bootstrap` and `unavailable`, cannot arise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GeoReplicationStatus {
    /// The secondary is active.
    Live,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_replaces_what_it_names_and_keeps_the_rest() {
        let logging = Logging {
            read: true,
            ..Logging::default()
        };
        let cors = vec![CorsRule {
            allowed_origins: "*".into(),
            ..CorsRule::default()
        }];
        let set = ServicePropertiesUpdate {
            logging: Some(logging),
            cors: Some(cors.clone()),
            ..Default::default()
        };
        let stored = ServiceProperties::default().updated(&set);
        assert_eq!(stored.logging, logging);

        let cleared = ServicePropertiesUpdate {
            cors: Some(Vec::new()),
            ..Default::default()
        };
        let metrics = ServicePropertiesUpdate {
            hour_metrics: Some(Metrics {
                include_apis: Some(false),
                ..Metrics::default()
            }),
            ..Default::default()
        };
        assert_eq!(stored.updated(&metrics).cors, cors);
        assert_eq!(stored.updated(&cleared).logging, logging);
        assert!(stored.updated(&cleared).cors.is_empty());
    }
}
