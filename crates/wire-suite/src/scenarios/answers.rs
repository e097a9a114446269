//! The form of answers.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, Utc};
use queuerite_testkit::encoded;

use crate::answer::{Answer, PROLOGUE, http_time};
use crate::outcome::{Outcome, equal, fail, hold};
use crate::wire::{PROPERTIES, VERSION, Wire};

/// Create Queue answers 201, then 204, with an empty body.
pub(super) fn s300(wire: &mut Wire) -> Outcome {
    let path = format!("/{}", wire.name(""));
    for status in [201, 204] {
        let answer = wire.put(&path, "")?.succeeded(status)?;
        answer.has_no_body()?;
        // HTTP lets a 204 do without a length.
        if status == 201 || answer.optional("content-length").is_some() {
            answer.has_header("content-length", "0")?;
        }
        let headers = answer.response.headers.iter();
        let names: BTreeSet<_> = headers.map(|(name, _)| name.to_lowercase()).collect();
        let others = names.iter().filter(|name| !COMMON.contains(&name.as_str()));
        let others: Vec<_> = others.collect();
        hold(others.is_empty(), || {
            format!("{status} has other headers: {others:?}")
        })?;
        for name in ["date", "server", "x-ms-request-id", "x-ms-version"] {
            answer.header(name)?;
        }
    }
    Ok(())
}

/// What every answer may have, the connection's own headers among them.
const COMMON: &[&str] = &[
    "connection",
    "content-length",
    "date",
    "keep-alive",
    "server",
    "x-ms-request-id",
    "x-ms-version",
];

/// The common headers of a success.
pub(super) fn s301(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    for (method, path) in [
        ("GET", format!("{queue}?comp=metadata")),
        ("HEAD", format!("{queue}?comp=metadata")),
        ("GET", format!("{queue}/messages")),
        ("PUT", queue.clone()),
        ("DELETE", queue),
    ] {
        let answer = wire.at("2021-02-12", method, &path, "")?;
        let status = answer.response.status;
        hold(status < 300, || format!("{method} {path}: {status}"))?;
        let id = answer.header("x-ms-request-id")?;
        hold(is_guid(id), || format!("x-ms-request-id is {id:?}"))?;
        answer.has_header("x-ms-version", "2021-02-12")?;
        http_time(answer.header("date")?)?;
        answer.has_header("server", "Windows-Azure-Queue/1.0 Microsoft-HTTPAPI/2.0")?;
    }
    Ok(())
}

/// An XML body begins with a byte-order mark.
pub(super) fn s302(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let list = format!("/?comp=list&include=metadata&prefix={}", wire.name(""));
    let put = wire.message(&queue, "text")?;
    let peeked = wire.get(&format!("{queue}/messages?peekonly=true"))?;
    let got = wire.get(&format!("{queue}/messages"))?;
    let policies = wire.get(&format!("{queue}?comp=acl"))?;
    let properties = wire.get(PROPERTIES)?;
    let list = wire.get(&list)?;
    for answer in [put, peeked, got, policies, properties, list] {
        answer.has_header("content-type", "application/xml")?;
        let body = answer.body()?;
        let Some(element) = body.strip_prefix(PROLOGUE) else {
            return fail(format!(
                "{}: the body begins otherwise: {body:?}",
                answer.request
            ));
        };
        let is_tight = element.starts_with('<')
            && element.ends_with('>')
            && [">\n", "> ", ">\r", ">\t"]
                .iter()
                .all(|space| !element.contains(space));
        hold(is_tight, || {
            format!("{}: white space in {element:?}", answer.request)
        })?;
    }
    Ok(())
}

/// The elements of a put.
pub(super) fn s303(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let answer = wire.message(&queue, "text")?;
    answer.has_elements(&[
        "QueueMessagesList",
        "QueueMessage",
        "MessageId",
        "InsertionTime",
        "ExpirationTime",
        "PopReceipt",
        "TimeNextVisible",
    ])
}

