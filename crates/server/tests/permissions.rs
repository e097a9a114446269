//! Which credential permits which operation: every operation, every kind of credential, every
//! set of letters, against one table that reads as the documentation's do.
//!
//! Nothing is sent: a request is judged by its head, as the server judges it before it reads
//! anything else.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test may panic, and tells how much it tried"
)]

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use queuerite_model::{AccountKey, Permissions, StoredAccessPolicy, Timestamp};
use queuerite_server::{Fault, admit};
use queuerite_testkit::{ACCOUNT, KEY, Request, encoded, sign};
use queuerite_wire::{
    AccountKeys, Circumstances, Head, HeadOptions, StorageService, UserDelegationKey,
    parse_command, parse_key_info, respond_user_delegation_key,
};

/// The tables "Permissions" of the pages "Create an account SAS", "Create a service SAS" and
/// "Create a user delegation SAS", with the requests that ask for the operations.
///
/// Of several letters of an account SAS any one is enough. Nothing stands for an operation that
/// no signature of the kind permits.
#[rustfmt::skip]
const TABLE: &[Row] = &[
    //   operation                request                                           account SAS    queue SAS
    //                                                                              type  letters  letter
    row("List Queues",            "GET ?comp=list",                                 "s",  "l",     ""),
    row("Set Service Properties", "PUT ?restype=service&comp=properties",           "s",  "w",     ""),
    row("Get Service Properties", "GET ?restype=service&comp=properties",           "s",  "r",     ""),
    row("Get Service Stats",      "GET ?restype=service&comp=stats",                "s",  "r",     ""),
    row("Get Delegation Key",     "POST ?restype=service&comp=userdelegationkey",   "",   "",      ""),
    row("Create Queue",           "PUT /orders",                                    "c",  "cw",    ""),
    row("Delete Queue",           "DELETE /orders",                                 "c",  "d",     ""),
    row("Get Queue Metadata",     "GET /orders?comp=metadata",                      "c",  "r",     "r"),
    row("Head Queue Metadata",    "HEAD /orders?comp=metadata",                     "c",  "r",     "r"),
    row("Set Queue Metadata",     "PUT /orders?comp=metadata",                      "c",  "w",     ""),
    row("Get Queue ACL",          "GET /orders?comp=acl",                           "",   "",      ""),
    row("Head Queue ACL",         "HEAD /orders?comp=acl",                          "",   "",      ""),
    row("Set Queue ACL",          "PUT /orders?comp=acl",                           "",   "",      ""),
    row("Put Message",            "POST /orders/messages",                          "o",  "a",     "a"),
    row("Get Messages",           "GET /orders/messages",                           "o",  "p",     "p"),
    row("Peek Messages",          "GET /orders/messages?peekonly=true",             "o",  "r",     "r"),
    row("Delete Message",         "DELETE /orders/messages/id?popreceipt=RECEIPT",  "o",  "p",     "p"),
    row("Clear Messages",         "DELETE /orders/messages",                        "o",  "d",     ""),
    row("Update Message",         "PUT /orders/messages/id?popreceipt=RECEIPT&visibilitytimeout=0", "o", "u", "u"),
];

/// The letters of an account SAS that mean something to queues.
const ACCOUNT_LETTERS: &str = "rwdlacup";
/// The letters that other services have.
const OTHER_LETTERS: &str = "yxtfi";
/// The letters of a queue SAS, a policy and a user delegation SAS.
const QUEUE_LETTERS: &str = "raup";

const PERMITTED: &str = "permitted";
const UNBELIEVED: &str = "AuthenticationFailed";
const OUT_OF_REACH: &str = "AuthorizationFailure";
const NOT_THIS_TYPE: &str = "AuthorizationResourceTypeMismatch";
const NOT_THIS_LETTER: &str = "AuthorizationPermissionMismatch";
/// What signatures before 2015-04-05 are told in place of the reasons.
const NOTHING_THERE: &str = "ResourceNotFound";

