//! `--strict`: each convenience of the default turned into what the cloud does.

use std::time::{Duration, SystemTime};

use queuerite_testkit::{ACCOUNT, KEY, Process, Request, Response, encoded, http_date, sign};
use tempfile::TempDir;

use crate::account::Account;
use crate::{VERSION, in_memory, on_with};

/// The answers to a request by default and under `--strict`.
fn both(request: impl Fn(&mut Account) -> Request) -> [Response; 2] {
    [in_memory(&[]), in_memory(&["--strict"])].map(|server| {
        let mut account = Account::new(server.client());
        account.create("strict");
        let request = request(&mut account);
        account
            .client
            .send(&request.signed_by(ACCOUNT, KEY))
            .unwrap()
    })
}

#[track_caller]
fn differ(responses: &[Response; 2], lenient: u16, strict: u16, code: &str) {
    assert_eq!(responses[0].status, lenient, "{}", responses[0].text());
    assert_eq!(responses[1].status, strict, "{}", responses[1].text());
    assert_eq!(responses[1].element("Code").unwrap(), code);
}

#[test]
fn a_date_that_is_far_off_is_refused() {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    let now = SystemTime::now();
    for date in [now - minutes(16), now + minutes(17)] {
        let responses = both(|account| {
            account
                .request("GET", "/strict?comp=metadata")
                .header("x-ms-date", http_date(date))
        });
        differ(&responses, 200, 403, "AuthenticationFailed");
        let detail = responses[1].element("AuthenticationErrorDetail").unwrap();
        assert_eq!(
            detail,
            format!("Request date header too old: '{}'", http_date(date))
        );
    }
    for date in [now - minutes(13), now + minutes(13)] {
        let [_, strict] = both(|account| {
            account
                .request("GET", "/strict?comp=metadata")
                .header("x-ms-date", http_date(date))
        });
        assert_eq!(strict.status, 200);
    }
}

#[test]
fn a_name_stays_taken_for_a_while_after_its_queue_is_deleted() {
    let delete_and_create = |server: &Process| {
        let mut account = Account::new(server.client());
        account.create("again");
        let request = account.request("DELETE", "/again");
        account.expect(204, request);
        let request = account.request("PUT", "/again");
        account.send(request).unwrap()
    };
    let responses = [in_memory(&[]), in_memory(&["--strict"])];
    let responses = responses.map(|server| delete_and_create(&server));
    differ(&responses, 201, 409, "QueueBeingDeleted");
}

#[test]
fn that_name_stays_taken_over_a_restart_when_the_store_could_have_dropped_the_end_of_its_queue() {
    let location = TempDir::new().unwrap();
    let server = on_with(location.path(), &["--strict"]);
    let mut account = Account::new(server.client());
    account.create("again");
    let request = account.request("DELETE", "/again");
    account.expect(204, request);
    // Whatever is dead goes between two commits.
    for number in 0..8 {
        account.create(&format!("another{number}"));
    }
    let (status, _) = server.terminate();
    assert!(status.success());
    let server = on_with(location.path(), &["--strict"]);
    let mut account = Account::new(server.client());
    let request = account.request("PUT", "/again");
    let response = account.send(request).unwrap();
    assert_eq!(response.status, 409, "{}", response.text());
    assert_eq!(account.queues().len(), 8);
}

#[test]
fn the_secondary_endpoint_is_read_only() {
    for (method, below) in [
        ("PUT", "/strict"),
        ("GET", "/strict/messages"),
        ("DELETE", "/strict/messages"),
        ("PUT", "/strict?comp=metadata"),
    ] {
        let responses = both(|_| {
            Request::new(method, format!("/{ACCOUNT}-secondary{below}"))
                .header("x-ms-version", VERSION)
        });
        assert!(responses[0].status < 300, "{}", responses[0].text());
        let status = responses[0].status;
        differ(&responses, status, 403, "InsufficientAccountPermissions");
    }
    for below in [
        "/strict/messages?peekonly=true",
        "?comp=list",
        "/strict?comp=acl",
    ] {
        let responses = both(|_| {
            Request::new("GET", format!("/{ACCOUNT}-secondary{below}"))
                .header("x-ms-version", VERSION)
        });
        assert_eq!(responses.map(|response| response.status), [200, 200]);
    }
}

#[test]
fn a_version_of_the_future_is_not_known_yet() {
    let responses = both(|_| {
        Request::new("GET", format!("/{ACCOUNT}/strict?comp=metadata"))
            .header("x-ms-version", "2099-01-01")
    });
    differ(&responses, 200, 400, "InvalidHeaderValue");
    assert_eq!(responses[0].header("x-ms-version"), Some("2099-01-01"));
    assert_eq!(responses[1].element("HeaderName").unwrap(), "x-ms-version");
    assert_eq!(responses[1].element("HeaderValue").unwrap(), "2099-01-01");
}

#[test]
fn a_version_is_required() {
    let responses = both(|_| Request::new("GET", format!("/{ACCOUNT}/strict?comp=metadata")));
    differ(&responses, 200, 400, "MissingRequiredHeader");
}

#[test]
fn a_version_that_makes_no_sense_is_refused_in_both_modes() {
    for version in ["latest", "2021-13-01", "2021-12-2"] {
        let responses = both(|_| {
            Request::new("GET", format!("/{ACCOUNT}/strict?comp=metadata"))
                .header("x-ms-version", version)
        });
        differ(&responses, 400, 400, "InvalidHeaderValue");
    }
}

#[test]
fn with_the_version_check_skipped_any_date_is_a_version() {
    let server = in_memory(&["--skipApiVersionCheck"]);
    let request = Request::new("GET", format!("/{ACCOUNT}?comp=list")).signed("2020-02-29");
    assert_eq!(server.client().send(&request).unwrap().status, 200);
    let server = in_memory(&[]);
    assert_eq!(server.client().send(&request).unwrap().status, 400);
}

#[test]
fn the_source_address_of_a_signature_counts_unless_the_server_is_loose() {
    let fields = [
        "r",
        "",
        "2099-01-01",
        "/queue/devstoreaccount1/strict",
        "",
        "10.1.2.3",
        "",
        VERSION,
    ];
    let signature = encoded(&sign(KEY, &fields.join("\n")));
    let query = format!("sp=r&se=2099-01-01&sip=10.1.2.3&sv={VERSION}&sig={signature}");
    let peek = Request::new(
        "GET",
        format!("/{ACCOUNT}/strict/messages?peekonly=true&{query}"),
    );
    for (options, status) in [(&[][..], 403), (&["--strict"], 403), (&["--loose"], 200)] {
        let server = in_memory(options);
        Account::new(server.client()).create("strict");
        let response = server.client().send(&peek).unwrap();
        assert_eq!(response.status, status, "{options:?}: {}", response.text());
        if status == 403 {
            let code = response.element("Code").unwrap();
            assert_eq!(code, "AuthorizationSourceIPMismatch");
            assert!(response.text().contains("using this source IP 127.0.0.1."));
        }
    }
}
