//! A device that hangs lets no write return, not even with an error. Every request is answered
//! all the same, and when the device is back, so is the server.

use std::thread;
use std::time::{Duration, Instant};

use queuerite_ordeal::End;
use queuerite_testkit::{Client, Request};

use crate::disk::Disk;
use crate::{load, skipped, start};

/// Longer than the server waits for its store.
const STALL_TIME_MAX: Duration = Duration::from_secs(20);

#[test]
fn a_device_that_hangs_holds_up_no_answer_and_nothing_is_lost() {
    let disk = match Disk::ext4(128) {
        Ok(disk) => disk,
        Err(reason) => return skipped(&format!("a device that hangs: {reason}")),
    };
    let location = disk.path().join("location");
    let mut load = load();
    let mut server = start(&location);
    let mut client = server.client();
    load.check(server.address);
    let (frozen, ends) = load.work(server.address, || {
        thread::sleep(Duration::from_millis(300));
        let frozen = disk.freeze();
        (frozen.is_err()).then(|| server.signal("KILL"));
        frozen
    });
    let frozen = match frozen {
        Ok(frozen) => frozen,
        Err(reason) => return skipped(&format!("a device that hangs: {reason}")),
    };
    let refused = |end: &End| *end == End::Refused(500);
    assert!(ends.iter().all(refused), "{ends:?}");

    // Whoever comes now is told so at once, and may try again.
    let start_of_stall = Instant::now();
    assert_eq!(status_of_ready(&mut client), 503);
    let list = Request::new("GET", "/devstoreaccount1/?comp=list").signed("2021-12-02");
    let answer = client.send(&list).unwrap();
    assert_eq!(answer.header("x-ms-error-code"), Some("ServerBusy"));
    assert!(start_of_stall.elapsed() < Duration::from_secs(1));
    server.error_with("the store has not returned for");

    drop(frozen);
    server.error_with("the store has returned");
    while status_of_ready(&mut client) != 200 {
        assert!(start_of_stall.elapsed() < STALL_TIME_MAX);
        thread::sleep(Duration::from_millis(10));
    }
    load.check(server.address);
    let ((), ends) = load.work(server.address, || {
        thread::sleep(Duration::from_millis(300));
        server.kill();
    });
    load.expect_closed(&ends);
    let server = start(&location);
    load.check(server.address);
    load.drain(server.address);
    server.terminate();
    eprintln!("{}", load.expect_no_losses());
}

#[test]
fn a_server_whose_device_hangs_stops_all_the_same() {
    let disk = match Disk::ext4(128) {
        Ok(disk) => disk,
        Err(reason) => return skipped(&format!("a device that hangs: {reason}")),
    };
    let location = disk.path().join("location");
    let mut load = load();
    let mut server = start(&location);
    let (frozen, _) = load.work(server.address, || {
        thread::sleep(Duration::from_millis(300));
        let frozen = disk.freeze();
        server.signal("TERM");
        frozen
    });
    let frozen = match frozen {
        Ok(frozen) => frozen,
        Err(reason) => return skipped(&format!("a device that hangs: {reason}")),
    };
    server.error_with("the store is left open");
    // The kernel ends no process while one of its threads hangs in the device.
    drop(frozen);
    assert_eq!(server.wait().status.code(), Some(1));
    let server = start(&location);
    load.check(server.address);
    server.terminate();
    eprintln!("{}", load.expect_no_losses());
}

fn status_of_ready(client: &mut Client) -> u16 {
    let ready = Request::new("GET", "/_queuerite/ready");
    client.send(&ready).unwrap().status
}
