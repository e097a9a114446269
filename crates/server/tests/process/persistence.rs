//! What a server remembers when it is started again, after an orderly end and after a crash.

use std::process::Command;
use std::thread;
use std::time::Duration;

use queuerite_testkit::{Process, Request};
use tempfile::TempDir;

use crate::account::{Account, Message};
use crate::{PROGRAM, on, on_with};

const PROPERTIES: &str = "<StorageServiceProperties>\
    <Logging><Version>1.0</Version><Delete>true</Delete><Read>false</Read><Write>true</Write>\
    <RetentionPolicy><Enabled>true</Enabled><Days>7</Days></RetentionPolicy></Logging>\
    <HourMetrics><Version>1.0</Version><Enabled>true</Enabled><IncludeAPIs>false</IncludeAPIs>\
    <RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></HourMetrics>\
    <MinuteMetrics><Version>1.0</Version><Enabled>false</Enabled>\
    <RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></MinuteMetrics>\
    <Cors><CorsRule><AllowedOrigins>http://a.example</AllowedOrigins>\
    <AllowedMethods>GET,PUT</AllowedMethods><AllowedHeaders>x-ms-*</AllowedHeaders>\
    <ExposedHeaders>*</ExposedHeaders><MaxAgeInSeconds>60</MaxAgeInSeconds></CorsRule></Cors>\
    </StorageServiceProperties>";

const POLICIES: &str = "<SignedIdentifiers><SignedIdentifier><Id>policy one</Id><AccessPolicy>\
    <Start>2026-01-01T00:00:00Z</Start><Expiry>2036-01-01T00:00:00.1234567Z</Expiry>\
    <Permission>raup</Permission></AccessPolicy></SignedIdentifier>\
    <SignedIdentifier><Id>two</Id></SignedIdentifier></SignedIdentifiers>";

#[test]
fn everything_outlives_an_orderly_end() {
    outlives("fsync", |server| assert!(server.terminate().0.success()));
    outlives("none", |server| assert!(server.terminate().0.success()));
}

#[test]
fn everything_outlives_a_crash() {
    outlives("fsync", Process::kill);
    outlives("flush", Process::kill);
}

/// Makes every kind of state, ends the server, and finds everything as it was. Twice, since the
/// second start reads what the first one may have written.
fn outlives(durability: &str, end: fn(Process)) {
    let location = TempDir::new().unwrap();
    let options = ["--durability", durability];
    let server = on_with(location.path(), &options);
    let mut account = Account::new(server.client());
    let mut held = make(&mut account);
    let before = everything(&mut account);
    end(server);
    for _ in 0..2 {
        let server = on_with(location.path(), &options);
        let mut account = Account::new(server.client());
        for (after, before) in everything(&mut account).iter().zip(&before) {
            assert_eq!(after, before);
        }
        end(server);
    }

    let server = on_with(location.path(), &options);
    let mut account = Account::new(server.client());
    let mut old = held.updated.clone();
    old.receipt = held.old_receipt;
    let request = account.update_request("busy", &old, None, 0);
    account.expect(404, request);
    // Receipts of a put, a get and an update still work, and show what they are receipts for.
    for message in [&mut held.hidden, &mut held.gotten, &mut held.updated] {
        account.update("busy", message, None, 0);
        let gotten = account.get("busy", 32, 3600);
        let found = gotten.iter().find(|found| found.id == message.id).unwrap();
        assert_eq!(found.text, message.text);
        assert_eq!(found.inserted, message.inserted);
        assert_eq!(found.expires, message.expires);
        assert_eq!(found.count, message.count + 1);
        account.delete("busy", found);
    }
}

struct Held {
    hidden: Message,
    gotten: Message,
    updated: Message,
    old_receipt: String,
}

