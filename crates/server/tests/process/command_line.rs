//! The command line: what is printed, and what is refused.

use std::ffi::OsStr;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use queuerite_testkit::{Client, KEY, Process, run, run_command};
use tempfile::TempDir;

use crate::account::Account;
use crate::{PROGRAM, in_memory, on};

#[test]
fn each_command_prints_its_own_lines_and_nothing_else() {
    let links = links();
    let (as_queue, as_all) = (
        links.path().join("azurite-queue"),
        links.path().join("azurite"),
    );
    for (program, word) in [
        (as_queue.as_path(), None),
        (Path::new(PROGRAM), Some("azurite-queue")),
        (Path::new(PROGRAM), None),
    ] {
        let arguments = word.into_iter().chain(["--silent", "--queuePort", "0"]);
        let location = TempDir::new().unwrap();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(location.path());
        let server = Process::start_command(&mut command);
        let port = server.address.port();
        let expected = [
            "Azurite Queue service is starting on 127.0.0.1:0".to_owned(),
            format!("Azurite Queue service successfully listens on http://127.0.0.1:{port}"),
        ];
        assert_eq!(server.lines, expected);
        let (status, rest) = server.terminate();
        let expected = [
            "Azurite Queue service is closing...",
            "Azurite Queue service successfully closed",
        ];
        assert_eq!(rest, expected);
        assert!(status.success());
    }
    for (program, word) in [
        (as_all.as_path(), None),
        (Path::new(PROGRAM), Some("azurite")),
    ] {
        let ports = ["--blobPort", "0", "--queuePort", "0", "--tablePort", "0"];
        let arguments = word.into_iter().chain(["--silent"]).chain(ports);
        let location = TempDir::new().unwrap();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(location.path());
        let mut server = Process::start_command(&mut command);
        server.line_with("Azurite Table service is successfully listening");
        let starting = ["Blob", "Queue", "Table"]
            .map(|name| format!("Azurite {name} service is starting at http://127.0.0.1:0"));
        assert_eq!(server.lines[..3], starting);
        for (line, name) in server.lines[3..].iter().zip(["Blob", "Queue", "Table"]) {
            let start = format!("Azurite {name} service is successfully listening at ");
            let address = line.strip_prefix(&start).unwrap();
            assert!(address.starts_with("http://127.0.0.1:"), "{line}");
        }
        assert_eq!(server.lines.len(), 6);
        let (status, rest) = server.terminate();
        let closing =
            ["Blob", "Queue", "Table"].map(|name| format!("Azurite {name} service is closing..."));
        let closed = ["Blob", "Queue", "Table"]
            .map(|name| format!("Azurite {name} service successfully closed"));
        assert_eq!(rest, [closing, closed].concat());
        assert!(status.success());
    }
}

/// What tools start in place of Azurite, with free ports for the fixed ones, and the lines that
/// they wait for.
#[test]
fn tools_find_the_lines_that_they_wait_for() {
    let links = links();
    let data = TempDir::new().unwrap();
    let location = data.path().to_str().unwrap();
    let all = [
        "Blob service is successfully listening",
        "Queue service is successfully listening",
        "Table service is successfully listening",
    ];
    let ports = "--blobPort 0 --queuePort 0 --tablePort 0";
    let hosts = "--blobHost 0.0.0.0 --queueHost 0.0.0.0 --tableHost 0.0.0.0";
    for (tool, command, lines) in [
        (
            "Testcontainers for Node",
            format!(
                "azurite {hosts} {ports} --inMemoryPersistence --extentMemoryLimit 64 --skipApiVersionCheck"
            ),
            &all[..],
        ),
        (
            "Testcontainers for Java, .NET and Go",
            format!("azurite {hosts} {ports}"),
            &all[..],
        ),
        (
            "Testcontainers for Go, in memory",
            format!("azurite {hosts} {ports} --inMemoryPersistence --extentMemoryLimit 64.000000"),
            &all[..],
        ),
        (
            "Testcontainers for Python and Rust",
            format!("azurite -l {location} {hosts} {ports} --skipApiVersionCheck"),
            &all[..],
        ),
        (
            "Aspire",
            format!("azurite -l {location} {hosts} {ports} --skipApiVersionCheck"),
            &all[..],
        ),
        (
            "the continuous integration of DurableTask",
            format!("azurite --silent {ports}"),
            &all[..],
        ),
        (
            "vscode-azurestorage",
            format!("azurite-queue --location {location} --queuePort 0"),
            &["Azurite Queue service successfully listens on http://127.0.0.1:"][..],
        ),
        (
            "scripts",
            "azurite-queue --skipApiVersionCheck --inMemoryPersistence --queuePort 0".to_owned(),
            &["Azurite Queue service successfully listens on"][..],
        ),
    ] {
        let words: Vec<_> = command.split_whitespace().collect();
        let elsewhere = TempDir::new().unwrap();
        let mut command = Command::new(links.path().join(words[0]));
        command.args(&words[1..]).current_dir(elsewhere.path());
        let mut server = Process::start_command(&mut command);
        for line in lines {
            if !server.lines.iter().any(|printed| printed.contains(line)) {
                server.line_with(line);
            }
        }
        let mut account = Account::new(Client::new(reachable(server.address)));
        account.create("tool");
        account.put("tool", tool);
        account.client = Client::new(reachable(server.address));
        let request = account.request("DELETE", "/tool");
        account.expect(204, request);
    }
}

