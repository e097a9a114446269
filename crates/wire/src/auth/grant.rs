//! What an accepted credential permits, as far as it says so itself.

use queuerite_model::{Permissions, Timestamp};

use super::TokenHolder;
use crate::OperationKind;

/// What the holder of a credential may do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Grant {
    /// Everything: the credential is an account key.
    Everything,
    /// What an account SAS says. REST page "Create an account SAS".
    AccountSas(AccountSasGrant),
    /// Everything, and to delegate it: the credential is a bearer token. What roles its holder
    /// has is not known here, so it has all of them.
    Token(TokenHolder),
    /// What a queue SAS says, or the stored access policy that it names, or what a user
    /// delegation SAS says. REST pages "Create a service SAS", "Create a user delegation SAS".
    QueueSas(QueueSasGrant),
}

/// The reach of an account SAS.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountSasGrant {
    /// `srt`: any of `s`, `c` and `o`.
    pub resource_types: String,
    /// `sp`: letters.
    pub permissions: String,
}

/// The reach of a queue SAS; the queue itself is part of what was signed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueueSasGrant {
    /// The stored access policy that gives what the signature leaves out.
    pub policy_id: Option<String>,
    /// `sp`, unless the policy gives it.
    pub permissions: Option<Permissions>,
    /// `st`, unless it holds at once or the policy gives it.
    pub start: Option<Timestamp>,
    /// `se`, unless the policy gives it.
    pub expiry: Option<Timestamp>,
    /// Whether a refusal says what is missing: since `sv` 2015-04-05. Before, it says that there
    /// is no such resource.
    pub tells_reason: bool,
}

/// What an operation asks of a shared access signature: a row of the table "Permissions" of the
/// REST pages on shared access signatures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Requirement {
    /// The `srt` letter that an account SAS needs, with any one of these `sp` letters; `None` if
    /// no account SAS permits the operation.
    pub account_sas: Option<(char, &'static str)>,
    /// The `sp` letter that a queue SAS needs; `None` if no queue SAS permits the operation.
    pub queue_sas: Option<char>,
    /// Whether an account key is not enough, only a bearer token is.
    pub needs_token: bool,
}

impl Requirement {
    /// The row of this operation.
    #[expect(
        clippy::match_same_arms,
        reason = "a row for each operation, as in the documentation"
    )]
    pub const fn of(operation: OperationKind) -> Self {
        use OperationKind as Kind;
        let (account_sas, queue_sas) = match operation {
            Kind::ListQueues => (Some(('s', "l")), None),
            Kind::SetServiceProperties => (Some(('s', "w")), None),
            Kind::GetServiceProperties => (Some(('s', "r")), None),
            Kind::GetServiceStats => (Some(('s', "r")), None),
            Kind::GetUserDelegationKey => (None, None),
            Kind::CreateQueue => (Some(('c', "cw")), None),
            Kind::DeleteQueue => (Some(('c', "d")), None),
            Kind::GetQueueMetadata => (Some(('c', "r")), Some('r')),
            Kind::SetQueueMetadata => (Some(('c', "w")), None),
            Kind::GetQueueAcl => (None, None),
            Kind::SetQueueAcl => (None, None),
            Kind::PutMessage => (Some(('o', "a")), Some('a')),
            Kind::GetMessages => (Some(('o', "p")), Some('p')),
            Kind::PeekMessages => (Some(('o', "r")), Some('r')),
            Kind::DeleteMessage => (Some(('o', "p")), Some('p')),
            Kind::ClearMessages => (Some(('o', "d")), None),
            Kind::UpdateMessage => (Some(('o', "u")), Some('u')),
        };
        Self {
            account_sas,
            queue_sas,
            needs_token: matches!(operation, Kind::GetUserDelegationKey),
        }
    }
}