fn make(account: &mut Account) -> Held {
    account.create("empty");
    account.create("gone");
    account.put("gone", "text");
    let request = account.request("DELETE", "/gone");
    account.expect(204, request);
    let request = account
        .request("PUT", "/busy")
        .header("x-ms-meta-MyKey", "a value")
        .header("x-ms-meta-other", "");
    account.expect(201, request);
    let request = account.request("PUT", "/busy?comp=acl").body(POLICIES);
    account.expect(204, request);
    let request = account
        .request("PUT", "/?restype=service&comp=properties")
        .body(PROPERTIES);
    account.expect(202, request);

    account.put("busy", "first");
    account.put("busy", "updated");
    let gotten = account.get("busy", 2, 3600);
    let [gotten, mut updated] = <[Message; 2]>::try_from(gotten).unwrap();
    let old_receipt = updated.receipt.clone();
    account.update("busy", &mut updated, Some("anew &lt;&gt; ü"), 3600);
    let hidden = account.put_with("busy", "hidden", "?visibilitytimeout=3600");
    let deleted = account.put("busy", "deleted");
    account.delete("busy", &deleted);
    account.put_with("busy", "for ever", "?messagettl=-1");
    account.put_with("busy", "for an hour", "?messagettl=3600");
    account.put("busy", &"long".repeat(16 * 1024));
    for number in 0..20 {
        account.put("busy", &format!("in order {number}"));
    }
    // Seen before, and visible again: it comes after what was put since.
    account.put("busy", "seen");
    account.create("aside");
    account.put("aside", "seen");
    let mut seen = account.get("aside", 1, 3600).remove(0);
    account.put("aside", "put later");
    account.update("aside", &mut seen, None, 0);

    // What is cleared stays cleared, and what is emptied of metadata stays empty.
    let request = account
        .request("PUT", "/cleared")
        .header("x-ms-meta-a", "b");
    account.expect(201, request);
    account.put("cleared", "text");
    let request = account.request("DELETE", "/cleared/messages");
    account.expect(204, request);
    let request = account.request("PUT", "/cleared?comp=metadata");
    account.expect(204, request);
    Held {
        hidden,
        gotten,
        updated,
        old_receipt,
    }
}

/// All that can be seen without changing anything.
fn everything(account: &mut Account) -> Vec<String> {
    let mut seen = Vec::new();
    for below in [
        "/?comp=list&include=metadata",
        "/?restype=service&comp=properties",
        "/busy?comp=acl",
        "/busy?comp=metadata",
        "/empty?comp=metadata",
        "/cleared?comp=metadata",
        "/busy/messages?peekonly=true&numofmessages=32",
        "/aside/messages?peekonly=true&numofmessages=32",
    ] {
        let request = account.request("GET", below);
        let response = account.expect(200, request);
        let headers = response.headers.iter();
        let own = headers.filter(|(name, _)| {
            let name = name.to_lowercase();
            name.starts_with("x-ms-meta-") || name == "x-ms-approximate-messages-count"
        });
        let own: Vec<_> = own.collect();
        let port = format!(":{}/", account.client.address().port());
        let text = response.text().replace(&port, ":0/");
        // A text that is whole is shown in short.
        let text = text.replace(&"long".repeat(16 * 1024), "(long)");
        seen.push(format!("{below} {own:?} {text}"));
    }
    assert!(seen[3].contains("MyKey"), "{seen:#?}");
    let order = account.peek("aside");
    let order: Vec<_> = order.iter().map(|message| message.text.as_str()).collect();
    assert_eq!(order, ["put later", "seen"]);
    seen
}