/// The signed versions in between which the forms of signatures change.
const VERSIONS: [&str; 6] = [
    "2013-08-15",
    "2014-02-14",
    "2015-02-21",
    "2015-04-05",
    "2020-12-06",
    "2026-10-06",
];

struct Row {
    operation: &'static str,
    request: &'static str,
    account_type: &'static str,
    account_letters: &'static str,
    queue_letter: &'static str,
}

const fn row(
    operation: &'static str,
    request: &'static str,
    account_type: &'static str,
    account_letters: &'static str,
    queue_letter: &'static str,
) -> Row {
    Row {
        operation,
        request,
        account_type,
        account_letters,
        queue_letter,
    }
}

impl Row {
    fn method_and_target(&self) -> (&str, String) {
        let (method, target) = self.request.split_once(' ').unwrap();
        let target = target.replace("RECEIPT", "AgAAAAMAAAAAAAAAkFnBcDn20wE%3D");
        (method, format!("/{ACCOUNT}{target}"))
    }

    fn is_of_queue(&self) -> bool {
        self.request.contains("/orders")
    }

    fn with_account_sas(&self, types: &str, letters: &str) -> &'static str {
        if self.account_type.is_empty() {
            OUT_OF_REACH
        } else if !types.contains(self.account_type) {
            NOT_THIS_TYPE
        } else if !letters.chars().any(|l| self.account_letters.contains(l)) {
            NOT_THIS_LETTER
        } else {
            PERMITTED
        }
    }

    /// A queue's signature names a queue, so elsewhere it is out of reach.
    fn with_queue_sas(&self, letters: &str) -> &'static str {
        if !self.is_of_queue() || self.queue_letter.is_empty() {
            OUT_OF_REACH
        } else if !letters.contains(self.queue_letter) {
            NOT_THIS_LETTER
        } else {
            PERMITTED
        }
    }
}

#[test]
fn an_account_sas_permits_what_the_table_says() {
    let mut tried = 0;
    for row in TABLE {
        for types in ["s", "c", "o", "sc", "so", "co", "sco"] {
            let sets = match types {
                "sco" => subsets(ACCOUNT_LETTERS),
                _ => alone_and_left_out(ACCOUNT_LETTERS),
            };
            for letters in sets {
                let sas = account_sas("2026-10-06", types, &letters);
                let expected = row.with_account_sas(types, &letters);
                check(
                    row,
                    &sas,
                    &[],
                    expected,
                    &format!("srt={types} sp={letters}"),
                );
                tried += 1;
            }
            let all = format!("{ACCOUNT_LETTERS}{OTHER_LETTERS}");
            for letters in [&all, OTHER_LETTERS] {
                let sas = account_sas("2026-10-06", types, letters);
                let expected = row.with_account_sas(types, letters);
                check(
                    row,
                    &sas,
                    &[],
                    expected,
                    &format!("srt={types} sp={letters}"),
                );
                tried += 1;
            }
        }
        for version in VERSIONS.iter().filter(|version| **version >= "2015-04-05") {
            let sas = account_sas(version, "sco", "rwdlacup");
            let expected = row.with_account_sas("sco", "rwdlacup");
            check(row, &sas, &[], expected, version);
            tried += 1;
        }
    }
    println!("{tried} account SAS");
}

#[test]
fn a_queue_sas_permits_what_the_table_says() {
    let mut tried = 0;
    for row in TABLE {
        for version in VERSIONS {
            for letters in subsets(QUEUE_LETTERS) {
                let sas = queue_sas(version, &[("sp", &letters), ("se", "2026-10-06")]);
                let expected = match row.with_queue_sas(&letters) {
                    OUT_OF_REACH | NOT_THIS_LETTER if version < "2015-04-05" => NOTHING_THERE,
                    expected => expected,
                };
                check(row, &sas, &[], expected, &format!("{version} sp={letters}"));
                tried += 1;
            }
        }
    }
    println!("{tried} queue SAS");
}

