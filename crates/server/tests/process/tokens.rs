//! Bearer tokens over HTTPS, and what they can delegate.

use std::ffi::OsStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, SecondsFormat, Utc};
use queuerite_testkit::{ACCOUNT, Client, Process, Request, Response, encoded, sign};
use tempfile::TempDir;

use crate::account::{Account, messages};
use crate::tls::Certified;
use crate::{in_memory, on_with};

const VERSION: &str = "2026-10-06";
const OBJECT: &str = "11111111-1111-1111-1111-111111111111";
const TENANT: &str = "22222222-2222-2222-2222-222222222222";
const USER: &str = "33333333-3333-3333-3333-333333333333";

/// A server that takes tokens, and a client that has none yet.
fn start(certified: &Certified) -> (Process, Client) {
    let mut options = certified.options();
    options.extend(["--oauth".to_owned(), "basic".to_owned()]);
    let server = in_memory(&options.iter().map(String::as_str).collect::<Vec<_>>());
    let client = certified.client(&server);
    (server, client)
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    since.as_secs()
}

/// A token that nobody signed, for these claims instead of the usual ones.
fn token(object_id: &str, audience: &str, expiry: u64) -> String {
    let claims = format!(
        r#"{{"iss":"https://login.microsoftonline.com/{TENANT}/v2.0","aud":"{audience}",
            "nbf":{now},"iat":{now},"exp":{expiry},"oid":"{object_id}","tid":"{TENANT}"}}"#,
        now = now() - 60,
    );
    let header = r#"{"typ":"JWT","alg":"none"}"#;
    let [header, claims] = [header, &claims].map(|part| URL_SAFE_NO_PAD.encode(part));
    format!("Bearer {header}.{claims}.")
}

fn good_token(object_id: &str) -> String {
    token(object_id, "https://storage.azure.com", now() + 600)
}

fn request(method: &str, below: &str) -> Request {
    let request =
        Request::new(method, format!("/{ACCOUNT}{below}")).header("x-ms-version", VERSION);
    match method {
        "PUT" => request.header("Content-Length", "0"),
        _ => request,
    }
}

fn with_body(method: &str, below: &str, body: &str) -> Request {
    Request::new(method, format!("/{ACCOUNT}{below}"))
        .header("x-ms-version", VERSION)
        .header("Content-Length", body.len().to_string())
        .body(body)
}

#[track_caller]
fn expect(client: &mut Client, status: u16, request: &Request) -> Response {
    let response = client.send(request).unwrap();
    assert_eq!(
        response.status,
        status,
        "{} {}",
        request.target,
        response.text()
    );
    response
}

/// Creates a queue and asks for a key, by token.
fn delegated(client: &mut Client) -> Response {
    let token = good_token(OBJECT);
    let create = request("PUT", "/orders").header("Authorization", &token);
    expect(client, 201, &create);
    let expiry = iso(SystemTime::now() + Duration::from_hours(1));
    let body = format!("<KeyInfo><Expiry>{expiry}</Expiry></KeyInfo>");
    let ask = with_body("POST", "?restype=service&comp=userdelegationkey", &body)
        .header("Authorization", &token);
    expect(client, 200, &ask)
}

