//! Get and Set Queue ACL: the stored access policies. REST pages of these names.

use queuerite_model::{AccountName, Outcome, QueueName, StoredAccessPolicy};

use crate::{Change, Decision, Engine, EngineError};

/// The policies, in the order in which they were set.
pub(crate) fn decide_get(
    engine: &Engine,
    account: &AccountName,
    name: &QueueName,
) -> Result<Decision, EngineError> {
    let (_, _, written) = engine.find(account, name)?;
    Ok(Decision::read(Outcome::QueueAcl(written.policies.clone())))
}

/// Replaces all policies, at once; in the cloud it may take 30 seconds to be felt.
pub(crate) fn decide_set(
    engine: &Engine,
    account: &AccountName,
    name: &QueueName,
    policies: &[StoredAccessPolicy],
) -> Result<Decision, EngineError> {
    let (queue, _, written) = engine.find(account, name)?;
    let change = Change::QueueWritten {
        queue,
        account: account.clone(),
        name: name.clone(),
        metadata: written.metadata.clone(),
        policies: policies.to_vec(),
    };
    Ok(Decision::change(Outcome::QueueAclSet, change))
}