#[test]
fn a_stored_access_policy_permits_what_the_table_says() {
    let mut tried = 0;
    for row in TABLE {
        for letters in subsets(QUEUE_LETTERS) {
            let policy = StoredAccessPolicy {
                id: "policy".into(),
                start: None,
                expiry: Some(noon().plus_seconds(1)),
                permissions: Permissions::parse(&letters),
            };
            let sas = queue_sas("2026-10-06", &[("si", "policy")]);
            let expected = row.with_queue_sas(&letters);
            check(row, &sas, std::slice::from_ref(&policy), expected, &letters);

            // The letters in the signature instead.
            let sas = queue_sas("2026-10-06", &[("sp", &letters), ("si", "policy")]);
            let bare = StoredAccessPolicy {
                permissions: None,
                ..policy.clone()
            };
            check(row, &sas, &[bare], expected, &letters);

            // In both, it is nobody's; but a letter that is missing is told first.
            let twice = match expected {
                PERMITTED => UNBELIEVED,
                other => other,
            };
            check(row, &sas, &[policy], twice, &letters);
            tried += 3;
        }
    }
    println!("{tried} stored access policies");
}

#[test]
fn a_user_delegation_sas_permits_what_the_table_says() {
    let key = delegation_key();
    let mut tried = 0;
    for row in TABLE {
        for letters in subsets(QUEUE_LETTERS) {
            let sas = user_delegation_sas(&key, &letters);
            let expected = row.with_queue_sas(&letters);
            check(row, &sas, &[], expected, &letters);
            tried += 1;
        }
    }
    println!("{tried} user delegation SAS");
}

/// An account key permits everything but to delegate, a token everything, and nothing nothing.
#[test]
fn whoever_has_the_key_or_a_token_needs_no_letters() {
    for row in TABLE {
        let expected = match row.operation {
            "Get Delegation Key" => OUT_OF_REACH,
            _ => PERMITTED,
        };
        let (method, target) = row.method_and_target();
        let signed = Request::new(method, target.as_str()).signed("2026-10-06");
        let judged = judge(row, &signed.target, signed.headers, &[]);
        assert_eq!(judged, expected, "{}", row.operation);

        let bearer = ("Authorization".to_owned(), token());
        let judged = judge(row, &target, vec![bearer], &[]);
        assert_eq!(judged, PERMITTED, "{}", row.operation);

        let judged = judge(row, &target, Vec::new(), &[]);
        assert_eq!(judged, "NoAuthenticationInformation", "{}", row.operation);
    }
}

/// What was admitted as one operation cannot be carried out as another.
#[test]
fn a_command_is_of_the_kind_that_was_admitted() {
    let sas = queue_sas("2026-10-06", &[("sp", "r"), ("se", "2026-10-06")]);
    let command = |method, target: &str, body: &'static str| {
        let (head, headers) = head(method, target, Vec::new());
        parse_command(&head, &headers, &[], &Bytes::from(body)).unwrap()
    };
    let messages = format!("/{ACCOUNT}/orders/messages");
    let put = "<QueueMessage><MessageText>a</MessageText></QueueMessage>";
    for (command, is_admitted) in [
        (
            command("GET", &format!("{messages}?peekonly=true"), ""),
            true,
        ),
        (command("GET", &messages, ""), false),
        (command("POST", &messages, put), false),
        (command("DELETE", &messages, ""), false),
    ] {
        let (head, headers) = head(
            "GET",
            &format!("{messages}?peekonly=true&{sas}"),
            Vec::new(),
        );
        let admitted = admit(&head, &headers, &keys(), &circumstances()).unwrap();
        let authorized = admitted.authorize(command);
        assert_eq!(authorized.is_ok(), is_admitted, "{authorized:?}");
    }
}

