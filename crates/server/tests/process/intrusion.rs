//! What somebody tries who wants in: with another account's key, another queue's signature, a
//! field changed, a request sent again as another, and paths that two readers read differently.
//!
//! Each attempt must be refused, and at the end the victim must have what it had.

use std::process::Command;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use queuerite_testkit::{Process, Request, encoded, sign};

use crate::account::Account;
use crate::{PROGRAM, VERSION};

const VICTIM: &str = "victim";
const VICTIMS_KEY: &str = "dmljdGltcyBrZXk=";
const INTRUDER: &str = "intruder";
const INTRUDERS_KEY: &str = "aW50cnVkZXJzIGtleQ==";

/// A server with a victim that has a queue `theirs` with a message and a policy, and a queue
/// `lent`, for which it gives signatures; and with an account of the intruder's own.
struct Scene {
    server: Process,
    victim: Account,
    attempts: u32,
}

impl Scene {
    fn new() -> Self {
        let mut command = Command::new(PROGRAM);
        let accounts = format!("{VICTIM}:{VICTIMS_KEY};{INTRUDER}:{INTRUDERS_KEY}");
        command
            .args(["--silent", "--inMemoryPersistence", "--queuePort", "0"])
            .env("AZURITE_ACCOUNTS", accounts);
        let server = Process::start_command(&mut command);
        let mut victim = Account::named(server.client(), VICTIM, VICTIMS_KEY);
        for queue in ["theirs", "lent"] {
            victim.create(queue);
            victim.put(queue, "a text");
        }
        let mut intruder = Account::named(server.client(), INTRUDER, INTRUDERS_KEY);
        intruder.create("lent");
        Self {
            server,
            victim,
            attempts: 0,
        }
    }

    /// Sends what must not get in.
    #[track_caller]
    fn refused(&mut self, request: &Request) {
        self.attempts += 1;
        let response = self.server.client().send(request).unwrap();
        let shown = format!("{} {}", request.method, request.target);
        assert!(
            response.status >= 400,
            "{shown} {:?}: {}",
            request.headers,
            response.text()
        );
        assert!(response.status < 500, "{shown}: {}", response.text());
        assert!(!response.text().contains("a text"), "{shown}");
    }

    /// Sends what does get in, so that the attempts around it are known to be almost right.
    #[track_caller]
    fn accepted(&mut self, request: &Request) {
        let response = self.server.client().send(request).unwrap();
        assert!(
            response.status < 300,
            "{}: {}",
            request.target,
            response.text()
        );
    }

    /// The victim has what it had.
    fn expect_intact(mut self) {
        assert_eq!(self.victim.queues(), ["lent", "theirs"]);
        for queue in ["theirs", "lent"] {
            let messages = self.victim.peek(queue);
            assert_eq!(messages.len(), 1, "{queue}");
            assert_eq!(
                (messages[0].text.as_str(), messages[0].count),
                ("a text", 0)
            );
            let acl = self.victim.request("GET", &format!("/{queue}?comp=acl"));
            let acl = self.victim.expect(200, acl);
            assert!(acl.text().contains("<SignedIdentifiers />"));
        }
        assert!(self.attempts > 0);
    }
}

fn unsigned(method: &str, target: &str) -> Request {
    let request = Request::new(method, target).header("x-ms-version", VERSION);
    match method {
        "PUT" | "POST" => request.header("Content-Length", "0"),
        _ => request,
    }
}

