//! `SharedKey` and `SharedKeyLite`: nothing but the right signature is ever believed, and it is
//! believed for the request that was signed and for none that means anything else.

use http::{HeaderValue, Method};
use queuerite_testkit::{KEY, sign};
use queuerite_wire::{Credential, Grant, Head, Verified, WireError, parse_command, verify};

use crate::request::{LENIENT, Request, circumstances, keys};

/// The input is a request, and perhaps another that is sent with the signature of the first.
pub fn shared_key(data: &[u8]) {
    let Some((request, other)) = Request::read_two(data) else {
        return;
    };
    check_as_sent(&request);
    for scheme in ["SharedKey", "SharedKeyLite"] {
        if let Some(signed) = Signed::new(scheme, &request) {
            signed.check_changes();
            if let Some(other) = &other {
                signed.check_other(other);
            }
        }
    }
}

/// With whatever credential the request has: believed only if it carries the signature of what
/// was found to be signed.
fn check_as_sent(request: &Request) {
    let Ok(head) = request.head(LENIENT) else {
        return;
    };
    let Ok(credential) = Credential::read(&request.headers, &head.query) else {
        return;
    };
    let Ok(verified) = believe(request, &head, &credential) else {
        return;
    };
    let expected = sign(KEY, &verified.string_to_sign);
    match credential {
        Credential::SharedKey { .. } | Credential::SharedKeyLite { .. } => {
            let sent = &request.headers["authorization"];
            assert!(sent.as_bytes().ends_with(format!(":{expected}").as_bytes()));
            assert_eq!(verified.grant, Grant::Everything);
        }
        Credential::Sas(_) => {
            assert_ne!(verified.grant, Grant::Everything);
            let sent = head.query.get("sig").unwrap_or_default();
            // A user delegation SAS is signed with another key.
            assert!(sent.replace(' ', "+") == expected || head.query.get("skoid").is_some());
        }
        // Tokens are not taken without TLS.
        Credential::Bearer(_) | Credential::Anonymous => panic!("{credential:?} was believed"),
    }
}

/// A request with the right signature.
struct Signed {
    scheme: &'static str,
    request: Request,
    /// As it is meant.
    head: Head,
}

impl Signed {
    /// Signs what a refusal says should have been signed, if the request can be signed at all.
    fn new(scheme: &'static str, request: &Request) -> Option<Self> {
        let mut request = request.clone();
        let account = request.head(LENIENT).ok()?.resource.account;
        request.set(AUTHORIZATION, &format!("{scheme} {account}:{ANOTHER}"));
        let head = request.head(LENIENT).ok()?;
        let refusal = read_and_believe(&request).expect_err("this is not its signature");
        let WireError::AuthenticationFailed { detail } = refusal else {
            // A header that is signed was sent twice.
            assert!(
                matches!(refusal, WireError::InvalidHeader { .. }),
                "{refusal:?}"
            );
            return None;
        };
        let (_, string_to_sign) = detail
            .split_once(BEFORE_STRING)
            .expect("it says the string");
        let string_to_sign = string_to_sign.strip_suffix(AFTER_STRING).unwrap();

        let signature = sign(KEY, string_to_sign);
        request.set(AUTHORIZATION, &format!("{scheme} {account}:{signature}"));
        let verified = read_and_believe(&request).expect("the right signature is believed");
        assert_eq!(verified.string_to_sign, string_to_sign);
        assert_eq!(verified.grant, Grant::Everything);
        let head = verified.head(&head).into_owned();
        Some(Self {
            scheme,
            request,
            head,
        })
    }

    /// What is always signed cannot be changed.
    fn check_changes(&self) {
        let mut changed = self.request.clone();
        // A method is signed in capitals.
        let is_delete = changed.method.as_str().eq_ignore_ascii_case("delete");
        changed.method = if is_delete {
            Method::GET
        } else {
            Method::DELETE
        };
        refuses(&changed, "another method");

        let mut changed = self.request.clone();
        changed
            .headers
            .append("x-ms-zz", HeaderValue::from_static("1"));
        refuses(&changed, "one more header of the service");

        let query = self.request.uri.query().unwrap_or_default();
        if !self.is_lite()
            && let Some(changed) = self.request.with_query(&format!("{query}&zz=1"))
        {
            refuses(&changed, "one more parameter");
        }

        let mut changed = self.request.clone();
        let sent = changed.headers[AUTHORIZATION].to_str().unwrap().to_owned();
        let (rest, signature) = sent.rsplit_once(':').unwrap();
        let first = if signature.starts_with('A') { "B" } else { "A" };
        let flipped = signature.chars().skip(1).collect::<String>();
        changed.set(AUTHORIZATION, &format!("{rest}:{first}{flipped}"));
        refuses(&changed, "another signature");
    }

    /// A request that is believed with this signature asks for the same.
    fn check_other(&self, other: &Request) {
        let mut other = other.clone();
        let sent = self.request.headers[AUTHORIZATION].clone();
        other.headers.insert(AUTHORIZATION, sent);
        let (Ok(head), Ok(verified)) = (other.head(LENIENT), read_and_believe(&other)) else {
            return;
        };
        let head = verified.head(&head).into_owned();
        assert_eq!(head.resource.account, self.head.resource.account);
        let may_differ = head.resource.style != self.head.resource.style
            || [&head, &self.head].into_iter().any(repeats_a_parameter);
        if may_differ {
            return;
        }
        if self.is_lite() {
            let signed = |head: &Head| {
                let comp = head.query.get("comp").unwrap_or_default();
                (head.resource.path.clone(), comp.to_owned())
            };
            assert_eq!(signed(&head), signed(&self.head));
            return;
        }
        // The body is not signed, and neither is the case of a header's name.
        let command = |head, request: &Request| {
            parse_command(head, &request.headers, &[], &self.request.body)
        };
        let ours = command(&self.head, &self.request);
        let theirs = command(&head, &other);
        if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
            let [ours, theirs] = [ours, theirs].map(|command| alike(&format!("{command:?}")));
            assert_eq!(ours, theirs, "both are signed by the same text");
        }
    }

    /// Whether of the query no more than `comp` is signed.
    fn is_lite(&self) -> bool {
        self.scheme == "SharedKeyLite" || self.head.version.shared_key_is_short()
    }
}

fn read_and_believe(request: &Request) -> Result<Verified, WireError> {
    let head = request.head(LENIENT).map_err(|failure| failure.error)?;
    let credential = Credential::read(&request.headers, &head.query)?;
    believe(request, &head, &credential)
}

fn believe(request: &Request, head: &Head, credential: &Credential) -> Result<Verified, WireError> {
    verify(
        head,
        &request.headers,
        credential,
        &keys(),
        &circumstances(),
    )
}

#[track_caller]
fn refuses(request: &Request, what: &str) {
    assert!(read_and_believe(request).is_err(), "{what}: {request:?}");
}

/// The documented form of a signature gives values of the same name in order and separated by
/// commas, so it does not tell `a=2&a=1` from `a=1&a=2` or `a=1,2`.
fn repeats_a_parameter(head: &Head) -> bool {
    let names: Vec<_> = head.query.iter().map(|(name, _)| name).collect();
    (1..names.len()).any(|at| names[..at].contains(&names[at]))
}

/// The text without what different clients sign in different ways: a run of white space in a
/// header.
fn alike(text: &str) -> String {
    let text = text.replace("\\t", " ");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

const AUTHORIZATION: &str = "authorization";
const ANOTHER: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const BEFORE_STRING: &str = "Server used following string to sign: '";
const AFTER_STRING: &str = "'.";
