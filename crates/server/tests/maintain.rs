//! `queuerite store`, by the real binary: the way out of a damaged store.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic"
)]

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use queuerite_testkit::{ACCOUNT, Client, Process, Request, Response, encoded, run};
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_queuerite");
const VERSION: &str = "2021-12-02";

/// Runs `queuerite store` on a location.
fn store(action: &str, location: &Path, more: &[&OsStr]) -> Output {
    let words = ["store", action, "--location"].map(OsStr::new);
    let words = words.into_iter().chain([location.as_os_str()]);
    run(PROGRAM, words.chain(more.iter().copied()))
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[track_caller]
fn ended_with(output: &Output, code: i32) -> String {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(!text.contains("panicked"), "{text}");
    text
}

/// It ended in failure with this one line and nothing else.
#[track_caller]
fn refused(output: &Output, expected: &[&str]) {
    let text = ended_with(output, 1);
    for part in expected {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(output.stdout.is_empty());
}

fn send(client: &mut Client, method: &str, target: &str, body: &str) -> Response {
    let request = Request::new(method, format!("/{ACCOUNT}/{target}"));
    client.send(&request.body(body).signed(VERSION)).unwrap()
}

#[track_caller]
fn expect(client: &mut Client, status: u16, method: &str, target: &str, body: &str) -> Response {
    let response = send(client, method, target, body);
    assert_eq!(
        response.status,
        status,
        "{method} {target}: {}",
        response.text()
    );
    response
}

fn put(client: &mut Client, queue: &str, text: &str) -> Response {
    let body = format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
    expect(client, 201, "POST", &format!("{queue}/messages"), &body)
}

fn texts(client: &mut Client, queue: &str) -> Vec<String> {
    let target = format!("{queue}/messages?peekonly=true&numofmessages=32");
    let answer = expect(client, 200, "GET", &target, "").text();
    let parts = answer.split("<MessageText>").skip(1);
    parts
        .map(|part| part.split('<').next().unwrap().to_owned())
        .collect()
}

fn text_of(number: usize) -> String {
    format!("message {number} ") + &"Grüße ".repeat(number % 40)
}

/// A location with two queues, of which one has this many messages; the server has ended.
fn filled(messages: usize) -> TempDir {
    let location = TempDir::new().unwrap();
    fill(location.path(), messages).terminate();
    location
}

fn fill(location: &Path, messages: usize) -> Process {
    let server = Process::on_location(PROGRAM, location);
    let client = &mut server.client();
    expect(client, 201, "PUT", "empty", "");
    let request = Request::new("PUT", format!("/{ACCOUNT}/orders"));
    let request = request
        .header("x-ms-meta-Owner", "me")
        .header("x-ms-meta-b", "2");
    assert_eq!(client.send(&request.signed(VERSION)).unwrap().status, 201);
    for number in 0..messages {
        put(client, "orders", &text_of(number));
    }
    server
}

/// Everything below, with its content, but for the lock file, which names its last holder.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.file_name() != Some(OsStr::new("lock")) {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

#[test]
fn what_was_exported_is_imported_with_receipts_and_order() {
    let location = TempDir::new().unwrap();
    let server = fill(location.path(), 10);
    let client = &mut server.client();
    let gotten = expect(
        client,
        200,
        "GET",
        "orders/messages?visibilitytimeout=3600",
        "",
    );
    let (id, receipt) = (
        gotten.element("MessageId").unwrap(),
        gotten.element("PopReceipt").unwrap(),
    );
    let before = expect(client, 200, "GET", "orders?comp=metadata", "");
    server.terminate();

    let exported = store("export", location.path(), &[]);
    let told = ended_with(&exported, 0);
    assert!(
        told.contains("exported 2 queues and 10 messages to stdout"),
        "{told}"
    );
    let lines = stdout(&exported);
    assert_eq!(lines.lines().count(), 1 + 2 + 10 + 1, "{lines}");
    assert!(
        lines.contains(r#""metadata":[["Owner","me"],["b","2"]]"#),
        "{lines}"
    );

    let other = TempDir::new().unwrap();
    let file = other.path().join("export.jsonl");
    fs::write(&file, &lines).unwrap();
    let imported = store("import", other.path(), &["--input".as_ref(), file.as_ref()]);
    let told = ended_with(&imported, 0);
    assert!(told.contains("imported 2 queues and 10 messages"), "{told}");
    assert!(imported.stdout.is_empty());

    let server = Process::on_location(PROGRAM, other.path());
    let client = &mut server.client();
    let after = expect(client, 200, "GET", "orders?comp=metadata", "");
    for header in [
        "x-ms-meta-Owner",
        "x-ms-meta-b",
        "x-ms-approximate-messages-count",
    ] {
        assert!(before.header(header).is_some(), "{header}");
        assert_eq!(after.header(header), before.header(header));
    }
    let expected: Vec<_> = (1..10).map(text_of).collect();
    assert_eq!(texts(client, "orders"), expected);
    let target = format!("orders/messages/{id}?popreceipt={}", encoded(&receipt));
    expect(client, 204, "DELETE", &target, "");
    server.terminate();

    // And it is the same again when it is exported again, but for what was deleted.
    let again = stdout(&store("export", other.path(), &[]));
    let messages = |lines: &str| -> Vec<String> {
        let lines = lines
            .lines()
            .filter(|line| line.starts_with(r#"{"kind":"message""#));
        lines
            .filter(|line| !line.contains(&id))
            .map(Into::into)
            .collect()
    };
    assert_eq!(messages(&again), messages(&lines));
}

#[test]
fn check_and_export_touch_nothing_and_a_whole_store_is_whole() {
    let location = filled(20);
    let before = files(location.path());
    let output = TempDir::new().unwrap();
    let file = output.path().join("export.jsonl");
    let checked = store("check", location.path(), &[]);
    let told = ended_with(&checked, 0);
    assert!(told.contains("the store is whole"), "{told}");
    assert!(told.contains("alive: 2 queues with 20 messages"), "{told}");
    assert!(checked.stdout.is_empty());
    let more: [&OsStr; 4] = [
        "--output".as_ref(),
        file.as_ref(),
        "--scratch".as_ref(),
        output.path().as_ref(),
    ];
    ended_with(&store("export", location.path(), &more), 0);
    assert_eq!(files(location.path()), before);
    // Nothing is left beside the one file that was asked for.
    let left: Vec<_> = files(output.path()).into_keys().collect();
    assert_eq!(left, [file.display().to_string()]);
    let other = store(
        "export",
        location.path(),
        &["--account".as_ref(), "another".as_ref()],
    );
    assert_eq!(stdout(&other).lines().count(), 2);
}

/// Flips bytes in the log of a store until a server refuses it.
fn damage(location: &Path) {
    let log = location.join("__queuerite__/sled/db");
    let whole = fs::read(&log).unwrap();
    // The text of a message in the middle, wherever a copy of it lies.
    let text = text_of(14);
    let mut damaged = whole.clone();
    let mut copies = 0;
    for at in 0..whole.len() - text.len() {
        if &whole[at..at + text.len()] == text.as_bytes() {
            damaged[at + 3] ^= 0x20;
            copies += 1;
        }
    }
    assert!(copies > 0);
    fs::write(&log, damaged).unwrap();
}

#[test]
fn out_of_a_store_that_a_server_refuses_everything_else_is_saved() {
    for is_tried_first in [false, true] {
        let location = filled(30);
        damage(location.path());
        let arguments = ["--silent", "--queuePort", "0", "--location"].map(OsStr::new);
        let start = || {
            run(
                PROGRAM,
                arguments.into_iter().chain([location.path().as_os_str()]),
            )
        };
        if is_tried_first {
            let told = ended_with(&start(), 1);
            let line = told.lines().last().unwrap();
            assert!(line.contains("__queuerite__/sled is damaged"), "{told}");
            assert!(line.contains("queuerite store export"), "{told}");
        }
        let before = files(location.path());
        let told = ended_with(&store("check", location.path(), &[]), 1);
        assert!(told.contains("the store is damaged"), "{told}");
        assert!(told.contains("2 queues and 29 messages"), "{told}");
        let exported = store("export", location.path(), &[]);
        let told = ended_with(&exported, 1);
        assert!(told.contains("WARNING: the store is damaged"), "{told}");
        assert!(told.contains("exported 2 queues and 29 messages"), "{told}");
        assert_eq!(files(location.path()), before);
        refused(&store("compact", location.path(), &[]), &["is damaged"]);

        // What the error tells to do: move the folder away, and import.
        let home = location.path().join("__queuerite__");
        fs::rename(&home, location.path().join("damaged")).unwrap();
        let file = location.path().join("saved.jsonl");
        fs::write(&file, &exported.stdout).unwrap();
        let imported = store("import", location.path(), &["-i".as_ref(), file.as_ref()]);
        let told = ended_with(&imported, 0);
        assert!(
            told.contains("WARNING: this is the export of a damaged store"),
            "{told}"
        );
        let server = Process::on_location(PROGRAM, location.path());
        let client = &mut server.client();
        let expected: Vec<_> = (0..30).filter(|n| *n != 14).map(text_of).collect();
        assert_eq!(texts(client, "orders"), expected);
    }
}

#[test]
fn merging_adds_queues_and_refuses_those_of_the_same_name() {
    let one = filled(3);
    let exported = stdout(&store("export", one.path(), &[]));
    let other = TempDir::new().unwrap();
    let server = Process::on_location(PROGRAM, other.path());
    expect(&mut server.client(), 201, "PUT", "mine", "");
    put(&mut server.client(), "mine", "my text");
    server.terminate();

    let file = other.path().join("export.jsonl");
    fs::write(&file, &exported).unwrap();
    let input: [&OsStr; 2] = ["--input".as_ref(), file.as_ref()];
    // Sled keeps a snapshot once it has opened a database again.
    let kept = || -> Vec<_> {
        let names = files(other.path()).into_keys();
        names.filter(|name| !name.contains("snap.")).collect()
    };
    let before = kept();
    refused(
        &store("import", other.path(), &input),
        &["holds 1 queue already; --merge adds to them; nothing was imported"],
    );
    assert_eq!(kept(), before);
    let merge: [&OsStr; 3] = [input[0], input[1], "--merge".as_ref()];
    ended_with(&store("import", other.path(), &merge), 0);
    refused(
        &store("import", other.path(), &merge),
        &["queues of the same name: empty of account devstoreaccount1, orders of"],
    );
    let server = Process::on_location(PROGRAM, other.path());
    let client = &mut server.client();
    assert_eq!(texts(client, "mine"), ["my text"]);
    assert_eq!(
        texts(client, "orders"),
        (0..3).map(text_of).collect::<Vec<_>>()
    );
    // New queues get numbers of their own.
    expect(client, 201, "PUT", "more", "");
    put(client, "more", "more text");
    assert_eq!(texts(client, "mine"), ["my text"]);
}

#[test]
fn compacting_keeps_what_is_alive_and_gives_back_the_rest() {
    let location = TempDir::new().unwrap();
    let server = fill(location.path(), 0);
    let client = &mut server.client();
    expect(client, 201, "PUT", "dead", "");
    let text = "x".repeat(60_000);
    for _ in 0..400 {
        put(client, "dead", &text);
    }
    expect(client, 204, "DELETE", "dead", "");
    for number in 0..5 {
        put(client, "orders", &text_of(number));
    }
    refused(
        &store("compact", location.path(), &[]),
        &["lock is in use by another process"],
    );
    server.terminate();
    let bytes = || {
        fs::metadata(location.path().join("__queuerite__/sled/db"))
            .unwrap()
            .len()
    };
    let before = bytes();
    let compacted = store("compact", location.path(), &[]);
    let told = ended_with(&compacted, 0);
    assert!(told.contains("compacted 2 queues and 5 messages"), "{told}");
    assert!(bytes() * 2 < before, "{before} to {}", bytes());
    ended_with(&store("check", location.path(), &[]), 0);
    let left = fs::read_dir(location.path().join("__queuerite__")).unwrap();
    let mut left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["acknowledged", "lock", "sled"]);
    let server = Process::on_location(PROGRAM, location.path());
    let client = &mut server.client();
    assert_eq!(
        texts(client, "orders"),
        (0..5).map(text_of).collect::<Vec<_>>()
    );
    expect(client, 404, "GET", "dead?comp=metadata", "");
}

#[test]
fn an_export_that_is_cut_or_wrong_is_refused_with_the_line_and_leaves_nothing() {
    let location = filled(3);
    let exported = stdout(&store("export", location.path(), &[]));
    let lines: Vec<_> = exported.lines().collect();
    let message = lines[3];
    let without = |index: usize| {
        let lines = lines.iter().enumerate().filter(|(at, _)| *at != index);
        lines
            .flat_map(|(_, line)| [*line, "\n"])
            .collect::<String>()
    };
    for (input, expected) in [
        (
            lines[..5].join("\n"),
            "line 6 of stdin: the file ends here, without its last line",
        ),
        (
            exported[..exported.len() - 9].to_owned(),
            "line 7 of stdin: EOF while parsing",
        ),
        (
            without(4),
            "there should be 0 lines of properties, 2 of queues and 3 of messages",
        ),
        (without(2), "queue orders has no line yet"),
        (
            exported.replacen(message, &format!("{message}\n{message}"), 1),
            "a second time",
        ),
        (
            exported.clone() + message,
            "line 8 of stdin: something follows the last line",
        ),
        (
            exported.replace("queuerite-export", "other"),
            "line 1 of stdin: this is a \"other\"",
        ),
        (
            exported.replace("\"version\":1", "\"version\":2"),
            "reads up to 1",
        ),
        (
            exported.replace("\"nonce\"", "\"once\""),
            "line 4 of stdin: unknown field `once`",
        ),
        (String::new(), "line 1 of stdin"),
        ("\u{1f}\u{8b}".to_owned(), "line 1 of stdin"),
    ] {
        let empty = TempDir::new().unwrap();
        let file = empty.path().join("input");
        fs::write(&file, input).unwrap();
        let output = Command::new(PROGRAM)
            .args(["store", "import", "--location"])
            .arg(empty.path())
            .stdin(Stdio::from(fs::File::open(&file).unwrap()))
            .output();
        refused(&output.unwrap(), &[expected, "nothing was imported"]);
        assert!(
            !empty.path().join("__queuerite__/sled").exists(),
            "{expected}"
        );
    }
}

/// Something that makes a folder which is no store of ours.
type Make<'a> = &'a dyn Fn(&Path);

#[test]
fn what_is_not_ours_is_told_in_one_line_and_not_touched() {
    let config = |home: &Path| sled::Config::new().path(home).segment_size(8 * 1024 * 1024);
    let newer = |home: &Path| {
        let db = config(home).open().unwrap();
        db.insert("format", &b"queuerite\x02\0\0\0"[..]).unwrap();
        db.insert(1_u64.to_be_bytes(), "a frame of the future")
            .unwrap();
    };
    let others = |home: &Path| {
        let db = config(home).open().unwrap();
        db.insert("theirs", "value").unwrap();
    };
    let others_settings = |home: &Path| {
        let db = sled::open(home).unwrap();
        db.insert("theirs", "value").unwrap();
    };
    let cases: [(Make<'_>, &str); 3] = [
        (
            &newer,
            "has the format queuerite 2, but this version reads queuerite 1",
        ),
        (&others, "has the format of another program"),
        (&others_settings, "has the format of another database"),
    ];
    for (make, expected) in cases {
        let location = TempDir::new().unwrap();
        let home = location.path().join("__queuerite__/sled");
        make(&home);
        // Sled lets go of its files a moment after it is closed.
        while config(&home)
            .open()
            .is_err_and(|error| error.to_string().contains("lock"))
        {}
        let before = files(&home);
        for action in ["check", "export", "compact"] {
            refused(&store(action, location.path(), &[]), &[expected]);
            if action != "compact" {
                assert_eq!(files(&home), before, "{action}");
            }
        }
        let arguments = ["--silent", "--queuePort", "0", "--location"].map(OsStr::new);
        let server = run(
            PROGRAM,
            arguments.into_iter().chain([location.path().as_os_str()]),
        );
        let told = ended_with(&server, 1);
        assert_eq!(told.lines().count(), 1, "{told}");
        assert!(told.contains(expected), "{told}");
        let log = home.join("db").display().to_string();
        assert_eq!(files(&home)[&log], before[&log], "{expected}");
    }
}

#[test]
fn where_there_is_no_store_none_is_made_and_azurites_files_are_left_alone() {
    let location = TempDir::new().unwrap();
    for action in ["check", "export", "compact"] {
        refused(
            &store(action, location.path(), &[]),
            &["holds no store of queuerite"],
        );
    }
    assert!(fs::read_dir(location.path()).unwrap().next().is_none());
    fs::write(location.path().join("__azurite_db_queue__.json"), "{}").unwrap();
    let before = files(location.path());
    refused(
        &store("check", location.path(), &[]),
        &["holds no store of queuerite; Azurite's files, which are there, are not read"],
    );
    assert_eq!(files(location.path()), before);
}

#[test]
fn a_database_that_is_gone_is_said_to_be_gone() {
    let location = filled(3);
    fs::remove_dir_all(location.path().join("__queuerite__/sled")).unwrap();
    let told = ended_with(&store("check", location.path(), &[]), 1);
    assert!(
        told.contains("the database cannot be opened: it is missing"),
        "{told}"
    );
    assert!(told.contains("missing: frames 1 to"), "{told}");
    let exported = store("export", location.path(), &[]);
    assert!(ended_with(&exported, 1).contains("exported 0 queues and 0 messages"));
    let arguments = ["--silent", "--queuePort", "0", "--location"].map(OsStr::new);
    let server = run(
        PROGRAM,
        arguments.into_iter().chain([location.path().as_os_str()]),
    );
    let told = ended_with(&server, 1);
    assert!(
        told.contains("sled is damaged: it is missing, but frame"),
        "{told}"
    );
    let input: [&OsStr; 2] = ["--input".as_ref(), "/dev/null".as_ref()];
    ended_with(&store("import", location.path(), &input), 1);
}

#[test]
fn a_command_line_that_is_wrong_ends_with_2() {
    for words in [
        &["store"][..],
        &["store", "chek"],
        &["store", "check", "--nope"],
    ] {
        let output = run(PROGRAM, words);
        assert_eq!(ended_with(&output, 2).lines().count(), 1);
    }
    let help = run(PROGRAM, ["store", "--help"]);
    ended_with(&help, 0);
    assert!(stdout(&help).contains("Exit codes"));
}