#[test]
fn in_memory_the_limit_is_told_first() {
    let server = in_memory(&["--extentMemoryLimit", "64"]);
    let line = &server.lines[0];
    let start = "In-memory extent storage is enabled with a limit of 64.00 MB (67108864 bytes, ";
    assert!(
        line.starts_with(start) && line.ends_with("% of total memory)."),
        "{line}"
    );
    assert!(server.lines[1].starts_with("Azurite Queue service is starting on"));
}

#[test]
fn version_and_help_are_printed() {
    let links = links();
    for flag in ["--version", "-v", "version"] {
        for program in [PathBuf::from(PROGRAM), links.path().join("azurite")] {
            let output = run(program, [flag]);
            assert!(output.status.success());
            assert_eq!(stdout(&output), format!("{}\n", env!("CARGO_PKG_VERSION")));
            assert_eq!(stderr(&output), "");
        }
    }
    for flag in ["--help", "-h", "help"] {
        for name in ["azurite-queue", "azurite"] {
            let output = run(links.path().join(name), [flag]);
            assert!(output.status.success());
            let help = stdout(&output);
            assert!(help.contains(&format!("Usage: {name} ")), "{help}");
            assert!(
                help.contains("--queuePort <PORT>") && help.ends_with('\n'),
                "{help}"
            );
            assert!(!help.contains(KEY));
        }
    }
}

#[test]
fn a_command_line_that_cannot_be_followed_is_refused_in_one_line() {
    let location = TempDir::new().unwrap();
    for (arguments, expected) in [
        (
            "--queuePrt 1",
            "unknown option '--queuePrt'; did you mean '--queuePort'?",
        ),
        (
            "--bogus",
            "unknown option '--bogus'; --help lists the known ones",
        ),
        (
            "--queuePort abc",
            "--queuePort 'abc': a port is a whole number from 0 to 65535",
        ),
        (
            "--queuePort 70000",
            "--queuePort '70000': a port is a whole number from 0 to 65535",
        ),
        (
            "-d",
            "Must provide a debug log file path for parameter -d or --debug",
        ),
        (
            "--inMemoryPersistence --location x",
            "The --inMemoryPersistence option is not supported when the --location option is set.",
        ),
        (
            "--extentMemoryLimit 64",
            "The --extentMemoryLimit option is only supported when the --inMemoryPersistence \
             option is set.",
        ),
        (
            "--strict --loose",
            "--strict and --loose exclude each other",
        ),
    ] {
        let mut command = Command::new(PROGRAM);
        command
            .args(arguments.split(' '))
            .current_dir(location.path());
        let output = run_command(&mut command);
        assert_eq!(output.status.code(), Some(2), "{arguments}");
        assert_eq!(stderr(&output), format!("queuerite: {expected}\n"));
        assert_eq!(stdout(&output), "", "{arguments}");
    }
    assert_eq!(files(location.path()), [""; 0]);
}

#[test]
fn a_port_that_is_taken_is_told_and_nothing_is_created() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let location = TempDir::new().unwrap();
    for folder in [location.path().to_owned(), location.path().join("new")] {
        let output = start_on(&folder, &["--queuePort", &port]);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(stdout(&output).lines().count(), 1);
        let line = one_line(&output);
        let start = format!("queuerite: the Queue service cannot listen on 127.0.0.1:{port}: ");
        assert!(line.starts_with(&start), "{line}");
        assert!(line.contains("in use"), "{line}");
    }
    assert_eq!(files(location.path()), [""; 0]);
}