#[test]
fn a_time_to_live_goes_on_while_the_server_is_down() {
    let location = TempDir::new().unwrap();
    let server = on(location.path());
    let mut account = Account::new(server.client());
    account.create("short");
    account.put_with("short", "short", "?messagettl=1");
    account.put("short", "long");
    server.kill();
    let server = on(location.path());
    let mut account = Account::new(server.client());
    // Azurite forgets to expire what it loads; here it is a matter of a second.
    let texts = |account: &mut Account| {
        let messages = account.peek("short");
        messages
            .into_iter()
            .map(|message| message.text)
            .collect::<Vec<_>>()
    };
    let start = std::time::Instant::now();
    while texts(&mut account) != ["long"] {
        assert!(start.elapsed().as_secs() < 30, "it never expires");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(account.count("short"), 1);
}

#[test]
fn a_server_comes_back_on_the_same_port() {
    let location = TempDir::new().unwrap();
    let mut server = on(location.path());
    let address = server.address;
    let port = address.port().to_string();
    let mut account = Account::new(server.client());
    account.create("same");
    for number in 0..5 {
        // With clients connected, so that the port has something to linger for.
        let texts = account.put("same", &number.to_string()).text;
        if number % 2 == 0 {
            server.kill();
        } else {
            assert!(server.terminate().0.success());
        }
        server = Process::start(
            PROGRAM,
            [
                "--silent",
                "--queuePort",
                &port,
                "--location",
                location.path().to_str().unwrap(),
            ],
        );
        assert_eq!(server.address, address);
        account = Account::new(server.client());
        assert_eq!(account.peek("same").pop().unwrap().text, texts);
    }
}

#[test]
fn what_is_in_memory_is_forgotten_and_leaves_no_files() {
    let folder = TempDir::new().unwrap();
    for _ in 0..2 {
        let mut command = Command::new(PROGRAM);
        command
            .args(["--silent", "--inMemoryPersistence", "--queuePort", "0"])
            .current_dir(folder.path());
        let server = Process::start_command(&mut command);
        let mut account = Account::new(server.client());
        assert_eq!(account.queues(), [""; 0]);
        account.create("forgotten");
        account.put("forgotten", "text");
        assert!(server.terminate().0.success());
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn memory_is_limited_and_comes_back() {
    let server = crate::in_memory(&["--extentMemoryLimit", "0.1"]);
    let mut account = Account::new(server.client());
    account.create("full");
    let text = "x".repeat(50_000);
    for _ in 0..3 {
        let first = account.put("full", &text);
        let second = account.put("full", &text);
        let request = account.put_request("full", &text, "");
        let response = account.expect(409, request);
        let code = response.header("x-ms-error-code");
        assert_eq!(code, Some("MemoryExtentStoreAtSizeLimit"));
        account.delete("full", &first);
        account.delete("full", &second);
    }
    let unsigned = Request::new("GET", "/_queuerite/ready");
    assert_eq!(account.client.send(&unsigned).unwrap().status, 200);
}

/// A file may not grow beyond 24 MiB, as on a disk that is full.
#[test]
#[cfg(target_os = "linux")]
fn a_disk_that_is_full_ends_all_promises_and_breaks_none() {
    let location = TempDir::new().unwrap();
    let mut command = Command::new("sh");
    command
        // In units of 512 bytes; without the trap the kernel would kill the process.
        .args([
            "-c",
            r#"trap '' XFSZ; ulimit -f 49152; exec "$0" "$@""#,
            PROGRAM,
        ])
        .args(["--silent", "--queuePort", "0", "--location"])
        .arg(location.path());
    let mut server = Process::start_command(&mut command);
    let mut account = Account::new(server.client());
    account.create("full");
    account.create("short");
    let mut acknowledged = Vec::new();
    let response = loop {
        if acknowledged.len() % 10 == 0 {
            // Deadlines that are not reached when the store fails.
            let request = account.put_request("short", "text", "?messagettl=2");
            let response = account.send(request).unwrap();
            if response.status != 201 {
                break response;
            }
        }
        let text = format!("{}-{}", acknowledged.len(), "x".repeat(60_000));
        let request = account.put_request("full", &text, "?visibilitytimeout=0");
        let response = account.send(request).unwrap();
        if response.status != 201 {
            break response;
        }
        acknowledged.push(crate::account::messages(&response).remove(0).id);
        assert!(acknowledged.len() < 2_000, "the limit does not hold");
    };
    assert_eq!(response.status, 500, "{}", response.text());
    assert_eq!(response.element("Code").unwrap(), "InternalError");
    server.error_with("the store has failed: nothing is acknowledged any more");
    // From now on nothing is promised, not even what could be read.
    let request = account.request("GET", "/full/messages?peekonly=true");
    account.expect(500, request);
    for (path, status) in [("/_queuerite/health", 200), ("/_queuerite/ready", 503)] {
        let response = account.client.send(&Request::new("GET", path)).unwrap();
        assert_eq!(response.status, status);
    }
    // Nothing is swept any more, but deadlines that pass must not keep the executor awake.
    thread::sleep(Duration::from_millis(2_500));
    let before = processor_time(server.id());
    thread::sleep(Duration::from_secs(1));
    let spent = processor_time(server.id()) - before;
    assert!(spent < 8, "{spent} hundredths of an idle second");
    server.terminate();

    let server = on(location.path());
    let mut account = Account::new(server.client());
    let mut found = Vec::new();
    while let gotten @ [_, ..] = &account.get("full", 32, 3600)[..] {
        found.extend(gotten.iter().map(|message| message.id.clone()));
    }
    // The last put failed, and may or may not have been stored.
    found.truncate(acknowledged.len());
    assert_eq!(found, acknowledged);
}

/// The time that a process has spent, in hundredths of a second.
#[cfg(target_os = "linux")]
fn processor_time(id: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
    // After the name in parentheses: state, then the eleventh and twelfth from there.
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let field = |at| fields.split(' ').nth(at).unwrap().parse::<u64>().unwrap();
    field(11) + field(12)
}
