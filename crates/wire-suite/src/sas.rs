//! Shared access signatures, from the documentation and not from the server's code.

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use queuerite_testkit::{encoded, sign};

use crate::settings::Settings;

/// REST page "Create a service SAS": the query of one that ends in an hour.
pub fn of_queue(settings: &Settings, queue: &str, version: &str, permissions: &str) -> String {
    let expiry = in_an_hour();
    of_queue_until(settings, queue, version, permissions, &expiry)
}

/// The same, until the time that this says.
pub fn of_queue_until(
    settings: &Settings,
    queue: &str,
    version: &str,
    permissions: &str,
    expiry: &str,
) -> String {
    let service = if version >= "2015-02-21" {
        "/queue"
    } else {
        ""
    };
    let resource = format!("{service}/{}/{queue}", settings.account);
    let mut lines = vec![permissions, "", expiry, &resource, ""];
    if version >= "2015-04-05" {
        // An address range and a protocol.
        lines.extend(["", ""]);
    }
    lines.push(version);
    let fields = [("sv", version), ("sp", permissions), ("se", expiry)];
    query(&fields, &settings.key, &lines.join("\n"))
}

/// REST page "Create an account SAS": the query of one that ends in an hour.
pub fn of_account(
    settings: &Settings,
    version: &str,
    services: &str,
    types: &str,
    permissions: &str,
) -> String {
    let expiry = in_an_hour();
    let account = &settings.account;
    let mut text =
        format!("{account}\n{permissions}\n{services}\n{types}\n\n{expiry}\n\n\n{version}\n");
    if version >= "2020-12-06" {
        // An encryption scope.
        text.push('\n');
    }
    let fields = [
        ("sv", version),
        ("ss", services),
        ("srt", types),
        ("sp", permissions),
        ("se", &expiry),
    ];
    query(&fields, &settings.key, &text)
}

fn query(fields: &[(&str, &str)], key: &str, string_to_sign: &str) -> String {
    let fields = fields.iter().filter(|(_, value)| !value.is_empty());
    let mut pairs: Vec<_> = fields
        .map(|(name, value)| format!("{name}={}", encoded(value)))
        .collect();
    pairs.push(format!("sig={}", encoded(&sign(key, string_to_sign))));
    pairs.join("&")
}

fn in_an_hour() -> String {
    let time = DateTime::<Utc>::from(SystemTime::now() + Duration::from_hours(1));
    time.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
