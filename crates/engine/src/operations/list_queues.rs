//! List Queues: one page of an account's queues, ascending by name. REST page "List Queues".

use std::ops::Bound;

use queuerite_model::limits::QUEUES_PER_PAGE_MAX;
use queuerite_model::{AccountName, ListQueues, Outcome, QueueListing, QueuePage};

use crate::{Decision, Engine};

/// The page begins at the marker, inclusive, and holds at most 5000 queues whatever was asked.
pub(crate) fn decide(engine: &Engine, account: &AccountName, list: &ListQueues) -> Decision {
    let Some(account) = engine.account(account) else {
        return Decision::read(Outcome::QueuesListed(QueuePage::default()));
    };
    let limit = list
        .max_results
        .unwrap_or(QUEUES_PER_PAGE_MAX)
        .min(QUEUES_PER_PAGE_MAX);
    let marker = list.marker.as_deref().unwrap_or_default();
    let first = marker.max(&list.prefix);
    let mut matching = account
        .queues
        .range::<str, _>((Bound::Included(first), Bound::Unbounded))
        .take_while(|(name, _)| name.as_str().starts_with(&list.prefix));
    let queues = matching
        .by_ref()
        .take(limit as usize)
        .map(|(name, id)| QueueListing {
            name: name.clone(),
            metadata: list
                .include_metadata
                .then(|| engine.written(*id).map(|written| written.metadata.clone()))
                .flatten(),
        })
        .collect();
    let next = matching.next().map(|(name, _)| name.clone());
    Decision::read(Outcome::QueuesListed(QueuePage { queues, next }))
}
