//! What the version of a request decides.

use crate::outcome::{Outcome, equal, hold};
use crate::sas;
use crate::wire::{Wire, message};

/// An answer names the version that was asked for.
pub(super) fn s360(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    for version in ["2011-08-18", "2016-05-31", "2019-02-02", "2026-04-06"] {
        let answer = wire.at(version, "GET", &format!("{queue}?comp=metadata"), "")?;
        answer.succeeded(200)?.has_header("x-ms-version", version)?;
    }
    Ok(())
}

/// Before 2016-05-31 a put answers nothing.
pub(super) fn s361(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let messages = format!("{queue}/messages");
    let put = wire.at("2015-12-11", "POST", &messages, &message("text"))?;
    put.succeeded(201)?.has_no_body()?;
    let put = wire.at("2016-05-31", "POST", &messages, &message("text"))?;
    put.succeeded(201)?.element("MessageId")?;
    let count = wire.get(&format!("{queue}?comp=metadata"))?;
    count.has_header("x-ms-approximate-messages-count", "2")
}

/// Before 2017-07-29 a message lives for a week at most.
pub(super) fn s362(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let put = |wire: &mut Wire, version, seconds| {
        let path = format!("{queue}/messages?messagettl={seconds}");
        wire.at(version, "POST", &path, &message("text"))
    };
    for seconds in ["-1", "604801"] {
        let answer = put(wire, "2016-05-31", seconds)?.refused("OutOfRangeQueryParameterValue")?;
        answer.has_element("QueryParameterName", "messagettl")?;
        answer.has_element("QueryParameterValue", seconds)?;
        answer.has_element("MinimumAllowed", "1")?;
        answer.has_element("MaximumAllowed", "604800")?;
        put(wire, "2017-07-29", seconds)?.succeeded(201)?;
    }
    put(wire, "2016-05-31", "604800")?.succeeded(201)?;
    Ok(())
}

/// Before 2017-07-29 an error has no code in its headers.
pub(super) fn s363(wire: &mut Wire) -> Outcome {
    let metadata = format!("/{}?comp=metadata", wire.name(""));
    let before = wire
        .at("2017-04-17", "GET", &metadata, "")?
        .refused("QueueNotFound")?;
    before.has_no_header("x-ms-error-code")?;
    let since = wire
        .at("2017-07-29", "GET", &metadata, "")?
        .refused("QueueNotFound")?;
    since.has_header("x-ms-error-code", "QueueNotFound")
}

/// Before 2019-02-02 a client request id is not echoed.
pub(super) fn s364(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    for (version, echo) in [
        ("2018-11-09", None),
        ("2019-02-02", Some(CLIENT_REQUEST_ID)),
    ] {
        for path in [queue.clone(), format!("{queue}-none")] {
            let request = wire.request("GET", &format!("{path}?comp=metadata"));
            let request = request.header("x-ms-version", version);
            let request = request.header("x-ms-client-request-id", CLIENT_REQUEST_ID);
            let answer = wire.call(request)?;
            let echoed = answer.optional("x-ms-client-request-id");
            equal(&format!("the echo at {version} for {path}"), echoed, echo)?;
        }
    }
    Ok(())
}

const CLIENT_REQUEST_ID: &str = "request-1/2";

/// Before 2013-08-15 a list has URLs.
pub(super) fn s365(wire: &mut Wire) -> Outcome {
    wire.queue()?;
    let name = wire.name("");
    let url = wire.settings.endpoint.url.clone();
    let path = format!("/?comp=list&prefix={name}");
    let before = wire.at("2012-02-12", "GET", &path, "")?.succeeded(200)?;
    before.has_document(&format!(
        "<EnumerationResults AccountName=\"{url}/\"><Prefix>{name}</Prefix><Queues><Queue>\
         <Name>{name}</Name><Url>{url}/{name}</Url></Queue></Queues><NextMarker />\
         </EnumerationResults>"
    ))?;
    let since = wire.at("2013-08-15", "GET", &path, "")?.succeeded(200)?;
    since.has_document(&format!(
        "<EnumerationResults ServiceEndpoint=\"{url}/\"><Prefix>{name}</Prefix><Queues><Queue>\
         <Name>{name}</Name></Queue></Queues><NextMarker /></EnumerationResults>"
    ))
}

/// A version that is none.
pub(super) fn s366(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    for version in ["nonsense", "2001-01-01"] {
        let answer = wire.at(version, "GET", &format!("{queue}?comp=metadata"), "")?;
        let answer = answer.refused("InvalidHeaderValue")?;
        answer.has_elements(&["Error", "Code", "Message", "HeaderName", "HeaderValue"])?;
        answer.has_element("HeaderName", "x-ms-version")?;
        answer.has_element("HeaderValue", version)?;
    }
    Ok(())
}

/// `api-version` of a SAS decides.
pub(super) fn s367(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let name = wire.name("");
    let sas = sas::of_queue(&wire.settings, &name, "2018-03-28", "r");
    let path = format!("{queue}?comp=metadata&{sas}");
    for (query, header, expected) in [
        ("&api-version=2016-05-31", Some("2019-02-02"), "2016-05-31"),
        ("&api-version=2019-02-02", Some("2016-05-31"), "2019-02-02"),
        ("", Some("2019-02-02"), "2019-02-02"),
        ("", None, "2018-03-28"),
    ] {
        let mut request = wire.request("GET", &format!("{path}{query}"));
        if let Some(version) = header {
            request = request.header("x-ms-version", version);
        }
        let answer = wire.send(&request)?.succeeded(200)?;
        answer.has_header("x-ms-version", expected)?;
    }
    Ok(())
}

/// The order of elements before 2016-05-31.
pub(super) fn s368(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    wire.message(&queue, "text")?;
    let answer = wire
        .at("2015-12-11", "GET", &format!("{queue}/messages"), "")?
        .succeeded(200)?;
    answer.has_elements(&[
        "QueueMessagesList",
        "QueueMessage",
        "MessageId",
        "InsertionTime",
        "ExpirationTime",
        "DequeueCount",
        "PopReceipt",
        "TimeNextVisible",
        "MessageText",
    ])?;
    let count = answer.element("DequeueCount")?;
    hold(count == "1", || format!("the dequeue count is {count}"))
}
