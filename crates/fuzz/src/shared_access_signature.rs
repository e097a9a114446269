//! Shared access signatures: one made over some fields never opens another.

use http::Uri;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use queuerite_testkit::{KEY, sign};
use queuerite_wire::{
    Credential, Grant, Head, KeyInfo, ServiceVersion, TokenHolder, UserDelegationKey, Verified,
    WireError, parse_iso8601, respond_user_delegation_key, verify,
};

use crate::request::{LENIENT, NOON, Request, circumstances, keys};

/// The input is a request whose query has the fields, and perhaps another that is sent with the
/// signature of the first.
pub fn shared_access_signature(data: &[u8]) {
    let Some((request, other)) = Request::read_two(data) else {
        return;
    };
    let Some(signed) = Signed::new(&request) else {
        return;
    };
    signed.check_changes();
    if let Some(other) = other {
        signed.check_other(&other);
    }
}

/// A request with the right signature.
struct Signed {
    request: Request,
    /// The query without its signature.
    fields: String,
    head: Head,
    signature: String,
    grant: Option<Grant>,
}

impl Signed {
    /// Signs what a refusal says should have been signed, if the request can be signed at all.
    fn new(request: &Request) -> Option<Self> {
        let fields = without_signature(&request.uri);
        let unsigned = with_signature(request, &fields, ANOTHER)?;
        let (head, refusal) = read_and_believe(&unsigned)?;
        let detail = match refusal {
            Err(WireError::AuthenticationFailed { detail }) => detail,
            // A queue's signature has nothing to sign where no queue is named.
            Err(WireError::QueueSasOnService { .. }) => return None,
            other => panic!("this is not its signature: {other:?}"),
        };
        // Fields that have no form known cannot be signed.
        let string_to_sign = detail.strip_prefix(BEFORE_STRING)?;

        let mut signature = sign(KEY, string_to_sign);
        if kind(&head) == Kind::UserDelegation {
            let (_, believed) = read_and_believe(&with_signature(request, &fields, &signature)?)?;
            assert!(believed.is_err(), "the account key signs for a user");
            signature = sign(&delegated_key(&head)?, string_to_sign);
        }
        let right = with_signature(request, &fields, &signature)?;
        let (_, believed) = read_and_believe(&right)?;
        match &believed {
            Ok(verified) => assert_eq!(verified.string_to_sign, string_to_sign),
            Err(error) => assert!(!is_mismatch(error), "the right signature is believed"),
        }
        let grant = believed.ok().map(|verified| verified.grant);
        match &grant {
            Some(Grant::QueueSas(_)) => assert_ne!(kind(&head), Kind::Account),
            Some(Grant::AccountSas(_)) => assert_eq!(kind(&head), Kind::Account),
            Some(grant) => panic!("a shared access signature permits {grant:?}"),
            None => {}
        }
        Some(Self {
            request: request.clone(),
            fields,
            head,
            signature,
            grant,
        })
    }

    /// A field that is signed cannot be changed, added or left out, nor can the queue of a
    /// queue's signature.
    fn check_changes(&self) {
        for name in signed_fields(&self.head) {
            let value = self.head.query.get(name);
            let longer = format!("{}x", value.unwrap_or_default());
            self.refuses(&self.fields_with(name, Some(&longer)));
            if value.is_some_and(|value| !value.is_empty()) {
                self.refuses(&self.fields_with(name, None));
            }
        }
        for name in OF_OTHER_KINDS {
            if self.head.query.get(name).is_none() {
                self.refuses(&self.fields_with(name, Some("x")));
            }
        }
        if kind(&self.head) != Kind::Account
            && let Ok(uri) = format!("/{}/another-queue", self.head.resource.account).parse()
        {
            let elsewhere = Request {
                uri,
                headers: http::HeaderMap::new(),
                ..self.request.clone()
            };
            let is_another = elsewhere
                .head(LENIENT)
                .is_ok_and(|head| queue_of(&head) != queue_of(&self.head));
            if is_another {
                let sent = with_signature(&elsewhere, &self.fields, &self.signature);
                let believed = sent.as_ref().and_then(read_and_believe);
                assert!(believed.is_none_or(|(_, believed)| believed.is_err()));
            }
        }
    }

    /// A request that is believed with this signature carries the same fields.
    fn check_other(&self, other: &Request) {
        let fields = without_signature(&other.uri);
        let sent = with_signature(other, &fields, &self.signature);
        let Some((head, Ok(verified))) = sent.as_ref().and_then(read_and_believe) else {
            return;
        };
        let head = verified.head(&head).into_owned();
        assert_eq!(kind(&head), kind(&self.head));
        assert_eq!(head.resource.account, self.head.resource.account);
        if kind(&head) != Kind::Account {
            assert_eq!(queue_of(&head), queue_of(&self.head));
        }
        for name in signed_fields(&head) {
            assert_eq!(field(&head, name), field(&self.head, name), "{name}");
        }
        if let Some(grant) = &self.grant {
            assert_eq!(verified.grant, *grant);
        }
    }

