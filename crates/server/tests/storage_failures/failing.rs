//! A store that cannot write any more acknowledges nothing more, says so, and has lost nothing.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use queuerite_ordeal::{End, Load};
use queuerite_testkit::{Process, Request, run_command};
use tempfile::TempDir;

use crate::disk::Disk;
use crate::{PROGRAM, arguments, load, skipped, start};

/// Sled writes in segments of 8 MiB, so this is reached with its second.
const FILE_BLOCKS_MAX: u64 = 10 * 2048;

/// How often a full disk is emptied and filled again.
const ROUNDS_OF_FILLING: usize = 3;

/// How long a server may take to end whose store has failed.
const END_TIME_MAX: Duration = Duration::from_secs(10);

#[test]
fn a_limit_of_file_size_is_met_with_refusals_and_loses_nothing() {
    let location = TempDir::new().unwrap();
    // What would be a signal that ends the process is an error of the write, once ignored.
    let script = r#"trap "" XFSZ; ulimit -f "$0"; exec "$@""#;
    let mut command = Command::new("sh");
    command
        .args(["-c", script, &FILE_BLOCKS_MAX.to_string(), PROGRAM])
        .args(arguments(location.path()));
    let mut load = load();
    until_refused(
        &mut load,
        Process::start_command(&mut command),
        "File too large",
    );
    goes_on(&mut load, location.path());
}

#[test]
fn on_a_full_tmpfs_gets_and_deletions_go_on_and_nothing_is_lost() {
    match Disk::tmpfs(64) {
        Ok(disk) => fills_up(&disk),
        Err(reason) => skipped(&format!("a full tmpfs: {reason}")),
    }
}

#[test]
fn on_a_full_disk_gets_and_deletions_go_on_and_nothing_is_lost() {
    match Disk::ext4(96) {
        Ok(disk) => fills_up(&disk),
        Err(reason) => skipped(&format!("a full disk: {reason}")),
    }
}

/// What grows is refused while there is still room for what does not, so the store never meets
/// the end of the disk, and the disk can be emptied by those who read the queues.
fn fills_up(disk: &Disk) {
    let location = disk.path().join("location");
    let mut load = load();
    let mut server = start(&location);
    load.check(server.address);
    let create = Request::new("PUT", "/devstoreaccount1/full").signed("2021-12-02");
    assert_eq!(server.client().send(&create).unwrap().status, 201);
    let filler = disk.fill_but(12);
    for _ in 0..ROUNDS_OF_FILLING {
        let ((), ends) = load.work(server.address, || {});
        let refused = |end: &End| *end == End::Refused(507);
        assert!(ends.iter().all(refused), "{ends:?}");
        assert_eq!(put(&server), 507);
        load.drain(server.address);
    }
    let mut client = server.client();
    let ready = Request::new("GET", "/_queuerite/ready");
    assert_eq!(client.send(&ready).unwrap().status, 200);
    server.error_with("the disk is nearly full");

    // Space that returns is seen without a restart.
    std::fs::remove_file(filler).unwrap();
    assert_eq!(put(&server), 201);
    server.error_with("there is space on the disk again");
    assert!(server.terminate().0.success());

    // While there is no space, it starts or says in one line why not.
    let filler = disk.fill_but(0);
    starts_or_says_why(&location);
    std::fs::remove_file(filler).unwrap();
    goes_on(&mut load, &location);
}

/// The status of the answer to a put of some size.
fn put(server: &Process) -> u16 {
    let text = "x".repeat(60_000);
    let body = format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
    let put = Request::new("POST", "/devstoreaccount1/full/messages").body(body);
    server
        .client()
        .send(&put.signed("2021-12-02"))
        .unwrap()
        .status
}

#[test]
fn a_location_that_is_full_from_the_beginning_is_refused_in_a_line() {
    let disk = match Disk::tmpfs(16) {
        Ok(disk) => disk,
        Err(reason) => return skipped(&format!("a full location: {reason}")),
    };
    let filler = disk.fill_but(0);
    let location = disk.path().join("location");
    refused_in_a_line(&location);
    std::fs::remove_file(filler).unwrap();
    let server = start(&location);
    assert!(server.terminate().0.success());
}