/// The elements of a get.
pub(super) fn s304(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    wire.message(&queue, "text")?;
    let answer = wire.get(&format!("{queue}/messages"))?.succeeded(200)?;
    answer.has_elements(&[
        "QueueMessagesList",
        "QueueMessage",
        "MessageId",
        "InsertionTime",
        "ExpirationTime",
        "PopReceipt",
        "TimeNextVisible",
        "DequeueCount",
        "MessageText",
    ])?;
    answer.has_element("DequeueCount", "1")?;
    answer.has_element("MessageText", "text")
}

/// The elements of a peek.
pub(super) fn s305(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    wire.message(&queue, "text")?;
    let answer = wire
        .get(&format!("{queue}/messages?peekonly=true"))?
        .succeeded(200)?;
    answer.has_elements(&[
        "QueueMessagesList",
        "QueueMessage",
        "MessageId",
        "InsertionTime",
        "ExpirationTime",
        "DequeueCount",
        "MessageText",
    ])?;
    answer.has_element("DequeueCount", "0")?;
    answer.has_element("MessageText", "text")
}

/// Nothing to return is an empty element.
pub(super) fn s306(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    for query in ["", "?peekonly=true"] {
        let answer = wire
            .get(&format!("{queue}/messages{query}"))?
            .succeeded(200)?;
        answer.has_document("<QueueMessagesList />")?;
    }
    Ok(())
}

/// The elements of a list.
pub(super) fn s307(wire: &mut Wire) -> Outcome {
    let (first, second) = (wire.name("-a"), wire.name("-b"));
    for name in [&first, &second] {
        wire.put(&format!("/{name}"), "")?.succeeded(201)?;
    }
    let account = wire.settings.account.clone();
    let marker = format!("marker={}", encoded(&format!("/{account}/{first}")));
    let root = format!(
        "<EnumerationResults ServiceEndpoint=\"{}/\">",
        wire.settings.endpoint.url
    );
    let one = format!("<Queues><Queue><Name>{first}</Name></Queue></Queues>");

    let all = wire.get(&format!("/?comp=list&prefix={first}&{marker}&maxresults=2"))?;
    all.succeeded(200)?.has_document(&format!(
        "{root}<Prefix>{first}</Prefix><Marker>/{account}/{first}</Marker>\
         <MaxResults>2</MaxResults>{one}<NextMarker /></EnumerationResults>"
    ))?;
    let prefix = wire.get(&format!("/?comp=list&prefix={first}"))?;
    prefix.succeeded(200)?.has_document(&format!(
        "{root}<Prefix>{first}</Prefix>{one}<NextMarker /></EnumerationResults>"
    ))?;
    // From our first queue on, and no farther: what others have is none of our business.
    let rest = wire.get(&format!("/?comp=list&{marker}&maxresults=1"))?;
    rest.succeeded(200)?.has_document(&format!(
        "{root}<Marker>/{account}/{first}</Marker><MaxResults>1</MaxResults>{one}\
         <NextMarker>/{account}/{second}</NextMarker></EnumerationResults>"
    ))?;
    let none = format!("{first}-none");
    let empty = wire.get(&format!("/?comp=list&prefix={none}"))?;
    empty.succeeded(200)?.has_document(&format!(
        "{root}<Prefix>{none}</Prefix><Queues /><NextMarker /></EnumerationResults>"
    ))
}

/// A next marker names account and queue.
pub(super) fn s308(wire: &mut Wire) -> Outcome {
    let names = [wire.name("-a"), wire.name("-b"), wire.name("-c")];
    for name in &names {
        wire.put(&format!("/{name}"), "")?.succeeded(201)?;
    }
    let list = format!("/?comp=list&maxresults=2&prefix={}", wire.name(""));
    let page = wire.get(&list)?.succeeded(200)?;
    let marker = format!("/{}/{}", wire.settings.account, names[2]);
    page.has_element("NextMarker", &marker)?;
    let page = wire
        .get(&format!("{list}&marker={}", encoded(&marker)))?
        .succeeded(200)?;
    page.has_element("Marker", &marker)?;
    page.has_element("Name", &names[2])?;
    page.has_element("NextMarker", "")
}

