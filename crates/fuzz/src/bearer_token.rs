//! Bearer tokens: only one that is in force, and is by an issuer and for an audience that count.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use queuerite_testkit::ACCOUNT;
use queuerite_wire::{Circumstances, Credential, Grant, TokenHolder, verify};
use serde_json::{Value, json};

use crate::request::{LENIENT, NOON, Request, circumstances, keys};

/// The input is a token without its signature: the header on a line and then the claims, as JSON.
/// One that is believed says what it must, and no longer is if it says anything else.
pub fn bearer_token(data: &[u8]) {
    let end = data.iter().position(|byte| *byte == b'\n');
    let (header, claims) = data.split_at(end.unwrap_or(data.len()));
    let claims = claims.get(1..).unwrap_or_default();
    // As a token that is there already, whatever it is.
    let _ = believe(data, &by_tls());

    let Some(holder) = believe(&token(header, claims), &by_tls()) else {
        return;
    };
    // What nobody looks at may be a number that is too large, half of a pair, or very deep.
    let claims_text = std::str::from_utf8(claims).expect("JSON is UTF-8");
    let Ok(read) = serde_json::from_str::<Value>(claims_text) else {
        return;
    };
    let seconds = |name: &str| read[name].as_f64().expect("a lifetime is numbers").floor();
    assert!(seconds("nbf") <= NOW && seconds("iat") <= NOW && NOW < seconds("exp"));
    let issuer = read["iss"].as_str().expect("somebody issued it");
    assert!(issuer.starts_with("https://"));
    assert_eq!(holder.object_id.as_deref(), read["oid"].as_str());
    if let Some(tenant) = read["tid"].as_str() {
        assert_eq!(holder.tenant_id, tenant);
    } else {
        assert!(issuer.contains(&format!("/{}", holder.tenant_id)));
    }
    let audience = &read["aud"];
    let audiences = audience.as_array().cloned();
    let audiences = audiences.unwrap_or_else(|| vec![audience.clone()]);
    assert!(audiences.iter().filter_map(Value::as_str).any(is_audience));

    for (name, value) in [
        ("exp", json!(NOW)),
        ("nbf", json!(NOW + 1.0)),
        ("iat", json!(NOW + 1.0)),
        ("exp", Value::Null),
        ("iss", json!("https://issuer.example/tenant/")),
        ("iss", json!(issuer.replace("https://", "http://"))),
        ("aud", json!("https://vault.azure.net")),
        ("aud", json!("https://another.queue.core.windows.net/")),
        ("aud", json!([])),
    ] {
        let mut changed = read.clone();
        changed[name] = value;
        let changed = token(header, changed.to_string().as_bytes());
        assert!(
            believe(&changed, &by_tls()).is_none(),
            "with another {name}"
        );
    }
    for circumstances in [
        circumstances(),
        Circumstances {
            takes_tokens: false,
            ..by_tls()
        },
    ] {
        assert!(believe(&token(header, claims), &circumstances).is_none());
    }
    let claims = claims.trim_ascii_end();
    let cut = token(header, &claims[..claims.len() - 1]);
    assert!(believe(&cut, &by_tls()).is_none(), "without their end");
}

/// Sends the token, and gives its holder if it is believed.
fn believe(token: &[u8], circumstances: &Circumstances) -> Option<TokenHolder> {
    let mut text = format!("GET /{ACCOUNT}?comp=list\nx-ms-version: 2026-04-06\n").into_bytes();
    text.extend_from_slice(b"Authorization: Bearer ");
    text.extend_from_slice(token);
    let request = Request::read(&text)?;
    let head = request.head(LENIENT).expect("the head is good");
    let credential = Credential::read(&request.headers, &head.query).ok()?;
    let verified = verify(&head, &request.headers, &credential, &keys(), circumstances).ok()?;
    match verified.grant {
        Grant::Token(holder) => Some(holder),
        grant => panic!("a token permits {grant:?}"),
    }
}

fn token(header: &[u8], claims: &[u8]) -> Vec<u8> {
    let [header, claims] = [header, claims].map(|part| BASE64_URL_SAFE_NO_PAD.encode(part));
    format!("{header}.{claims}.").into_bytes()
}

fn by_tls() -> Circumstances {
    Circumstances {
        is_https: true,
        ..circumstances()
    }
}

fn is_audience(audience: &str) -> bool {
    let of_account = format!("https://{ACCOUNT}.queue.core.");
    audience.trim_end_matches('/') == "https://storage.azure.com"
        || audience == "e406a681-f3d4-42a8-90b6-c2b029497af1"
        || audience.starts_with(&of_account)
}

/// [`NOON`] in seconds since 1970.
#[expect(
    clippy::cast_precision_loss,
    reason = "seconds of this century are exact"
)]
const NOW: f64 = NOON.unix_seconds() as f64;
