//! Get and Set Queue Service Properties, and Get Queue Service Stats, which has no state of its
//! own. REST pages of these names.

use queuerite_model::{
    AccountName, GeoReplicationStatus, Outcome, ServicePropertiesUpdate, ServiceStats, Timestamp,
};

use crate::{Change, Decision, Engine};

/// An account whose properties were never set has everything disabled.
pub(crate) fn decide_get(engine: &Engine, account: &AccountName) -> Decision {
    Decision::read(Outcome::ServiceProperties(Box::new(
        engine.properties(account),
    )))
}

/// Parts that the update leaves out keep their value.
pub(crate) fn decide_set(
    engine: &Engine,
    account: &AccountName,
    update: &ServicePropertiesUpdate,
) -> Decision {
    let properties = engine.properties(account).updated(update);
    let change = Change::PropertiesWritten {
        account: account.clone(),
        properties: Box::new(properties),
    };
    Decision::change(Outcome::ServicePropertiesSet, change)
}

/// The secondary is the same data, so it is live and up to date.
pub(crate) fn decide_stats(now: Timestamp) -> Decision {
    let stats = ServiceStats {
        status: GeoReplicationStatus::Live,
        last_sync_time: now,
    };
    Decision::read(Outcome::ServiceStats(stats))
}
