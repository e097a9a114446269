//! Signatures and their refusal.

use std::time::{Duration, SystemTime};

use queuerite_testkit::{Request, http_date, sign};

use super::precedence::WRONG_KEY;
use crate::answer::Answer;
use crate::outcome::{Outcome, Stop, fail, hold};
use crate::sas;
use crate::wire::{VERSION, Wire, message, versioned};

/// The string to sign is told.
pub(super) fn s350(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let account = wire.settings.account.clone();
    let put = wire.request(
        "POST",
        &format!("{queue}/messages?messagettl=60&timeout=30"),
    );
    let put = put
        .header("Content-Type", "application/xml")
        .body(message("text"));
    let get = wire.request("GET", &format!("{queue}?comp=metadata"));
    for request in [put, get] {
        let request = versioned(request).signed_by(&account, WRONG_KEY);
        let signature = signature_of(&request)?.to_owned();
        let answer = wire.send(&request)?.refused("AuthenticationFailed")?;
        is_of_the_front(&answer)?;
        answer.has_elements(&["Error", "Code", "Message", "AuthenticationErrorDetail"])?;
        let expected = format!(
            "The MAC signature found in the HTTP request '{signature}' is not the same as any \
             computed signature. Server used following string to sign: '{}'.",
            request.string_to_sign(&account)
        );
        answer.has_element("AuthenticationErrorDetail", &expected)?;
    }
    Ok(())
}

/// A header of no known form.
pub(super) fn s351(wire: &mut Wire) -> Outcome {
    for authorization in ["nonsense", "Bearer nonsense"] {
        let request = wire.request("GET", &list(wire));
        // For later versions nobody has seen the answer to such a token.
        let request = request.header("x-ms-version", "2018-03-28");
        let request = request
            .dated_and_framed()
            .header("Authorization", authorization);
        let answer = wire.send(&request)?.refused("InvalidAuthenticationInfo")?;
        is_of_the_front(&answer)?;
    }
    Ok(())
}

/// Nobody, before and since 2019-12-12.
pub(super) fn s352(wire: &mut Wire) -> Outcome {
    let anonymous = |wire: &mut Wire, version| {
        let request = wire
            .request("GET", &list(wire))
            .header("x-ms-version", version);
        wire.send(&request)
    };
    anonymous(wire, "2018-11-09")?.refused("ResourceNotFound")?;
    let answer = anonymous(wire, "2019-12-12")?.refused("NoAuthenticationInformation")?;
    let challenge = answer.header("www-authenticate")?;
    let is_whole = challenge
        .strip_prefix("Bearer authorization_uri=https://login.microsoftonline.com/")
        .and_then(|rest| rest.split_once("/oauth2/authorize"))
        .is_some_and(|(tenant, rest)| {
            !tenant.is_empty()
                && rest.trim_start_matches(',') == " resource_id=https://storage.azure.com"
        });
    hold(is_whole, || format!("the challenge is {challenge:?}"))
}

/// SharedKeyLite.
pub(super) fn s353(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let (account, key) = (wire.settings.account.clone(), wire.settings.key.clone());
    let put = wire.request("POST", &format!("{queue}/messages?messagettl=60"));
    let put = put
        .header("Content-Type", "application/xml")
        .body(message("text"));
    let get = wire.request("GET", &list(wire));
    for (request, status) in [(put, 201), (get, 200)] {
        let request = versioned(request);
        wire.send(&request.clone().signed_lite_by(&account, &key))?
            .succeeded(status)?;
        let wrong = request.signed_lite_by(&account, WRONG_KEY);
        wire.send(&wrong)?.refused("AuthenticationFailed")?;
    }
    Ok(())
}

/// A date that is a quarter of an hour old.
pub(super) fn s354(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let dated = |wire: &mut Wire, age| {
        let date = http_date(SystemTime::now() - age);
        let request = wire.request("GET", &format!("{queue}?comp=metadata"));
        wire.call(request.header("x-ms-date", date))
    };
    dated(wire, Duration::from_mins(10))?.succeeded(200)?;
    let old = dated(wire, Duration::from_mins(20))?;
    // Only a server that is asked not to be strict takes it.
    match old.response.status {
        200 => old.succeeded(200)?,
        _ => old.refused("AuthenticationFailed")?,
    };
    Ok(())
}