fn iso(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn in_an_hour() -> String {
    iso(SystemTime::now() + Duration::from_hours(1))
}

/// The fields of a queue SAS in the order in which they are signed, without their signature.
fn queue_fields(letters: &str, expiry: &str) -> Vec<(&'static str, String)> {
    vec![
        ("sp", letters.into()),
        ("st", String::new()),
        ("se", expiry.into()),
        ("si", String::new()),
        ("sip", "127.0.0.1".into()),
        ("spr", "https,http".into()),
        ("sv", VERSION.into()),
    ]
}

fn queue_signature(fields: &[(&str, String)], account: &str, queue: &str, key: &str) -> String {
    let mut lines: Vec<_> = fields.iter().map(|(_, value)| value.clone()).collect();
    lines.insert(3, format!("/queue/{account}/{queue}"));
    sign(key, &lines.join("\n"))
}

fn account_fields(services: &str, types: &str, letters: &str) -> Vec<(&'static str, String)> {
    vec![
        ("sp", letters.into()),
        ("ss", services.into()),
        ("srt", types.into()),
        ("st", String::new()),
        ("se", in_an_hour()),
        ("sip", String::new()),
        ("spr", String::new()),
        ("sv", VERSION.into()),
        ("ses", String::new()),
    ]
}

fn account_signature(fields: &[(&str, String)], account: &str, key: &str) -> String {
    let lines = fields.iter().map(|(_, value)| format!("{value}\n"));
    sign(key, &format!("{account}\n{}", lines.collect::<String>()))
}

fn query(fields: &[(&str, String)], signature: &str) -> String {
    let given = fields.iter().filter(|(_, value)| !value.is_empty());
    let pairs: Vec<_> = given
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    format!("{}&sig={}", pairs.join("&"), encoded(signature))
}

/// A signature for everything that a queue SAS can do on `lent`.
fn lent() -> String {
    let fields = queue_fields("raup", &in_an_hour());
    query(
        &fields,
        &queue_signature(&fields, VICTIM, "lent", VICTIMS_KEY),
    )
}

/// What an intruder would like to do.
const WISHES: [(&str, &str); 12] = [
    ("GET", "/victim/theirs/messages"),
    ("GET", "/victim/theirs/messages?peekonly=true"),
    ("DELETE", "/victim/theirs/messages"),
    ("POST", "/victim/theirs/messages"),
    ("DELETE", "/victim/theirs"),
    ("PUT", "/victim/more"),
    ("GET", "/victim/theirs?comp=metadata"),
    ("PUT", "/victim/theirs?comp=metadata"),
    ("PUT", "/victim/theirs?comp=acl"),
    ("GET", "/victim?comp=list"),
    ("GET", "/victim?restype=service&comp=properties"),
    ("GET", "/victim-secondary?restype=service&comp=stats"),
];

#[test]
fn without_a_credential_or_with_a_wrong_key_nobody_gets_in() {
    let mut scene = Scene::new();
    for (method, target) in WISHES {
        scene.refused(&unsigned(method, target));
        let wish = || unsigned(method, target);
        for (account, key) in [
            (VICTIM, INTRUDERS_KEY),
            (INTRUDER, INTRUDERS_KEY),
            (INTRUDER, VICTIMS_KEY),
            (VICTIM, ""),
            (VICTIM, "AA=="),
            ("VICTIM", VICTIMS_KEY),
            ("victim-secondary", VICTIMS_KEY),
        ] {
            scene.refused(&wish().signed_by(account, key));
        }
        for header in [
            "",
            "SharedKey",
            "SharedKey victim:",
            "SharedKey victim",
            "SharedKey :AAAA",
            "SharedKeyLite victim:AAAA",
            "Basic dmljdGltOmtleQ==",
            "Bearer",
            "Bearer e30.e30.",
            "Bearer eyJhbGciOiJub25lIn0.eyJhdWQiOiJodHRwczovL3N0b3JhZ2UuYXp1cmUuY29tIn0.",
        ] {
            scene.refused(&wish().header("Authorization", header));
        }
        // Two credentials, of which one is right for another account.
        let own = unsigned("GET", "/intruder?comp=list").signed_by(INTRUDER, INTRUDERS_KEY);
        let header = own.headers.last().unwrap().1.clone();
        let twice = wish().header("Authorization", header.clone());
        scene.refused(&twice.clone());
        scene.refused(&twice.header("Authorization", header));
    }
    scene.expect_intact();
}

#[test]
fn a_signature_is_good_for_its_request_alone() {
    let mut scene = Scene::new();
    let peek = unsigned("GET", "/victim/lent/messages?peekonly=true&numofmessages=1");
    let signed = peek.signed_by(VICTIM, VICTIMS_KEY);
    scene.accepted(&signed);
    // The same head for another method, path or query.
    for method in ["DELETE", "PUT", "POST", "HEAD", "get", "PATCH"] {
        let mut replayed = signed.clone();
        replayed.method = method.into();
        scene.refused(&replayed);
    }
    for target in [
        "/victim/theirs/messages?peekonly=true&numofmessages=1",
        "/victim/lent/messages?numofmessages=1",
        "/victim/lent/messages?peekonly=false&numofmessages=1",
        "/victim/lent/messages?peekonly=true&numofmessages=2",
        "/victim/lent/messages?peekonly=true&numofmessages=1&visibilitytimeout=1",
        "/victim/lent/messages?peekonly=true&numofmessages=1&peekonly=false",
        "/victim/lent/messages?peekonly=true%0Anumofmessages:1",
        "/victim/lent/messages/?peekonly=true&numofmessages=1",
        "/victim//lent/messages?peekonly=true&numofmessages=1",
        "/victim/./lent/messages?peekonly=true&numofmessages=1",
        "/victim/x/../lent/messages?peekonly=true&numofmessages=1",
        "/victim/%6Cent/messages?peekonly=true&numofmessages=1",
        "/victim/lent%2Fmessages?peekonly=true&numofmessages=1",
        "/intruder/lent/messages?peekonly=true&numofmessages=1",
    ] {
        let mut replayed = signed.clone();
        replayed.target = target.into();
        scene.refused(&replayed);
    }
    // A signed header changed, left out, or added.
    for (name, value) in [
        ("x-ms-date", "Mon, 05 Oct 2026 12:00:00 GMT"),
        ("x-ms-version", "2018-03-28"),
        ("x-ms-meta-more", "1"),
        ("Content-Type", "text/plain"),
        ("Range", "bytes=0-1"),
        ("If-Match", "*"),
    ] {
        let mut changed = signed.clone();
        changed.headers.retain(|(other, _)| other != name);
        changed.headers.push((name.into(), value.into()));
        scene.refused(&changed);
    }
    scene.expect_intact();
}

#[test]
fn a_shared_access_signature_opens_what_it_is_for_and_nothing_else() {
    let mut scene = Scene::new();
    let lent = lent();
    scene.accepted(&unsigned(
        "GET",
        &format!("/victim/lent/messages?peekonly=true&{lent}"),
    ));
    for (method, target) in WISHES {
        let joint = if target.contains('?') { '&' } else { '?' };
        scene.refused(&unsigned(method, &format!("{target}{joint}{lent}")));
    }
    // What no queue SAS opens on its own queue, and its own queue elsewhere.
    for (method, target) in [
        ("DELETE", "/victim/lent?"),
        ("PUT", "/victim/lent?"),
        ("PUT", "/victim/lent?comp=metadata&"),
        ("GET", "/victim/lent?comp=acl&"),
        ("PUT", "/victim/lent?comp=acl&"),
        ("DELETE", "/victim/lent/messages?"),
        ("GET", "/intruder/lent/messages?peekonly=true&"),
    ] {
        scene.refused(&unsigned(method, &format!("{target}{lent}")));
    }
    scene.expect_intact();
}

#[test]
fn a_path_cannot_lead_from_one_queue_to_another() {
    let mut scene = Scene::new();
    let lent = lent();
    for path in [
        "/victim/lent/../theirs/messages",
        "/victim/lent/%2e%2e/theirs/messages",
        "/victim/lent/%2E%2E/theirs/messages",
        "/victim/lent%2F..%2Ftheirs/messages",
        "/victim/lent%2f..%2ftheirs/messages",
        "/victim/lent%5C..%5Ctheirs/messages",
        "/victim/lent/messages/../../theirs/messages",
        "/victim/lent/messages/..%2F..%2Ftheirs%2Fmessages",
        "/victim/./theirs/messages",
        "/victim//theirs/messages",
        "//victim/theirs/messages",
        "/victim/theirs//messages",
        "/victim/theirs%00/messages",
        "/victim/theirs%20/messages",
        "/victim/lent%00theirs/messages",
        "/victim/lent;theirs/messages",
        "/victim/%74heirs/messages",
        "/victim/THEIRS/messages",
        "/victim/LENT/messages",
        "/victim/victim/theirs/messages",
        "/victim-secondary/victim/theirs/messages",
        "/victim-secondary/theirs/messages",
        "/intruder/../victim/theirs/messages",
        "/%76ictim/theirs/messages",
        "http://victim.queue.localhost/theirs/messages",
        "http://lent.victim.localhost/victim/theirs/messages",
        "*",
        "victim/theirs/messages",
    ] {
        for query in ["?peekonly=true&", "?", "?comp=metadata&"] {
            scene.refused(&unsigned("GET", &format!("{path}{query}{lent}")));
        }
        scene.refused(&unsigned("DELETE", &format!("{path}?{lent}")));
    }
    for host in [
        "victim",
        "victim.queue.localhost",
        "victim-secondary.queue.localhost",
    ] {
        for path in [
            "/theirs/messages",
            "/victim/theirs/messages",
            "/intruder/lent/messages",
        ] {
            let request = unsigned("GET", &format!("{path}?peekonly=true&{lent}"));
            scene.refused(&request.header("Host", host));
        }
    }
    scene.expect_intact();
}

#[test]
fn no_field_of_a_signature_can_be_changed() {
    let mut scene = Scene::new();
    let fields = queue_fields("r", &in_an_hour());
    let signature = queue_signature(&fields, VICTIM, "lent", VICTIMS_KEY);
    let good = query(&fields, &signature);
    let below = "/victim/lent/messages?peekonly=true&";
    scene.accepted(&unsigned("GET", &format!("{below}{good}")));
    for (name, value) in [
        ("sp", "raup"),
        ("sp", ""),
        ("st", "2020-01-01"),
        ("se", "2099-01-01T00:00:00Z"),
        ("se", ""),
        ("si", "policy"),
        ("sip", "0.0.0.0-255.255.255.255"),
        ("sip", ""),
        ("spr", "https"),
        ("spr", ""),
        ("sv", "2018-03-28"),
        ("sv", "2012-02-12"),
        ("sv", ""),
        ("ss", "q"),
        ("srt", "sco"),
        ("skoid", "11111111-1111-1111-1111-111111111111"),
        ("sks", "q"),
    ] {
        let mut changed = fields.clone();
        changed.retain(|(other, _)| *other != name);
        changed.push((name, value.into()));
        let changed = query(&changed, &signature);
        scene.refused(&unsigned("GET", &format!("{below}{changed}")));
    }
    // A field that is there twice is what it was signed as, or refused.
    for more in [
        "sp=p",
        "se=2099-01-01",
        "sig=AAAA",
        "sip=9.9.9.9",
        "sv=2012-02-12",
    ] {
        scene.refused(&unsigned(
            "GET",
            &format!("/victim/lent/messages?{more}&{good}"),
        ));
        scene.refused(&unsigned(
            "GET",
            &format!("/victim/lent/messages?{good}&{more}"),
        ));
    }
    for changed in [
        signature.to_lowercase(),
        signature.replace('=', ""),
        format!("{signature}AAAA"),
        format!("{signature}\n"),
        "AAAA".into(),
        " ".into(),
    ] {
        let changed = query(&fields, &changed);
        scene.refused(&unsigned("GET", &format!("{below}{changed}")));
    }
    scene.expect_intact();
}

#[test]
fn a_signature_ends_and_belongs_to_one_account() {
    let mut scene = Scene::new();
    let below = "/victim/lent/messages?peekonly=true&";
    let mut attempt = |fields: &[(&'static str, String)], signature: &str| {
        let sas = query(fields, signature);
        scene.refused(&unsigned("GET", &format!("{below}{sas}")));
    };
    let expired = queue_fields("raup", &iso(SystemTime::now() - Duration::from_secs(1)));
    attempt(
        &expired,
        &queue_signature(&expired, VICTIM, "lent", VICTIMS_KEY),
    );
    let fields = queue_fields("raup", &in_an_hour());
    for (account, queue, key) in [
        (INTRUDER, "lent", INTRUDERS_KEY),
        (VICTIM, "lent", INTRUDERS_KEY),
        (INTRUDER, "lent", VICTIMS_KEY),
        (VICTIM, "theirs", VICTIMS_KEY),
        (VICTIM, "", VICTIMS_KEY),
        (VICTIM, "lent/messages", VICTIMS_KEY),
    ] {
        attempt(&fields, &queue_signature(&fields, account, queue, key));
    }
    let mut future = fields.clone();
    future[1].1 = in_an_hour();
    attempt(
        &future,
        &queue_signature(&future, VICTIM, "lent", VICTIMS_KEY),
    );
    let mut elsewhere = fields;
    elsewhere[4].1 = "10.0.0.1-10.255.255.255".into();
    attempt(
        &elsewhere,
        &queue_signature(&elsewhere, VICTIM, "lent", VICTIMS_KEY),
    );
    scene.expect_intact();
}

#[test]
fn an_account_sas_opens_its_services_types_and_permissions() {
    let mut scene = Scene::new();
    let signed = |services, types, letters, account, key| {
        let fields = account_fields(services, types, letters);
        let signature = account_signature(&fields, account, key);
        query(&fields, &signature)
    };
    let good = signed("q", "o", "r", VICTIM, VICTIMS_KEY);
    let peek = |sas: &str| {
        unsigned(
            "GET",
            &format!("/victim/theirs/messages?peekonly=true&{sas}"),
        )
    };
    scene.accepted(&peek(&good));
    for (services, types, letters, account, key) in [
        ("b", "o", "r", VICTIM, VICTIMS_KEY),
        ("q", "sc", "r", VICTIM, VICTIMS_KEY),
        ("q", "o", "wdlacup", VICTIM, VICTIMS_KEY),
        ("q", "o", "r", INTRUDER, INTRUDERS_KEY),
        ("q", "o", "r", VICTIM, INTRUDERS_KEY),
        ("q", "o", "r", INTRUDER, VICTIMS_KEY),
        ("q", "o", "", VICTIM, VICTIMS_KEY),
        ("", "o", "r", VICTIM, VICTIMS_KEY),
    ] {
        scene.refused(&peek(&signed(services, types, letters, account, key)));
    }
    let all = signed("bqtf", "sco", "rwdxylacuptfi", VICTIM, VICTIMS_KEY);
    for (method, target) in [
        ("GET", "/victim/theirs?comp=acl&"),
        ("PUT", "/victim/theirs?comp=acl&"),
        ("POST", "/victim?restype=service&comp=userdelegationkey&"),
        ("GET", "/intruder?comp=list&"),
    ] {
        scene.refused(&unsigned(method, &format!("{target}{all}")));
    }
    scene.expect_intact();
}