#[test]
fn a_host_that_is_not_here_is_told() {
    for host in ["192.0.2.1", "no-such-host.invalid"] {
        let location = TempDir::new().unwrap();
        let output = start_on(location.path(), &["--queueHost", host]);
        assert_eq!(output.status.code(), Some(1));
        assert!(one_line(&output).contains(&format!("cannot listen on {host}:0: ")));
        assert_eq!(files(location.path()), [""; 0]);
    }
}

#[test]
fn a_location_serves_one_process() {
    let location = TempDir::new().unwrap();
    let first = on(location.path());
    let mut account = Account::new(first.client());
    account.create("first");
    let output = start_on(location.path(), &[]);
    assert_eq!(output.status.code(), Some(1));
    let line = one_line(&output);
    let start = format!(
        "queuerite: cannot use the location {}: ",
        location.path().display()
    );
    assert!(line.starts_with(&start), "{line}");
    assert!(line.ends_with("is in use by another process"), "{line}");
    account.put("first", "unharmed");
    first.kill();
    // A crash frees the location.
    let second = on(location.path());
    let mut account = Account::new(second.client());
    assert_eq!(account.peek("first")[0].text, "unharmed");
}

#[test]
fn a_location_that_is_a_file_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "content").unwrap();
    for location in [file.clone(), file.join("below")] {
        let output = start_on(&location, &[]);
        assert_eq!(output.status.code(), Some(1));
        let line = one_line(&output);
        assert!(line.contains(location.to_str().unwrap()), "{line}");
        assert!(line.contains("directory"), "{line}");
    }
    assert_eq!(fs::read(&file).unwrap(), b"content");
}