/// Judges the request of a row that carries a signature; and again with a parameter that nothing
/// can be made of, which must not show before the permission.
#[track_caller]
fn check(row: &Row, sas: &str, policies: &[StoredAccessPolicy], expected: &str, what: &str) {
    let (_, target) = row.method_and_target();
    let separator = if target.contains('?') { '&' } else { '?' };
    let target = format!("{target}{separator}{sas}");
    let judged = judge(row, &target, Vec::new(), policies);
    assert_eq!(judged, expected, "{} {what}", row.operation);
    if policies.is_empty() {
        let target = format!("{target}&timeout=soon&numofmessages=99");
        let judged = judge(row, &target, Vec::new(), policies);
        assert_eq!(
            judged, expected,
            "{} {what}, with bad parameters",
            row.operation
        );
    }
}

/// What comes of a request: the code of its refusal, or that it is permitted.
fn judge(
    row: &Row,
    target: &str,
    headers: Vec<(String, String)>,
    policies: &[StoredAccessPolicy],
) -> &'static str {
    judged(row, target, headers, policies).map_or_else(|fault| fault.code.name(), |()| PERMITTED)
}

fn judged(
    row: &Row,
    target: &str,
    headers: Vec<(String, String)>,
    policies: &[StoredAccessPolicy],
) -> Result<(), Fault> {
    let (method, _) = row.method_and_target();
    let (head, headers) = head(method, target, headers);
    let admitted = admit(&head, &headers, &keys(), &circumstances())?;
    if policies.is_empty() {
        return Ok(());
    }
    let body = match row.operation {
        "Put Message" => "<QueueMessage><MessageText>a</MessageText></QueueMessage>",
        _ => "",
    };
    let command = parse_command(admitted.head(), &headers, &[], &Bytes::from(body)).unwrap();
    let authorized = admitted.authorize(command).unwrap();
    assert!(authorized.has_condition());
    let checked = authorized.check_policies(policies);
    checked.map_err(Fault::of_authorization)
}

fn head(method: &str, target: &str, headers: Vec<(String, String)>) -> (Head, HeaderMap) {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: HeaderName = name.parse().unwrap();
        map.insert(name, HeaderValue::from_str(&value).unwrap());
    }
    let options = HeadOptions {
        strict: false,
        any_version: false,
        host_style: false,
    };
    let method: Method = method.parse().unwrap();
    let uri: Uri = target.parse().unwrap();
    let head = Head::parse(&method, &uri, &map, options, &|name| name == ACCOUNT).unwrap();
    (head, map)
}

fn keys() -> AccountKeys {
    AccountKeys::new(&[AccountKey::new(BASE64_STANDARD.decode(KEY).unwrap())])
}

const NOON: i64 = 1_791_201_600;

fn noon() -> Timestamp {
    Timestamp::from_unix(NOON, 0)
}

fn circumstances() -> Circumstances {
    Circumstances {
        service: StorageService::Queue,
        now: noon(),
        source: IpAddr::from([127, 0, 0, 1]),
        is_https: true,
        takes_tokens: true,
        strict: false,
        any_version: false,
        any_source: false,
    }
}

/// Every choice of these letters but none.
fn subsets(letters: &str) -> Vec<String> {
    let choice = |number: u32| {
        let chosen = letters.chars().enumerate();
        let chosen = chosen.filter(|(at, _)| number >> at & 1 == 1);
        chosen.map(|(_, letter)| letter).collect()
    };
    (1..1 << letters.len()).map(choice).collect()
}

/// Each of these letters alone, and all the others without it.
fn alone_and_left_out(letters: &str) -> Vec<String> {
    let each = letters.chars();
    each.flat_map(|letter| [letter.to_string(), letters.replace(letter, "")])
        .collect()
}

fn query(fields: &[(&str, &str)]) -> String {
    let fields = fields.iter().filter(|(_, value)| !value.is_empty());
    let fields: Vec<_> = fields
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    fields.join("&")
}

fn account_sas(version: &str, types: &str, letters: &str) -> String {
    let expiry = "2026-10-06T00:00:00Z";
    let mut text = format!("{ACCOUNT}\n{letters}\nq\n{types}\n\n{expiry}\n\n\n{version}\n");
    if version >= "2020-12-06" {
        text.push('\n');
    }
    query(&[
        ("sv", version),
        ("ss", "q"),
        ("srt", types),
        ("sp", letters),
        ("se", expiry),
        ("api-version", "2026-10-06"),
        ("sig", &sign(KEY, &text)),
    ])
}