/// An update answers in headers.
pub(super) fn s309(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let answer = updated(wire, &queue)?;
    answer.has_no_body()?;
    let receipt = answer.header("x-ms-popreceipt")?;
    hold(BASE64_STANDARD.decode(receipt).is_ok(), || {
        format!("the receipt is {receipt:?}")
    })?;
    let date = http_time(answer.header("date")?)?;
    let next = http_time(answer.header("x-ms-time-next-visible")?)?;
    let seconds = (next - date).num_seconds();
    hold((58..=61).contains(&seconds), || {
        format!("visible in {seconds} s, not in 60")
    })
}

/// Successful reads are not cached.
pub(super) fn s310(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let prefix = wire.name("");
    for (method, path) in [
        ("GET", format!("/?comp=list&prefix={prefix}")),
        ("GET", PROPERTIES.to_owned()),
        ("GET", format!("{queue}?comp=metadata")),
        ("HEAD", format!("{queue}?comp=metadata")),
        ("GET", format!("{queue}?comp=acl")),
        ("GET", format!("{queue}/messages")),
        ("GET", format!("{queue}/messages?peekonly=true")),
    ] {
        let answer = wire.call(wire.request(method, &path))?.succeeded(200)?;
        answer.has_header("cache-control", "no-cache")?;
    }
    let others = [
        wire.put(&queue, "")?.succeeded(204)?,
        wire.put(&format!("{queue}?comp=metadata"), "")?
            .succeeded(204)?,
        wire.put(&format!("{queue}?comp=acl"), "")?.succeeded(204)?,
        updated(wire, &queue)?,
        wire.message(&queue, "text")?,
        wire.delete(&format!("{queue}/messages"))?.succeeded(204)?,
        wire.get(&format!("{queue}-none?comp=metadata"))?
            .refused("QueueNotFound")?,
    ];
    others
        .iter()
        .try_for_each(|answer| answer.has_no_header("cache-control"))
}

/// Metadata come as headers, without a body.
pub(super) fn s311(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    wire.message(&queue, "text")?;
    let metadata = format!("{queue}?comp=metadata");
    let request = wire.request("PUT", &metadata);
    let request = request
        .header("x-ms-meta-Color", "Blue")
        .header("x-ms-meta-a_B", "2");
    wire.call(request)?.succeeded(204)?;
    for method in ["GET", "HEAD"] {
        let answer = wire.call(wire.request(method, &metadata))?.succeeded(200)?;
        answer.has_no_body()?;
        answer.has_header("x-ms-approximate-messages-count", "1")?;
        let headers = answer.response.headers.iter();
        let is_metadata = |name: &str| name.to_lowercase().starts_with("x-ms-meta-");
        let found = headers.filter(|(name, _)| is_metadata(name));
        let found: BTreeSet<_> = found.map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let expected = BTreeSet::from([("x-ms-meta-Color", "Blue"), ("x-ms-meta-a_B", "2")]);
        equal(&format!("{method}: the metadata"), found, expected)?;
    }
    Ok(())
}

/// The elements of policies.
pub(super) fn s312(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let path = format!("{queue}?comp=acl");
    let none = wire.get(&path)?.succeeded(200)?;
    none.has_document("<SignedIdentifiers />")?;
    let document = "<SignedIdentifiers>\
         <SignedIdentifier><Id>whole</Id><AccessPolicy><Permission>rp</Permission>\
         <Expiry>2001-10-06</Expiry><Start>2001-10-05T01:02:03Z</Start></AccessPolicy>\
         </SignedIdentifier>\
         <SignedIdentifier><Id>part</Id><AccessPolicy><Expiry>2001-10-06T00:00:00.5Z</Expiry>\
         </AccessPolicy></SignedIdentifier>\
         <SignedIdentifier><Id>bare</Id></SignedIdentifier>\
         </SignedIdentifiers>";
    wire.put(&path, document)?.succeeded(204)?;
    wire.eventually(|wire| {
        let answer = wire.get(&path)?.succeeded(200)?;
        answer.has_document(
            "<SignedIdentifiers>\
             <SignedIdentifier><Id>whole</Id><AccessPolicy>\
             <Start>2001-10-05T01:02:03.0000000Z</Start>\
             <Expiry>2001-10-06T00:00:00.0000000Z</Expiry>\
             <Permission>rp</Permission></AccessPolicy></SignedIdentifier>\
             <SignedIdentifier><Id>part</Id><AccessPolicy>\
             <Expiry>2001-10-06T00:00:00.5000000Z</Expiry></AccessPolicy></SignedIdentifier>\
             <SignedIdentifier><Id>bare</Id></SignedIdentifier>\
             </SignedIdentifiers>",
        )
    })
}