    #[track_caller]
    fn refuses(&self, fields: &str) {
        let sent = with_signature(&self.request, fields, &self.signature);
        if let Some((_, believed)) = sent.as_ref().and_then(read_and_believe) {
            assert!(believed.is_err(), "believed with {fields} too");
        }
    }

    /// The fields with one of them set to another value, or left out.
    fn fields_with(&self, name: &str, value: Option<&str>) -> String {
        let escaped = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let others = self.head.query.iter().filter(|(other, _)| *other != name);
        let others = others.filter(|(other, _)| *other != "sig");
        let mut fields: Vec<_> = others
            .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
            .collect();
        fields.extend(value.map(|value| format!("{name}={}", escaped(value))));
        fields.join("&")
    }
}

/// Reads the request and judges its signature; nothing if its head cannot be read.
fn read_and_believe(request: &Request) -> Option<(Head, Result<Verified, WireError>)> {
    let head = request.head(LENIENT).ok()?;
    let believed = verify(
        &head,
        &request.headers,
        &Credential::Sas(None),
        &keys(),
        &circumstances(),
    );
    Some((head, believed))
}

fn without_signature(uri: &Uri) -> String {
    let is_signature = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        name.to_lowercase() == "sig"
    };
    let pairs = uri.query().unwrap_or_default().split('&');
    let pairs: Vec<_> = pairs.filter(|pair| !is_signature(pair)).collect();
    pairs.join("&")
}

fn with_signature(request: &Request, fields: &str, signature: &str) -> Option<Request> {
    let mut request = request.clone();
    request.headers.remove("authorization");
    let signature = utf8_percent_encode(signature, NON_ALPHANUMERIC);
    request.with_query(&format!("{fields}&sig={signature}"))
}

/// What a signature is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Account,
    Queue,
    UserDelegation,
}

fn kind(head: &Head) -> Kind {
    let has = |names: &[&str]| names.iter().any(|name| head.query.get(name).is_some());
    match (has(&OF_OTHER_KINDS[..2]), has(&OF_OTHER_KINDS[2..])) {
        (_, true) => Kind::UserDelegation,
        (true, false) => Kind::Account,
        (false, false) => Kind::Queue,
    }
}

/// The base64 of the key that somebody was given to sign this, if it is one that can be given.
fn delegated_key(head: &Head) -> Option<String> {
    let field = |name| head.query.get(name).filter(|value| !value.is_empty());
    let info = KeyInfo {
        start: Some(parse_iso8601(field("skt")?)?),
        expiry: parse_iso8601(field("ske")?)?,
        delegated_user_tenant_id: field("skdutid").map(str::to_owned),
    };
    let holder = TokenHolder {
        object_id: field("skoid").map(str::to_owned),
        tenant_id: field("sktid")?.to_owned(),
    };
    let version = ServiceVersion::parse(field("skv")?)?;
    let account = &head.resource.account;
    let key = UserDelegationKey::issue(&info, &holder, account, &keys(), version, NOON).ok()?;
    let is_this = (&*key.signed_start, &*key.signed_expiry) == (field("skt")?, field("ske")?)
        && field("sks") == Some(UserDelegationKey::SIGNED_SERVICE);
    let answer = respond_user_delegation_key(&key).body;
    let (_, value) = std::str::from_utf8(&answer).ok()?.split_once("<Value>")?;
    let (value, _) = value.split_once("</Value>")?;
    is_this.then(|| value.to_owned())
}

/// What is signed of the query at the version that it names.
fn signed_fields(head: &Head) -> &'static [&'static str] {
    let version = head.query.get("sv").unwrap_or_default();
    match kind(head) {
        Kind::Account if version >= "2020-12-06" => {
            &["sp", "ss", "srt", "st", "se", "sip", "spr", "sv", "ses"]
        }
        Kind::Account => &["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"],
        Kind::Queue if version >= "2015-04-05" => &["sp", "st", "se", "si", "sip", "spr", "sv"],
        Kind::Queue => &["sp", "st", "se", "si", "sv"],
        Kind::UserDelegation => &[
            "sp", "st", "se", "skoid", "sktid", "skt", "ske", "sks", "skv", "skdutid", "sduoid",
            "sip", "spr", "sv",
        ],
    }
}

/// A field as it is signed: empty is as good as absent.
fn field<'a>(head: &'a Head, name: &str) -> &'a str {
    head.query.get(name).unwrap_or_default()
}

fn queue_of(head: &Head) -> Option<String> {
    use queuerite_wire::ResourcePath::{Message, Messages, Queue, Service, Unknown};
    match &head.resource.path {
        Queue { queue } | Messages { queue } | Message { queue, .. } => Some(queue.clone()),
        Service | Unknown => None,
    }
}

fn is_mismatch(error: &WireError) -> bool {
    matches!(error, WireError::AuthenticationFailed { detail }
        if detail.starts_with(BEFORE_STRING))
}

/// What makes a signature one of an account, and then what makes it one by somebody with a key of
/// their own.
const OF_OTHER_KINDS: &[&str] = &[
    "ss", "srt", "skoid", "sktid", "skt", "ske", "sks", "skv", "skdutid", "sduoid",
];
const ANOTHER: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const BEFORE_STRING: &str = "Signature did not match. String to sign used was ";
