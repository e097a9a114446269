//! Whether a credential permits what a request asks.
//!
//! First the request is [admitted](admit): its credential is believed, and permits an operation
//! of this kind. That needs the head alone, so who is not permitted learns nothing of what else
//! may be wrong with the request, and its body is not read. A shared access signature may leave
//! what it permits to a stored access policy; that one is asked where the queues are, when the
//! command runs, so a policy takes effect at once and is never stale.
//!
//! All of this is judged at one instant, that of the request's arrival.

use std::borrow::Cow;

use http::HeaderMap;
use queuerite_model::{Command, Permissions, StoredAccessPolicy, Timestamp};
use queuerite_wire::{
    AccountKeys, Circumstances, Credential, Grant, Head, OperationKind, QueueSasGrant, Requirement,
    TokenHolder, WireError, check_time, verify,
};
use thiserror::Error;

use crate::fault::Fault;

/// A request that its sender may make, as far as its credential goes.
#[derive(Clone, Debug)]
pub struct Admitted<'a> {
    head: Cow<'a, Head>,
    operation: OperationKind,
    condition: Option<PolicyCondition>,
    token_holder: Option<TokenHolder>,
    string_to_sign: String,
    at: Timestamp,
}

/// Decides whether a request is believed, given the keys of the account that it addresses, and
/// whether it may ask for its operation.
pub fn admit<'a>(
    head: &'a Head,
    headers: &HeaderMap,
    keys: &AccountKeys,
    circumstances: &Circumstances,
) -> Result<Admitted<'a>, Fault> {
    let refuse = |error| Fault::of_request(error, head.version);
    let credential = Credential::read(headers, &head.query).map_err(refuse)?;
    let verified = verify(head, headers, &credential, keys, circumstances).map_err(refuse)?;
    let head = verified.head(head);
    let operation = OperationKind::of_request(&head).map_err(refuse)?;
    let condition =
        judge(&verified.grant, operation, circumstances.now).map_err(Fault::of_authorization)?;
    // In the cloud the secondary endpoint is read-only.
    if circumstances.strict && head.resource.is_secondary && !operation.is_read() {
        return Err(Fault::of_authorization(
            AuthorizationError::SecondaryIsReadOnly,
        ));
    }
    let token_holder = match verified.grant {
        Grant::Token(holder) => Some(holder),
        _ => None,
    };
    Ok(Admitted {
        head,
        operation,
        condition,
        token_holder,
        string_to_sign: verified.string_to_sign,
        at: circumstances.now,
    })
}

impl Admitted<'_> {
    /// The head, read as its sender means it.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// What the request asks for.
    pub const fn operation(&self) -> OperationKind {
        self.operation
    }

    /// When it arrived, by which everything about it is judged.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Who asks, if the credential is a token.
    pub const fn token_holder(&self) -> Option<&TokenHolder> {
        self.token_holder.as_ref()
    }

    /// What was signed, for the debug log; empty for a token.
    pub(crate) fn string_to_sign(&self) -> &str {
        &self.string_to_sign
    }

    /// The command that the rest of the request has turned out to be. It must be of the kind
    /// that was admitted.
    pub fn authorize(self, command: Command) -> Result<Authorized, AuthorizationError> {
        if OperationKind::of(&command.operation) != self.operation {
            return Err(AuthorizationError::OutOfReach);
        }
        Ok(Authorized {
            command,
            condition: self.condition,
        })
    }
}

/// A command that its sender may carry out, as far as its credential goes. It comes from a
/// request that was [admitted](admit) and from nowhere else, so nothing reaches a queue past it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authorized {
    command: Command,
    condition: Option<PolicyCondition>,
}

/// What remains to be asked of a stored access policy.
#[derive(Clone, PartialEq, Eq, Debug)]
struct PolicyCondition {
    policy_id: String,
    grant: QueueSasGrant,
    needed: char,
    /// When the request arrived.
    at: Timestamp,
}

impl Authorized {
    /// The command.
    pub const fn command(&self) -> &Command {
        &self.command
    }

    /// Whether it depends on a stored access policy.
    pub const fn has_condition(&self) -> bool {
        self.condition.is_some()
    }