/// The elements of service properties.
pub(super) fn s313(wire: &mut Wire) -> Outcome {
    wire.set_properties(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<StorageServiceProperties>\
         <Cors><CorsRule><MaxAgeInSeconds>300</MaxAgeInSeconds><ExposedHeaders />\
         <AllowedHeaders>x-ms-meta-*</AllowedHeaders>\
         <AllowedOrigins>https://shop.example</AllowedOrigins>\
         <AllowedMethods>GET,PUT</AllowedMethods></CorsRule></Cors>\
         <MinuteMetrics><RetentionPolicy><Enabled>False</Enabled></RetentionPolicy>\
         <Enabled>False</Enabled><Version>1.0</Version></MinuteMetrics>\
         <HourMetrics><IncludeAPIs>False</IncludeAPIs><Enabled>True</Enabled>\
         <RetentionPolicy><Days>7</Days><Enabled>True</Enabled></RetentionPolicy>\
         <Version>1.0</Version></HourMetrics>\
         <Logging><Delete>True</Delete><Write>True</Write><Read>False</Read>\
         <RetentionPolicy><Enabled>False</Enabled></RetentionPolicy>\
         <Version>1.0</Version></Logging>\
         </StorageServiceProperties>",
    )?;
    wire.eventually(|wire| {
        let answer = wire.get(PROPERTIES)?.succeeded(200)?;
        answer.has_document(
            "<StorageServiceProperties>\
             <Logging><Version>1.0</Version><Read>false</Read><Write>true</Write>\
             <Delete>true</Delete><RetentionPolicy><Enabled>false</Enabled></RetentionPolicy>\
             </Logging>\
             <HourMetrics><Version>1.0</Version><Enabled>true</Enabled>\
             <IncludeAPIs>false</IncludeAPIs><RetentionPolicy><Enabled>true</Enabled>\
             <Days>7</Days></RetentionPolicy></HourMetrics>\
             <MinuteMetrics><Version>1.0</Version><Enabled>false</Enabled>\
             <RetentionPolicy><Enabled>false</Enabled></RetentionPolicy></MinuteMetrics>\
             <Cors><CorsRule><AllowedMethods>GET,PUT</AllowedMethods>\
             <AllowedOrigins>https://shop.example</AllowedOrigins>\
             <AllowedHeaders>x-ms-meta-*</AllowedHeaders><ExposedHeaders />\
             <MaxAgeInSeconds>300</MaxAgeInSeconds></CorsRule></Cors>\
             </StorageServiceProperties>",
        )
    })
}

/// Times are RFC 1123 in whole seconds.
pub(super) fn s314(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let put = wire.message(&queue, "text")?;
    let got = wire.get(&format!("{queue}/messages"))?.succeeded(200)?;
    for answer in [&put, &got] {
        for name in ["InsertionTime", "ExpirationTime", "TimeNextVisible"] {
            answer.time(name)?;
        }
    }
    let answer = updated(wire, &queue)?;
    for name in ["date", "x-ms-time-next-visible"] {
        http_time(answer.header(name)?)?;
    }
    let endless = format!("{queue}/messages?messagettl=-1");
    let endless = wire
        .post(&endless, crate::wire::message("text"))?
        .succeeded(201)?;
    endless.has_element("ExpirationTime", "Fri, 31 Dec 9999 23:59:59 GMT")
}