/// A signature over both orders of metadata.
pub(super) fn s355(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let (account, key) = (wire.settings.account.clone(), wire.settings.key.clone());
    let metadata = format!("{queue}?comp=metadata");
    let request = wire.request("PUT", &metadata);
    let request = request
        .header("x-ms-meta-a_b", "1")
        .header("x-ms-meta-a1", "2");
    let request = versioned(request).dated_and_framed();
    let by_bytes = request.string_to_sign(&account);
    let lines = ["x-ms-meta-a1:2\n", "x-ms-meta-a_b:1\n"];
    hold(by_bytes.contains(&lines.concat()), || {
        "the client sorts otherwise".into()
    })?;
    let as_dotnet_sorts = by_bytes.replace(&lines.concat(), &[lines[1], lines[0]].concat());
    for text in [by_bytes, as_dotnet_sorts] {
        let signature = sign(&key, &text);
        let authorization = format!("SharedKey {account}:{signature}");
        let request = request.clone().header("Authorization", authorization);
        wire.send(&request)?.succeeded(204)?;
    }
    let answer = wire.get(&metadata)?.succeeded(200)?;
    answer.has_header("x-ms-meta-a_b", "1")?;
    answer.has_header("x-ms-meta-a1", "2")
}

/// A length of zero is signed by version.
pub(super) fn s356(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let account = wire.settings.account.clone();
    for (version, start) in [
        ("2014-02-14", "PUT\n\n\n0\n"),
        ("2015-02-21", "PUT\n\n\n\n"),
    ] {
        let request = wire.request("PUT", &queue).header("x-ms-version", version);
        let request = wire.signed(request);
        let text = request.string_to_sign(&account);
        hold(text.starts_with(start), || {
            format!("{version} signs {text:?}")
        })?;
        wire.send(&request)?.succeeded(204)?;
    }
    Ok(())
}

/// A SAS and the form of its refusals.
pub(super) fn s357(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let name = wire.name("");
    let good = sas::of_queue(&wire.settings, &name, VERSION, "r");
    let past = "2020-01-01T00:00:00Z";
    let past = sas::of_queue_until(&wire.settings, &name, VERSION, "r", past);
    let Some((fields, _)) = good.split_once("sig=") else {
        return fail("a SAS without a signature");
    };
    let changed = format!(
        "{fields}sig={}",
        queuerite_testkit::encoded(&sign(WRONG_KEY, fields))
    );
    let without_expiry = sas::of_queue_until(&wire.settings, &name, VERSION, "r", "");
    let without_permissions = sas::of_queue(&wire.settings, &name, VERSION, "");
    with_sas(wire, "GET", &format!("{queue}?comp=metadata&{good}"), "")?.succeeded(200)?;
    for sas in [changed, past, without_expiry, without_permissions] {
        let answer = with_sas(wire, "GET", &format!("{queue}?comp=metadata&{sas}"), "")?;
        answer.refused("AuthenticationFailed")?;
    }
    Ok(())
}

/// Old forms of a queue SAS.
pub(super) fn s358(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let name = wire.name("");
    for version in ["2014-02-14", "2015-02-21", "2018-03-28"] {
        let sas = sas::of_queue(&wire.settings, &name, version, "ra");
        let put = with_sas(
            wire,
            "POST",
            &format!("{queue}/messages?{sas}"),
            &message("text"),
        )?;
        put.succeeded(201)?;
        let peeked = with_sas(
            wire,
            "GET",
            &format!("{queue}/messages?peekonly=true&{sas}"),
            "",
        )?;
        let peeked = peeked.succeeded(200)?;
        peeked.has_header("x-ms-version", version)?;
        peeked.has_element("MessageText", "text")?;
    }
    Ok(())
}

/// An account SAS with `ss=b`.
pub(super) fn s359(wire: &mut Wire) -> Outcome {
    let list = list(wire);
    let good = sas::of_account(&wire.settings, VERSION, "bq", "s", "l");
    with_sas(wire, "GET", &format!("{list}&{good}"), "")?.succeeded(200)?;
    let sas = sas::of_account(&wire.settings, VERSION, "b", "s", "l");
    let answer = with_sas(wire, "GET", &format!("{list}&{sas}"), "")?;
    let answer = answer.refused("AuthorizationServiceMismatch")?;
    is_of_the_front(&answer)
}

fn with_sas(wire: &mut Wire, method: &str, path: &str, body: &str) -> Outcome<Answer> {
    let mut request = wire.request(method, path);
    if !body.is_empty() {
        request = request
            .header("Content-Length", body.len().to_string())
            .body(body);
    }
    wire.send(&request)
}

/// The path of a list in which there is nothing but this run's.
fn list(wire: &Wire) -> String {
    format!("/?comp=list&prefix={}", wire.settings.prefix)
}

/// Fails unless an answer came before there was a service with a version.
fn is_of_the_front(answer: &Answer) -> Outcome {
    answer.has_no_header("x-ms-version")?;
    answer.has_header("server", "Microsoft-HTTPAPI/2.0")
}

fn signature_of(request: &Request) -> Outcome<&str> {
    let authorization = request
        .value("authorization")
        .and_then(|value| value.split_once(':'));
    let (_, signature) = authorization.ok_or_else(|| Stop::Failed("not signed".into()))?;
    Ok(signature)
}
