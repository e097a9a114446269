//! A noisy run: everything is logged, all kinds of credentials come in all kinds of broken
//! requests, and nothing of a key, a signature or a token is found in what the server wrote.

use std::fs;
use std::process::Command;

use queuerite_testkit::{ACCOUNT, KEY, Process, Request, encoded, sign};
use tempfile::TempDir;

use crate::{PROGRAM, VERSION};

const OTHER_KEY: &str = "YW5vdGhlciBrZXkgb2YgdGhlIGFjY291bnQ=";

#[test]
fn no_secret_is_written_anywhere_however_it_came() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("debug.log");
    let mut command = Command::new(PROGRAM);
    command
        .args(["--inMemoryPersistence", "--queuePort", "0", "--debug"])
        .arg(&log)
        .env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{KEY}:{OTHER_KEY}"))
        .env("QUEUERITE_LOG", "trace");
    let server = Process::start_command(&mut command);

    let list = format!("/{ACCOUNT}?comp=list");
    let right = Request::new("GET", &list).signed(VERSION);
    let (_, shared_key) = right.headers.last().unwrap();
    let shared_key = shared_key.rsplit_once(':').unwrap().1.to_owned();
    // Signatures of every kind of base64: with a slash, a plus sign and an equals sign.
    let sas = |number: u32| {
        let fields = ["rl", "q", "s", "", "2099-01-01", "", "", VERSION, ""];
        let lines = fields.join("\n");
        let signature = sign(KEY, &format!("{ACCOUNT}{number}\n{lines}\n"));
        let query = format!("sp=rl&ss=q&srt=s&se=2099-01-01&sv={VERSION}");
        (query, signature)
    };
    let token = "eyJhbGciOiJub25lIn0.eyJzZWNyZXQiOiJjbGFpbSJ9.c2lnbmF0dXJlb2Z0b2tlbg";

    let mut secrets = vec![KEY.to_owned(), OTHER_KEY.to_owned(), shared_key];
    let mut requests = vec![right];
    for account in [ACCOUNT, "nobody"] {
        for scheme in ["SharedKey", "SharedKeyLite", "sharedkey", "Unknown"] {
            let signature = sign(OTHER_KEY, &format!("{account} {scheme}"));
            for value in [
                format!("{scheme} {account}:{signature}"),
                format!("{scheme} {signature}"),
                format!("{scheme}:{signature}"),
                format!("{scheme} {account}:{signature} more"),
            ] {
                let request = Request::new("GET", format!("/{account}?comp=list"));
                requests.push(request.header("Authorization", value));
            }
            secrets.push(signature);
        }
        let bearer = Request::new("GET", format!("/{account}?comp=list"));
        requests.push(
            bearer
                .clone()
                .header("Authorization", format!("Bearer {token}")),
        );
        requests.push(bearer.header("Authorization", format!("Bearer {token} {token}")));
    }
    secrets.extend(token.split('.').map(str::to_owned));
    for (number, name) in ["sig", "SIG", "Sig", "%73ig", "s%69%67", "%53%49%47"]
        .iter()
        .enumerate()
    {
        let (query, signature) = sas(u32::try_from(number).unwrap());
        for signature in [signature.clone(), encoded(&signature)] {
            for target in [
                format!("{list}&{query}&{name}={signature}"),
                format!("/{ACCOUNT}?{name}={signature}&comp=list&{query}"),
                format!("/{ACCOUNT}/Bad_Name/messages?{name}={signature}&{query}"),
                format!("/{ACCOUNT}/orders/messages?{query}&{name}={signature}&x=%zz"),
                format!("/{ACCOUNT}/orders/messages?{query}&{name}={signature}&{name}={signature}"),
                format!("/%zz/orders/messages?{query}&{name}={signature}"),
                format!("/nobody/orders?{query}&{name}={signature}"),
                format!("/_queuerite/health?{name}={signature}"),
                format!("http://{ACCOUNT}.queue.localhost/?comp=list&{query}&{name}={signature}"),
            ] {
                requests.push(Request::new("GET", &target).header("x-ms-version", VERSION));
                requests.push(Request::new("GET", &target).header("x-ms-version", "tomorrow"));
                requests.push(Request::new("BREW", &target));
                requests.push(Request::new("OPTIONS", &target).header("Origin", "http://a"));
                let twice = Request::new("PUT", &target).header("Content-Length", "0");
                requests.push(twice.header("Content-Length", "0"));
                requests.push(Request::new("GET", &target).signed(VERSION));
            }
        }
        secrets.push(encoded(&signature));
        secrets.push(signature);
    }
    for request in &requests {
        // Some are no HTTP at all; then the connection ends.
        let _ = server.client().send(request);
    }
    server.signal("TERM");
    let ended = server.wait();

    let debug_log = fs::read_to_string(log).unwrap();
    for lines in [&ended.stdout, &ended.stderr] {
        assert!(lines.len() > 100, "it was not noisy: {}", lines.len());
    }
    let written: Vec<&str> = debug_log
        .lines()
        .chain(ended.stdout.iter().map(String::as_str))
        .chain(ended.stderr.iter().map(String::as_str))
        .collect();
    for secret in &secrets {
        let found = written.iter().find(|line| line.contains(secret.as_str()));
        assert_eq!(found, None, "{secret}");
    }
}