    /// Whether the stored access policies of the command's queue permit it. Each field of an
    /// access must be given by the signature or by the policy, and not by both.
    pub fn check_policies(
        &self,
        policies: &[StoredAccessPolicy],
    ) -> Result<(), AuthorizationError> {
        let Some(PolicyCondition {
            policy_id,
            grant,
            needed,
            at,
        }) = &self.condition
        else {
            return Ok(());
        };
        let policy = policies.iter().find(|policy| *policy.id == **policy_id);
        let policy = policy.ok_or_else(|| unbelieved("Stored access policy not found."))?;
        let start = only_one(grant.start, policy.start)?;
        let expiry = only_one(grant.expiry, policy.expiry)?.ok_or_else(|| unbelieved(NO_EXPIRY))?;
        let permissions = only_one(grant.permissions, policy.permissions)?;
        let permissions = permissions.ok_or_else(|| unbelieved(NO_PERMISSIONS))?;
        check_time(start, expiry, *at).map_err(|error| match error {
            WireError::AuthenticationFailed { detail } => AuthorizationError::Unbelieved { detail },
            other => unbelieved(&other.to_string()),
        })?;
        check_letter(permissions, *needed, grant.tells_reason)
    }
}

/// Judges what the credential says of itself, and leaves what it does not say.
fn judge(
    grant: &Grant,
    operation: OperationKind,
    at: Timestamp,
) -> Result<Option<PolicyCondition>, AuthorizationError> {
    let requirement = Requirement::of(operation);
    match grant {
        Grant::Everything if requirement.needs_token => Err(AuthorizationError::OutOfReach),
        Grant::Everything | Grant::Token(_) => Ok(None),
        Grant::AccountSas(grant) => {
            let (resource_type, letters) = requirement
                .account_sas
                .ok_or(AuthorizationError::OutOfReach)?;
            if !grant.resource_types.contains(resource_type) {
                return Err(AuthorizationError::ResourceTypeMismatch);
            }
            if !grant
                .permissions
                .contains(|letter| letters.contains(letter))
            {
                return Err(AuthorizationError::PermissionMismatch);
            }
            Ok(None)
        }
        Grant::QueueSas(grant) => {
            let tells_reason = grant.tells_reason;
            let out_of_reach = || reason(tells_reason, AuthorizationError::OutOfReach);
            let needed = requirement.queue_sas.ok_or_else(out_of_reach)?;
            if let Some(permissions) = grant.permissions {
                check_letter(permissions, needed, tells_reason)?;
            }
            Ok(grant.policy_id.clone().map(|policy_id| PolicyCondition {
                policy_id,
                grant: grant.clone(),
                needed,
                at,
            }))
        }
    }
}

/// Why a credential that was believed does not permit what it is used for.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum AuthorizationError {
    /// The command writes, and came through the secondary endpoint.
    #[error("the secondary endpoint is read-only")]
    SecondaryIsReadOnly,
    /// The signature is for other kinds of resources.
    #[error("the signature is for other resource types")]
    ResourceTypeMismatch,
    /// The signature lacks a permission.
    #[error("the signature lacks the permission")]
    PermissionMismatch,
    /// No signature of this kind permits the operation.
    #[error("no signature of this kind permits the operation")]
    OutOfReach,
    /// The signature does not permit it, and is too old for clients to be told why.
    #[error("the signature does not permit it")]
    NothingThere,
    /// Together with its stored access policy the signature is not to be believed.
    #[error("the signature and its stored access policy do not agree: {detail}")]
    Unbelieved {
        /// The `AuthenticationErrorDetail`.
        detail: String,
    },
}

/// The one value that is given, if any is.
fn only_one<T>(signed: Option<T>, stored: Option<T>) -> Result<Option<T>, AuthorizationError> {
    match (signed, stored) {
        (Some(_), Some(_)) => Err(unbelieved(GIVEN_TWICE)),
        (signed, stored) => Ok(signed.or(stored)),
    }
}

fn check_letter(
    permissions: Permissions,
    needed: char,
    tells_reason: bool,
) -> Result<(), AuthorizationError> {
    if permissions.to_string().contains(needed) {
        Ok(())
    } else {
        Err(reason(tells_reason, AuthorizationError::PermissionMismatch))
    }
}