fn iso(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A signature with a key as the answer gave it, for this user if any.
fn user_delegation_sas(key: &Response, letters: &str, user: &str) -> String {
    let part = |name| key.element(name).unwrap();
    let resource = format!("/queue/{ACCOUNT}/orders");
    let fields = [
        ("sp", letters.to_owned()),
        ("st", String::new()),
        ("se", part("SignedExpiry")),
        ("", resource),
        ("skoid", part("SignedOid")),
        ("sktid", part("SignedTid")),
        ("skt", part("SignedStart")),
        ("ske", part("SignedExpiry")),
        ("sks", part("SignedService")),
        ("skv", part("SignedVersion")),
        ("skdutid", String::new()),
        ("sduoid", user.to_owned()),
        ("sip", String::new()),
        ("spr", "https".to_owned()),
        ("sv", VERSION.to_owned()),
    ];
    let lines: Vec<_> = fields.iter().map(|(_, value)| value.as_str()).collect();
    let signature = sign(&part("Value"), &lines.join("\n"));
    let query = fields
        .iter()
        .filter(|(name, value)| !name.is_empty() && !value.is_empty());
    let query: Vec<_> = query
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    format!("{}&sig={}", query.join("&"), encoded(&signature))
}

const TEXT: &str = "<QueueMessage><MessageText>text</MessageText></QueueMessage>";

#[test]
fn a_token_is_good_for_every_operation() {
    let certified = Certified::new(&[]);
    let (_server, mut client) = start(&certified);
    let token = good_token(OBJECT);
    let mut ask = |status, request: Request| {
        let request = request.header("Authorization", &token);
        expect(&mut client, status, &request)
    };
    ask(201, request("PUT", "/orders"));
    ask(200, request("GET", "?comp=list"));
    ask(201, with_body("POST", "/orders/messages", TEXT));
    let got = ask(200, request("GET", "/orders/messages"));
    assert_eq!(messages(&got)[0].text, "text");
    ask(204, request("PUT", "/orders?comp=acl"));
    ask(200, request("GET", "/orders?comp=acl"));
    ask(200, request("GET", "?restype=service&comp=properties"));
    ask(204, request("DELETE", "/orders"));
}

#[test]
fn a_token_that_nobody_signed_is_taken_under_strict_too() {
    let certified = Certified::new(&[]);
    let mut options = certified.options();
    options.extend(["--oauth", "BASIC", "--strict"].map(str::to_owned));
    let server = in_memory(&options.iter().map(String::as_str).collect::<Vec<_>>());
    let list = request("GET", "?comp=list").header("Authorization", good_token(OBJECT));
    expect(&mut certified.client(&server), 200, &list);
}

#[test]
fn a_token_that_is_refused_is_told_why_and_where_to_get_another() {
    let certified = Certified::new(&[]);
    let (_server, mut client) = start(&certified);
    for (token, detail) in [
        (
            token(OBJECT, "https://vault.azure.net", now() + 600),
            "Audience validation failed. Audience did not match.",
        ),
        (
            token(OBJECT, "https://storage.azure.com", now() - 1),
            "Lifetime validation failed. The token is expired.",
        ),
    ] {
        let list = request("GET", "?comp=list").header("Authorization", token);
        let refused = expect(&mut client, 401, &list);
        assert_eq!(
            refused.header("x-ms-error-code"),
            Some("InvalidAuthenticationInfo")
        );
        assert_eq!(refused.header("x-ms-version"), None);
        assert_eq!(refused.header("server"), Some("Microsoft-HTTPAPI/2.0"));
        assert_eq!(
            refused.element("AuthenticationErrorDetail").as_deref(),
            Some(detail)
        );
        let challenge = format!(
            "Bearer authorization_uri=https://login.microsoftonline.com/{TENANT}/oauth2/authorize \
             resource_id=https://storage.azure.com"
        );
        assert_eq!(refused.header("www-authenticate"), Some(challenge.as_str()));
    }
    let list = request("GET", "?comp=list").header("Authorization", "Bearer a.b.c");
    let malformed = expect(&mut client, 400, &list);
    assert_eq!(
        malformed.header("x-ms-error-code"),
        Some("InvalidAuthenticationInfo")
    );
    assert_eq!(malformed.header("www-authenticate"), None);
}

#[test]
fn keys_and_signatures_go_on_beside_tokens() {
    let certified = Certified::new(&[]);
    let (_server, client) = start(&certified);
    let mut account = Account::new(client);
    account.create("orders");
    account.put("orders", "text");
    assert_eq!(account.get("orders", 1, 60)[0].text, "text");
}

#[test]
fn without_oauth_a_token_is_refused() {
    let certified = Certified::new(&[]);
    let server = certified.start();
    let list = request("GET", "?comp=list").header("Authorization", good_token(OBJECT));
    let refused = expect(&mut certified.client(&server), 403, &list);
    let detail = refused.element("AuthenticationErrorDetail").unwrap();
    assert!(detail.contains("without --oauth basic"), "{detail}");
}

#[test]
fn a_user_delegation_key_signs_for_a_queue() {
    let certified = Certified::new(&[]);
    let (_server, mut client) = start(&certified);
    let key = delegated(&mut client);
    assert_eq!(key.element("SignedOid").as_deref(), Some(OBJECT));
    assert_eq!(key.element("SignedTid").as_deref(), Some(TENANT));
    assert_eq!(key.element("SignedService").as_deref(), Some("q"));
    assert_eq!(key.element("SignedVersion").as_deref(), Some(VERSION));
    assert_eq!(key.header("cache-control"), None);

    let sas = user_delegation_sas(&key, "ap", "");
    let below = format!("/orders/messages?{sas}");
    expect(&mut client, 201, &with_body("POST", &below, TEXT));
    let got = expect(&mut client, 200, &request("GET", &below));
    assert_eq!(messages(&got)[0].text, "text");
    let peek = request("GET", &format!("{below}&peekonly=true"));
    let refused = expect(&mut client, 403, &peek);
    let code = refused.header("x-ms-error-code");
    assert_eq!(code, Some("AuthorizationPermissionMismatch"));
}

#[test]
fn a_signature_for_a_user_needs_that_users_token() {
    let certified = Certified::new(&[]);
    let (_server, mut client) = start(&certified);
    let key = delegated(&mut client);
    let below = format!("/orders/messages?{}", user_delegation_sas(&key, "p", USER));
    let get = || request("GET", &below);
    expect(&mut client, 403, &get());
    let another = get().header("Authorization", good_token(OBJECT));
    let refused = expect(&mut client, 403, &another);
    let detail = refused.element("AuthenticationErrorDetail").unwrap();
    assert!(
        detail.contains("other than that of the bearer token"),
        "{detail}"
    );
    let own = get().header("Authorization", good_token(USER));
    expect(&mut client, 200, &own);
    // The token alone could do more, but with the signature it does what the signature says.
    let put = with_body("POST", &below, TEXT).header("Authorization", good_token(USER));
    expect(&mut client, 403, &put);
}

#[test]
fn a_user_delegation_key_outlives_a_restart() {
    let certified = Certified::new(&[]);
    let location = TempDir::new().unwrap();
    let mut options = certified.options();
    options.extend(["--oauth".to_owned(), "basic".to_owned()]);
    let options: Vec<_> = options.iter().map(String::as_str).collect();
    let server = on_with(location.path(), &options);
    let key = delegated(&mut certified.client(&server));
    server.kill();
    let server = on_with(location.path(), &options);
    let sas = user_delegation_sas(&key, "r", "");
    let peek = request("GET", &format!("/orders/messages?peekonly=true&{sas}"));
    expect(&mut certified.client(&server), 200, &peek);
}

/// Neither log nor line says anything of a token, of a key that was given, or of a signature.
#[test]
fn nothing_secret_is_logged() {
    let certified = Certified::new(&[]);
    let log = TempDir::new().unwrap();
    let log = log.path().join("debug.log");
    let mut options = certified.options();
    options.extend([
        "--oauth".to_owned(),
        "basic".to_owned(),
        "--debug".to_owned(),
    ]);
    let mut options: Vec<_> = options.iter().map(OsStr::new).collect();
    options.push(log.as_os_str());
    let usual = ["--inMemoryPersistence", "--queuePort", "0"].map(OsStr::new);
    let server = Process::start(crate::PROGRAM, usual.into_iter().chain(options));
    let mut client = certified.client(&server);
    let key = delegated(&mut client);
    let sas = user_delegation_sas(&key, "r", USER);
    let token = good_token(USER);
    let below = format!("/orders/messages?peekonly=true&{sas}");
    let peek = request("GET", &below).header("Authorization", &token);
    expect(&mut client, 200, &peek);
    expect(&mut client, 403, &request("GET", &below));
    let bad = request("GET", "?comp=list").header("Authorization", "Bearer c2VjcmV0.c2VjcmV0.");
    expect(&mut client, 400, &bad);

    server.signal("TERM");
    let ended = server.wait();
    let logged = std::fs::read_to_string(log).unwrap();
    let lines = [logged].into_iter().chain(ended.stdout).chain(ended.stderr);
    let all: String = lines.collect();
    assert!(all.contains("the token is accepted"), "{all}");
    let signature = sas.rsplit_once("sig=").unwrap().1;
    let value = key.element("Value").unwrap();
    // All tokens begin alike, whenever they were made.
    let begin = token.strip_prefix("Bearer ").unwrap().get(..60).unwrap();
    for secret in [signature, &value, begin, "c2VjcmV0"] {
        assert!(!all.contains(secret), "{secret}");
    }
}
