//! The answer to a put leaves only after its data is synced: seen from the system calls.

use std::fs;
use std::process::Command;

use queuerite_testkit::{ACCOUNT, Process, Request};
use tempfile::TempDir;

use crate::{PROGRAM, arguments, run, skipped};

const PUTS: usize = 20;

#[test]
fn an_answer_to_a_put_leaves_only_after_the_data_sync() {
    let Some(trace) = trace_of_puts("fsync") else {
        return;
    };
    assert_eq!(unsynced_answers(&trace), Ok(0), "{trace}");
}

#[test]
fn at_durability_none_it_does_not_so_the_test_can_fail() {
    let Some(trace) = trace_of_puts("none") else {
        return;
    };
    assert_eq!(unsynced_answers(&trace), Ok(PUTS), "{trace}");
}

/// The system calls of a server while a client puts messages, one after the other.
fn trace_of_puts(durability: &str) -> Option<String> {
    if let Err(reason) = run("strace", &["-f", "-o", "/dev/null", "true"]) {
        skipped(&format!("the order of answer and data sync: {reason}"));
        return None;
    }
    let directory = TempDir::new().unwrap();
    let output = directory.path().join("trace");
    let mut command = Command::new("strace");
    command
        // As a grandchild, so that the process that we have started is the server.
        .args(["-D", "-f", "-y", "-s", "64", "-e"])
        .arg("trace=fdatasync,read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg")
        .arg("-o")
        .args([output.as_os_str(), PROGRAM.as_ref()])
        .args(arguments(directory.path()))
        .args(["--durability", durability]);
    let server = Process::start_command(&mut command);
    let mut client = server.client();
    let queue = format!("/{ACCOUNT}/queue");
    let created = client.send(&Request::new("PUT", &queue).signed("2021-12-02"));
    assert_eq!(created.unwrap().status, 201);
    for number in 0..PUTS {
        let text = format!("<QueueMessage><MessageText>{number}</MessageText></QueueMessage>");
        let put = Request::new("POST", format!("{queue}/messages"));
        let answer = client.send(&put.body(text).signed("2021-12-02"));
        assert_eq!(answer.unwrap().status, 201);
    }
    server.terminate();
    Some(fs::read_to_string(output).unwrap())
}

/// How many answers left without a data sync since the arrival of their requests.
fn unsynced_answers(trace: &str) -> Result<usize, String> {
    let (mut answers, mut unsynced) = (0, 0);
    let mut is_synced = None;
    for call in finished_calls(trace) {
        if call.contains("\"POST /") {
            is_synced = Some(false);
        } else if call.starts_with("fdatasync(")
            && call.contains("/journal.")
            && call.ends_with("= 0")
        {
            is_synced = is_synced.map(|_| true);
        } else if call.contains("\"HTTP/1.1 201 ")
            && let Some(is_synced) = is_synced.take()
        {
            answers += 1;
            unsynced += usize::from(!is_synced);
        }
    }
    if answers == PUTS {
        Ok(unsynced)
    } else {
        Err(format!("{answers} answers to {PUTS} puts"))
    }
}

/// The calls in the order in which they took effect: a sync when it returned, a write when it
/// was begun.
fn finished_calls(trace: &str) -> Vec<String> {
    let mut begun = std::collections::BTreeMap::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let (thread, call) = line.split_once(' ').unwrap_or_default();
        let call = call.trim_start();
        if let Some(call) = call.strip_suffix(" <unfinished ...>") {
            if call.contains("\"HTTP/1.1 ") {
                calls.push(call.to_owned());
            }
            begun.insert(thread, call);
        } else if let Some((_, rest)) = call.split_once(" resumed>") {
            let call = begun.remove(thread).unwrap_or_default();
            if !call.contains("\"HTTP/1.1 ") {
                calls.push(format!("{call}{rest}"));
            }
        } else {
            calls.push(call.to_owned());
        }
    }
    calls
}