/// Signatures before 2015-04-05 are refused as if nothing was there.
fn reason(tells_reason: bool, error: AuthorizationError) -> AuthorizationError {
    if tells_reason {
        error
    } else {
        AuthorizationError::NothingThere
    }
}

fn unbelieved(detail: &str) -> AuthorizationError {
    AuthorizationError::Unbelieved {
        detail: detail.to_owned(),
    }
}

const GIVEN_TWICE: &str =
    "Access field is given both by the signature and by its stored access policy.";
const NO_EXPIRY: &str = "Signature and stored access policy give no expiry.";
const NO_PERMISSIONS: &str = "Signature and stored access policy give no permissions.";

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(permissions: &str, expiry: Option<i64>) -> Authorized {
        let at = |seconds| Timestamp::from_unix(seconds, 0);
        let permissions = Permissions::parse(permissions).filter(|p| p.bits() != 0);
        let grant = QueueSasGrant {
            policy_id: Some("readers".into()),
            permissions,
            start: None,
            expiry: expiry.map(at),
            tells_reason: true,
        };
        let account = queuerite_model::AccountName::parse("a").unwrap();
        let queue = queuerite_model::QueueName::parse("orders").unwrap();
        let operation = queuerite_model::Operation::PeekMessages { queue, count: 1 };
        let command = Command { account, operation };
        let condition = PolicyCondition {
            policy_id: "readers".into(),
            grant,
            needed: 'r',
            at: at(50),
        };
        Authorized {
            command,
            condition: Some(condition),
        }
    }

    fn policy(start: Option<i64>, expiry: Option<i64>, permissions: &str) -> StoredAccessPolicy {
        let at = |seconds| Timestamp::from_unix(seconds, 0);
        StoredAccessPolicy {
            id: "readers".into(),
            start: start.map(at),
            expiry: expiry.map(at),
            permissions: Permissions::parse(permissions).filter(|p| p.bits() != 0),
        }
    }

    #[track_caller]
    fn unbelieved_with(result: Result<(), AuthorizationError>, expected: &str) {
        match result {
            Err(AuthorizationError::Unbelieved { detail }) => {
                assert!(detail.starts_with(expected), "{detail}");
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_policy_gives_what_the_signature_leaves_out() {
        assert_eq!(
            condition("", None).check_policies(&[policy(None, Some(100), "rp")]),
            Ok(())
        );
        assert_eq!(
            condition("r", None).check_policies(&[policy(None, Some(100), "")]),
            Ok(())
        );
        assert_eq!(
            condition("", Some(100)).check_policies(&[policy(Some(50), None, "r")]),
            Ok(())
        );
    }

    #[test]
    fn a_field_that_is_given_twice_or_not_at_all_is_refused() {
        let check = |authorized: Authorized, policy| authorized.check_policies(&[policy]);
        unbelieved_with(
            check(condition("r", None), policy(None, Some(100), "r")),
            GIVEN_TWICE,
        );
        unbelieved_with(
            check(condition("", Some(100)), policy(None, Some(100), "r")),
            GIVEN_TWICE,
        );
        unbelieved_with(
            check(condition("", None), policy(None, None, "r")),
            NO_EXPIRY,
        );
        unbelieved_with(
            check(condition("", None), policy(None, Some(100), "")),
            NO_PERMISSIONS,
        );
    }

    #[test]
    fn a_policy_that_is_gone_or_over_or_too_narrow_permits_nothing() {
        unbelieved_with(
            condition("", None).check_policies(&[]),
            "Stored access policy",
        );
        let over = policy(None, Some(50), "r");
        unbelieved_with(
            condition("", None).check_policies(&[over]),
            "Signature not valid",
        );
        let early = policy(Some(51), Some(100), "r");
        unbelieved_with(
            condition("", None).check_policies(&[early]),
            "Signature not valid",
        );
        let narrow = policy(None, Some(100), "aup");
        let mismatch = condition("", None).check_policies(&[narrow]);
        assert_eq!(mismatch, Err(AuthorizationError::PermissionMismatch));
    }
}