#[test]
fn a_location_that_cannot_be_written_is_refused() {
    let folder = TempDir::new().unwrap();
    let location = folder.path().join("read-only");
    fs::create_dir(&location).unwrap();
    fs::set_permissions(&location, fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(location.join("probe"), "").is_ok() {
        // Whoever may do everything, such as root in a container, may also do this.
        return;
    }
    let output = start_on(&location, &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(one_line(&output).contains("ermission denied"));
}

#[test]
fn a_location_is_created_with_the_folders_above_it() {
    let folder = TempDir::new().unwrap();
    let location = folder.path().join("a/b/c");
    Account::new(on(&location).client()).create("deep");
    assert!(location.is_dir());
}

#[test]
fn a_damaged_store_is_refused_and_says_what_to_do() {
    let location = TempDir::new().unwrap();
    let server = on(location.path());
    let mut account = Account::new(server.client());
    account.create("damaged");
    for _ in 0..20 {
        account.put("damaged", &"x".repeat(1000));
    }
    assert!(server.terminate().0.success());
    let log = location.path().join("__queuerite__/sled/db");
    let mut bytes = fs::read(&log).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    for byte in &mut bytes[used / 3..used] {
        *byte ^= 0x55;
    }
    fs::write(&log, &bytes).unwrap();
    for _ in 0..2 {
        let output = start_on(location.path(), &[]);
        assert_eq!(output.status.code(), Some(1));
        let errors = stderr(&output);
        let line = errors.lines().last().unwrap();
        assert!(
            line.starts_with("queuerite: cannot use the location "),
            "{errors}"
        );
        assert!(line.contains("is damaged: "), "{errors}");
        assert!(
            line.contains("restore it from a backup, or save what can be read"),
            "{errors}"
        );
        assert!(!stdout(&output).contains("listens"));
    }
}

#[test]
fn azurites_files_are_left_alone() {
    let location = TempDir::new().unwrap();
    let theirs = [
        ("__azurite_db_queue__.json", "{\"filename\":\"queues\"}"),
        ("__azurite_db_queue_extent__.json", "{}"),
        ("AzuriteConfig", "{\"instanceID\":\"x\"}"),
        ("__queuestorage__", ""),
    ];
    for (name, content) in &theirs[..3] {
        fs::write(location.path().join(name), content).unwrap();
    }
    fs::create_dir(location.path().join(theirs[3].0)).unwrap();
    let extent = location.path().join("__queuestorage__/0f0f");
    fs::write(&extent, "texts").unwrap();

    let server = on(location.path());
    let mut account = Account::new(server.client());
    account.create("ours");
    account.put("ours", "text");
    server.signal("TERM");
    let ended = server.wait();
    assert!(ended.status.success());
    let told = ended.stderr.iter().filter(|line| line.contains("Azurite"));
    assert_eq!(told.count(), 1, "{:#?}", ended.stderr);
    for (name, content) in &theirs[..3] {
        assert_eq!(
            fs::read_to_string(location.path().join(name)).unwrap(),
            *content
        );
    }
    assert_eq!(fs::read_to_string(&extent).unwrap(), "texts");
    let mut expected = theirs.map(|(name, _)| name.to_owned()).to_vec();
    expected.push("__queuerite__".to_owned());
    expected.sort();
    assert_eq!(files(location.path()), expected);
}

#[test]
fn accounts_come_from_the_environment_or_a_file() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("accounts");
    fs::write(&file, "one:b25lIGtleQ==\ntwo:dHdvIGtleQ==\n").unwrap();
    for value in [
        "one:b25lIGtleQ==;two:dHdvIGtleQ==;".to_owned(),
        " 'one:b25lIGtleQ== ; two:dHdvIGtleQ=='".to_owned(),
        format!("@{}", file.display()),
    ] {
        let mut command = Command::new(PROGRAM);
        command
            .args(["--silent", "--inMemoryPersistence", "--queuePort", "0"])
            .env("AZURITE_ACCOUNTS", &value);
        let server = Process::start_command(&mut command);
        for (name, key) in [("one", "b25lIGtleQ=="), ("two", "dHdvIGtleQ==")] {
            Account::named(server.client(), name, key).create("own");
        }
    }
}

#[test]
fn accounts_that_make_no_sense_are_refused_without_showing_a_key() {
    const KEY: &str = "c2VjcmV0IGtleQ==";
    let location = TempDir::new().unwrap();
    for (value, expected) in [
        (format!("one:{KEY};two"), "item 2: it has 1 part(s)"),
        (
            format!("one:{KEY}:{KEY}:{KEY}"),
            "item 1 (one): it has 4 part(s)",
        ),
        (
            format!("one:{KEY};one:{KEY}"),
            "item 2 (one): the account is named a second time",
        ),
        (format!("one:{KEY}!"), "item 1 (one): key 1 is not base64"),
        (format!("one:{KEY}:"), "item 1 (one): key 2 is empty"),
        (format!("o/o:{KEY}"), "item 1: "),
        (format!("{KEY}:one"), "item 1: "),
        (";;".to_owned(), "names no account"),
        ("@/no/such/file".to_owned(), "cannot read /no/such/file: "),
    ] {
        let mut command = Command::new(PROGRAM);
        command
            .args(["--queuePort", "0", "--location"])
            .arg(location.path())
            .env("AZURITE_ACCOUNTS", &value);
        let output = run_command(&mut command);
        assert!(!output.status.success(), "{value}");
        let line = one_line(&output);
        assert!(line.starts_with("queuerite: AZURITE_ACCOUNTS"), "{line}");
        assert!(line.contains(expected), "{line}");
        assert!(!line.contains(KEY), "{line}");
        assert!(!stdout(&output).contains(KEY));
    }
    assert_eq!(files(location.path()), [""; 0]);
}

/// A folder with links to the binary under the names that it takes the place of.
fn links() -> TempDir {
    let folder = TempDir::new().unwrap();
    for name in ["azurite", "azurite-queue"] {
        symlink(PROGRAM, folder.path().join(name)).unwrap();
    }
    folder
}

/// Runs a server that is expected not to start.
fn start_on(location: &Path, arguments: &[&str]) -> Output {
    let usual = ["--silent", "--queuePort", "0", "--location"].map(OsStr::new);
    let all = usual.into_iter().chain([location.as_os_str()]);
    run(PROGRAM, all.chain(arguments.iter().map(OsStr::new)))
}

/// The only line on stderr.
#[track_caller]
fn one_line(output: &Output) -> String {
    let text = stderr(output);
    assert_eq!(text.lines().count(), 1, "{text}");
    text.trim_end().to_owned()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// The names in a folder, in order.
fn files(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Where a server can be reached that listens everywhere.
fn reachable(address: SocketAddr) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], address.port()))
}
