//! Shared access signatures of the account's key, which the SDK does not make.

use azure_core::base64;
use azure_core::http::Url;
use azure_core::time::{Duration, OffsetDateTime, to_rfc3339};
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::endpoint::{now, variable};

const VERSION: &str = "2026-04-06";

/// The time so many minutes from now, as a signature tells it.
pub fn minutes(from_now: i64) -> String {
    time(now() + Duration::minutes(from_now))
}

pub fn time(time: OffsetDateTime) -> String {
    to_rfc3339(&time)
}

/// An address of the account with a signature for everything, but for these fields.
pub fn account(url: &str, fields: &[(&str, &str)]) -> Url {
    account_by(
        &variable("COMPAT_ACCOUNT"),
        &variable("COMPAT_KEY"),
        url,
        fields,
    )
}

pub fn account_by(account: &str, key: &str, url: &str, fields: &[(&str, &str)]) -> Url {
    let expiry = minutes(60);
    let usual = [
        ("sv", VERSION),
        ("ss", "q"),
        ("srt", "sco"),
        ("sp", "rwdlacup"),
        ("se", &expiry),
        ("spr", "https,http"),
    ];
    let all = [fields, &usual].concat();
    let order = ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv", "ses"];
    let lines = order.map(|name| format!("{}\n", field(&all, name)));
    signed(
        url,
        &order,
        &all,
        key,
        &format!("{account}\n{}", lines.concat()),
    )
}

/// An address with a signature for one queue, which says just these fields.
pub fn queue(url: &str, queue: &str, fields: &[(&str, &str)]) -> Url {
    let all = [fields, &[("sv", VERSION)]].concat();
    let resource = format!("/queue/{}/{queue}", variable("COMPAT_ACCOUNT"));
    let lines = ["sp", "st", "se", "", "si", "sip", "spr", "sv"].map(|name| match name {
        "" => resource.as_str(),
        _ => field(&all, name),
    });
    let names = ["sp", "st", "se", "si", "sip", "spr", "sv"];
    signed(
        url,
        &names,
        &all,
        &variable("COMPAT_KEY"),
        &lines.join("\n"),
    )
}

/// The first field of that name counts; one that is missing is an empty line.
fn field<'a>(fields: &[(&str, &'a str)], name: &str) -> &'a str {
    fields
        .iter()
        .find(|field| field.0 == name)
        .map_or("", |field| field.1)
}

fn signed(url: &str, names: &[&str], fields: &[(&str, &str)], key: &str, text: &str) -> Url {
    let key = base64::decode(key).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(text.as_bytes());
    let mut url = Url::parse(url).unwrap();
    let mut query = url.query_pairs_mut();
    for name in names {
        let value = field(fields, name);
        if !value.is_empty() {
            query.append_pair(name, value);
        }
    }
    query.append_pair("sig", &base64::encode(mac.finalize().into_bytes()));
    drop(query);
    url
}