/// The form of an error.
pub(super) fn s315(wire: &mut Wire) -> Outcome {
    let queue = format!("/{}", wire.name(""));
    // This is where all of the form is looked at.
    let answer = wire
        .get(&format!("{queue}?comp=metadata"))?
        .refused("QueueNotFound")?;
    answer.has_elements(&["Error", "Code", "Message"])?;
    hold(answer.body()?.ends_with("Z</Message></Error>"), || {
        "more after the time".into()
    })?;
    answer.has_header("x-ms-error-code", "QueueNotFound")?;
    answer.has_header("x-ms-version", VERSION)?;
    answer.has_header("content-length", "217")?;
    answer.has_header("server", "Windows-Azure-Queue/1.0 Microsoft-HTTPAPI/2.0")
}

/// HEAD of what is missing has no body.
pub(super) fn s316(wire: &mut Wire) -> Outcome {
    let queue = format!("/{}", wire.name(""));
    let answer = wire
        .head(&format!("{queue}?comp=metadata"))?
        .refused("QueueNotFound")?;
    answer.has_header("x-ms-error-code", "QueueNotFound")?;
    // A body would be taken for the beginning of this answer.
    wire.put(&queue, "")?.succeeded(201)?;
    Ok(())
}

/// A receipt has the service's form.
pub(super) fn s317(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let put = wire.message(&queue, "text")?;
    let got = wire.get(&format!("{queue}/messages"))?.succeeded(200)?;
    let update = updated(wire, &queue)?;
    for (what, answer, kind, length) in [("put", put, 2, 20), ("get", got, 2, 20)] {
        let receipt = answer.element("PopReceipt")?;
        has_form(
            what,
            &receipt,
            kind,
            length,
            answer.time("TimeNextVisible")?,
        )?;
    }
    let next = http_time(update.header("x-ms-time-next-visible")?)?;
    has_form("update", update.header("x-ms-popreceipt")?, 3, 24, next)
}

/// Fails unless a receipt is of this kind and length, and holds the time.
fn has_form(what: &str, receipt: &str, kind: u8, length: usize, next: DateTime<Utc>) -> Outcome {
    let Ok(bytes) = BASE64_STANDARD.decode(receipt) else {
        return fail(format!("the receipt of a {what} is {receipt:?}"));
    };
    let what = format!("the receipt of a {what}, {receipt:?}:");
    equal(&format!("{what} its length"), bytes.len(), length)?;
    equal(
        &format!("{what} its start"),
        bytes.get(..4),
        Some(&[kind, 0, 0, 0][..]),
    )?;
    // A FILETIME: 100 nanoseconds are its unit, and 1601 is its beginning.
    let ticks = bytes.get(12..20).and_then(|bytes| bytes.try_into().ok());
    let ticks = ticks.map(u64::from_le_bytes);
    let seconds = ticks.map(|ticks| (ticks / 10_000_000).cast_signed() - SECONDS_FROM_1601);
    equal(&format!("{what} its time"), seconds, Some(next.timestamp()))
}

/// From the beginning of 1601 to that of 1970.
const SECONDS_FROM_1601: i64 = 11_644_473_600;

/// The answer to an update of a new message, which is hidden for a minute then.
fn updated(wire: &mut Wire, queue: &str) -> Outcome<Answer> {
    let put = wire.message(queue, "text")?;
    let (id, receipt) = (put.element("MessageId")?, put.element("PopReceipt")?);
    let receipt = encoded(&receipt);
    let path = format!("{queue}/messages/{id}?popreceipt={receipt}&visibilitytimeout=60");
    wire.put(&path, "")?.succeeded(204)
}

fn is_guid(text: &str) -> bool {
    let lengths: Vec<_> = text.split('-').map(str::len).collect();
    let is_digit = |c: char| c.is_ascii_digit() || matches!(c, 'a'..='f' | '-');
    lengths == [8, 4, 4, 4, 12] && text.chars().all(is_digit)
}