#[test]
fn a_disk_that_turns_read_only_is_met_with_refusals_and_loses_nothing() {
    let mut disk = match Disk::ext4(96) {
        Ok(disk) => disk,
        Err(reason) => return skipped(&format!("a disk that breaks down: {reason}")),
    };
    let location = disk.path().join("location");
    let mut load = load();
    let server = start(&location);
    let mut why_not = None;
    until_refused_after(&mut load, server, "Read-only file system", || {
        std::thread::sleep(Duration::from_millis(500));
        why_not = disk.break_down().err();
    });
    if let Some(reason) = why_not {
        return skipped(&format!("a disk that breaks down: {reason}"));
    }
    disk.unmount().unwrap();
    disk.repair();
    disk.mount().unwrap();
    goes_on(&mut load, &location);
}

#[test]
fn a_read_only_location_is_refused_in_a_line() {
    let disk = match Disk::tmpfs(64) {
        Ok(disk) => disk,
        Err(reason) => return skipped(&format!("a read-only location: {reason}")),
    };
    let location = disk.path().join("location");
    assert!(start(&location).terminate().0.success());
    disk.remount("ro").unwrap();
    refused_in_a_line(&location);
    disk.remount("rw").unwrap();
    assert!(start(&location).terminate().0.success());
}

/// Works until every client is refused, and sees what the server says of it.
fn until_refused(load: &mut Load, server: Process, cause: &str) {
    until_refused_after(load, server, cause, || {});
}

fn until_refused_after(load: &mut Load, server: Process, cause: &str, meanwhile: impl FnOnce()) {
    let ((), ends) = load.work(server.address, meanwhile);
    let refused = |end: &End| *end == End::Refused(500);
    assert!(ends.iter().all(refused), "{ends:?}");

    let mut client = server.client();
    let mut status = |request: Request| client.send(&request).unwrap().status;
    assert_eq!(status(Request::new("GET", "/_queuerite/ready")), 503);
    assert_eq!(status(Request::new("GET", "/_queuerite/health")), 200);
    let list = Request::new("GET", "/devstoreaccount1/?comp=list");
    assert_eq!(status(list.signed("2021-12-02")), 500);
    let start = Instant::now();
    server.signal("TERM");
    let ended = server.wait();
    let time = start.elapsed();
    assert!(time < END_TIME_MAX, "it took {time:?} to end");
    let told: Vec<_> = ended
        .stderr
        .iter()
        .filter(|line| line.contains("the store has failed"))
        .collect();
    assert!(
        told.len() == 1 && told[0].contains(cause),
        "{:#?}",
        ended.stderr
    );
}

/// Everything is there after a restart, and goes on.
fn goes_on(load: &mut Load, location: &Path) {
    let server = start(location);
    load.check(server.address);
    let ((), ends) = load.work(server.address, || {
        std::thread::sleep(Duration::from_millis(300));
        server.kill();
    });
    load.expect_closed(&ends);
    let server = start(location);
    load.check(server.address);
    load.drain(server.address);
    assert!(server.terminate().0.success());
    eprintln!("{}", load.expect_no_losses());
}

fn starts_or_says_why(location: &Path) {
    let mut command = Command::new("timeout");
    command.args(["5", PROGRAM]).args(arguments(location));
    let output = run_command(&mut command);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    eprintln!("{:?} {errors}", output.status);
    // 124 is of timeout: it ran, and stopped when it was told to.
    if output.status.code() != Some(124) {
        assert_eq!(output.status.code(), Some(1), "{errors}");
        assert_eq!(errors.lines().count(), 1, "{errors}");
    }
}

fn refused_in_a_line(location: &Path) {
    let output = run_command(Command::new(PROGRAM).args(arguments(location)));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    assert_eq!(errors.lines().count(), 1, "{errors}");
    assert!(
        errors.starts_with("queuerite: cannot use the location"),
        "{errors}"
    );
}
