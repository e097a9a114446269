//! Every published number of the service, with its source beside it.
//!
//! The biggest word comes first in a name, so that related limits sort together. Relations
//! between limits are asserted at compile time, at the foot of this file.

/// Longest message text in bytes of UTF-8, after XML decoding. REST page "Put Message".
pub const MESSAGE_TEXT_BYTES_MAX: usize = 64 * 1024;
/// Longest message text before version 2011-08-18, in bytes. REST page "Version 2011-08-18".
pub const MESSAGE_TEXT_BYTES_MAX_BEFORE_2011: usize = 8 * 1024;
/// Most messages that one Get Messages or Peek Messages returns. REST page "Get Messages".
pub const MESSAGES_PER_CALL_MAX: u32 = 32;

/// Longest visibility timeout in seconds: seven days. REST page "Put Message".
pub const VISIBILITY_TIMEOUT_SECONDS_MAX: u32 = 7 * 24 * 60 * 60;
/// Longest visibility timeout before version 2011-08-18, in seconds: two hours.
pub const VISIBILITY_TIMEOUT_SECONDS_MAX_BEFORE_2011: u32 = 2 * 60 * 60;
/// Visibility timeout of a Get Messages that names none, in seconds. REST page "Get Messages".
pub const VISIBILITY_TIMEOUT_SECONDS_DEFAULT: u32 = 30;

/// Time-to-live of a message that names none, in seconds: seven days. REST page "Put Message".
pub const TIME_TO_LIVE_SECONDS_DEFAULT: u64 = 7 * 24 * 60 * 60;
/// Longest time-to-live before version 2017-07-29, in seconds. REST page "Put Message".
pub const TIME_TO_LIVE_SECONDS_MAX_BEFORE_2017: u64 = 7 * 24 * 60 * 60;

/// Shortest queue name in characters. REST page "Naming Queues and Metadata".
pub const QUEUE_NAME_CHARACTERS_MIN: usize = 3;
/// Longest queue name in characters. REST page "Naming Queues and Metadata".
pub const QUEUE_NAME_CHARACTERS_MAX: usize = 63;

/// Most bytes of metadata names and values together, per queue. REST page "Set Queue Metadata".
pub const METADATA_BYTES_MAX: usize = 8 * 1024;

/// Most stored access policies per queue. REST page "Set Queue ACL".
pub const POLICIES_PER_QUEUE_MAX: usize = 5;
/// Longest identifier of a stored access policy in characters. REST page "Set Queue ACL".
pub const POLICY_ID_CHARACTERS_MAX: usize = 64;

/// Most queues on one page of List Queues. REST page "List Queues".
pub const QUEUES_PER_PAGE_MAX: u32 = 5000;

/// Most CORS rules per account. REST page "Set Queue Service Properties".
pub const CORS_RULES_MAX: usize = 5;
/// Most bytes of all CORS rules together, markup not counted. Same page.
pub const CORS_BYTES_MAX: usize = 2 * 1024;
/// Most origins of a CORS rule, and most literal headers of each of its lists. Same page.
pub const CORS_ITEMS_MAX: usize = 64;
/// Most prefixed headers (`x-ms-meta-*`) of each list of a CORS rule. Same page.
pub const CORS_PREFIXED_HEADERS_MAX: usize = 2;
/// Longest origin or header of a CORS rule in characters. Same page.
pub const CORS_ITEM_CHARACTERS_MAX: usize = 256;

/// Longest retention of logs and metrics in days. REST page "Set Queue Service Properties".
pub const RETENTION_DAYS_MAX: u16 = 365;

/// Longest `x-ms-client-request-id` that is echoed, in characters. REST page "Troubleshooting
/// API operations".
pub const CLIENT_REQUEST_ID_CHARACTERS_MAX: usize = 1024;

/// Longest time that a user delegation key holds, in seconds: seven days. REST page "Get User
/// Delegation Key".
pub const USER_DELEGATION_KEY_SECONDS_MAX: u64 = 7 * 24 * 60 * 60;

/// How far a signed date may be from the server's clock under `--strict`, in seconds.
/// REST page "Authorize with Shared Key".
pub const SIGNED_DATE_SKEW_SECONDS_MAX: u64 = 15 * 60;

/// How long a deleted queue's name stays taken under `--strict`, in seconds. REST page
/// "Delete Queue".
pub const QUEUE_DELETION_SECONDS: u64 = 30;

/// Longest request body in bytes. Ours: a text of the greatest length, each character written
/// as an entity of six (`&quot;`), in a generous envelope.
pub const REQUEST_BODY_BYTES_MAX: usize = 6 * MESSAGE_TEXT_BYTES_MAX + 4096;

const _: () = {
    assert!(MESSAGE_TEXT_BYTES_MAX_BEFORE_2011 < MESSAGE_TEXT_BYTES_MAX);
    assert!(VISIBILITY_TIMEOUT_SECONDS_DEFAULT < VISIBILITY_TIMEOUT_SECONDS_MAX_BEFORE_2011);
    assert!(VISIBILITY_TIMEOUT_SECONDS_MAX_BEFORE_2011 < VISIBILITY_TIMEOUT_SECONDS_MAX);
    assert!(TIME_TO_LIVE_SECONDS_DEFAULT <= TIME_TO_LIVE_SECONDS_MAX_BEFORE_2017);
    assert!(QUEUE_NAME_CHARACTERS_MIN <= QUEUE_NAME_CHARACTERS_MAX);
    assert!(REQUEST_BODY_BYTES_MAX > 6 * MESSAGE_TEXT_BYTES_MAX);
    assert!(REQUEST_BODY_BYTES_MAX > METADATA_BYTES_MAX + CORS_BYTES_MAX);
};