fn queue_sas(version: &str, fields: &[(&str, &str)]) -> String {
    let value = |name: &str| {
        let field = fields.iter().find(|(other, _)| *other == name);
        field.map_or("", |(_, value)| *value)
    };
    let resource = match version {
        "2013-08-15" | "2014-02-14" => format!("/{ACCOUNT}/orders"),
        _ => format!("/queue/{ACCOUNT}/orders"),
    };
    let bounds = match version {
        "2013-08-15" | "2014-02-14" | "2015-02-21" => "",
        _ => "\n\n",
    };
    let (sp, se, si) = (value("sp"), value("se"), value("si"));
    let text = format!("{sp}\n\n{se}\n{resource}\n{si}\n{bounds}{version}");
    query(&[
        ("sv", version),
        ("sp", sp),
        ("se", se),
        ("si", si),
        ("sig", &sign(KEY, &text)),
    ])
}

const OBJECT: &str = "11111111-1111-1111-1111-111111111111";
const TENANT: &str = "22222222-2222-2222-2222-222222222222";

fn token() -> String {
    let claims = format!(
        r#"{{"iss":"https://sts.windows.net/{TENANT}/","aud":"https://storage.azure.com",
            "nbf":{NOON},"iat":{NOON},"exp":{},"oid":"{OBJECT}","tid":"{TENANT}"}}"#,
        NOON + 1
    );
    let header = r#"{"typ":"JWT","alg":"none"}"#;
    let [header, claims] = [header, &claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("Bearer {header}.{claims}.")
}

/// Asks for a key with a token, as a client does, and reads it from the answer.
fn delegation_key() -> String {
    let target = format!("/{ACCOUNT}?restype=service&comp=userdelegationkey");
    let (head, headers) = head("POST", &target, vec![("authorization".into(), token())]);
    let admitted = admit(&head, &headers, &keys(), &circumstances()).unwrap();
    let body = "<KeyInfo><Expiry>2026-10-06T00:00:00Z</Expiry></KeyInfo>";
    let info = parse_key_info(&head, &headers, &Bytes::from(body), noon()).unwrap();
    let holder = admitted.token_holder().unwrap();
    let account = &head.resource.account;
    let key =
        UserDelegationKey::issue(&info, holder, account, &keys(), head.version, noon()).unwrap();
    let answer = respond_user_delegation_key(&key);
    let answer = String::from_utf8(answer.body.to_vec()).unwrap();
    let (_, value) = answer.split_once("<Value>").unwrap();
    value.split_once("</Value>").unwrap().0.to_owned()
}

/// REST page "Create a user delegation SAS".
fn user_delegation_sas(key: &str, letters: &str) -> String {
    let (start, expiry) = ("2026-10-05T12:00:00Z", "2026-10-06T00:00:00Z");
    let text = [
        /* signedPermissions */ letters,
        /* signedStart */ "",
        /* signedExpiry */ expiry,
        /* canonicalizedResource */ &format!("/queue/{ACCOUNT}/orders"),
        /* signedKeyObjectId */ OBJECT,
        /* signedKeyTenantId */ TENANT,
        /* signedKeyStart */ start,
        /* signedKeyExpiry */ expiry,
        /* signedKeyService */ "q",
        /* signedKeyVersion */ "2026-10-06",
        /* signedDelegatedUserTenantId */ "",
        /* signedDelegatedUserObjectId */ "",
        /* signedIP */ "",
        /* signedProtocol */ "",
        /* signedVersion */ "2026-10-06",
    ]
    .join("\n");
    query(&[
        ("sp", letters),
        ("se", expiry),
        ("skoid", OBJECT),
        ("sktid", TENANT),
        ("skt", start),
        ("ske", expiry),
        ("sks", "q"),
        ("skv", "2026-10-06"),
        ("sv", "2026-10-06"),
        ("sig", &sign(key, &text)),
    ])
}
