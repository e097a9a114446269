//! Requests that are not as they should be, or only just are.

use queuerite_testkit::encoded;

use crate::answer::Answer;
use crate::outcome::{Outcome, equal, hold};
use crate::wire::{Wire, message};

/// A receipt that is missing.
pub(super) fn s320(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let id = wire.message(&queue, "text")?.element("MessageId")?;
    let path = format!("{queue}/messages/{id}");
    let deleted = wire.delete(&path)?;
    let updated = wire.put(&format!("{path}?visibilitytimeout=0"), message("other"))?;
    for answer in [deleted, updated] {
        let answer = answer.refused("MissingRequiredQueryParameter")?;
        answer.has_elements(&["Error", "Code", "Message", "QueryParameterName"])?;
        answer.has_element("QueryParameterName", "popreceipt")?;
    }
    Ok(())
}

/// An update without a visibility timeout.
pub(super) fn s321(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let put = wire.message(&queue, "text")?;
    let receipt = encoded(&put.element("PopReceipt")?);
    let path = format!("{queue}/messages/{}", put.element("MessageId")?);
    let answer = wire.put(&format!("{path}?popreceipt={receipt}"), message("other"))?;
    let answer = answer.refused("MissingRequiredQueryParameter")?;
    answer.has_elements(&["Error", "Code", "Message", "QueryParameterName"])?;
    answer.has_element("QueryParameterName", "visibilitytimeout")
}

/// The details of a value out of range.
pub(super) fn s322(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    for (name, value, most) in [
        ("numofmessages", "0", "32"),
        ("numofmessages", "33", "32"),
        ("visibilitytimeout", "0", "604800"),
        ("visibilitytimeout", "604801", "604800"),
    ] {
        let answer = wire.get(&format!("{queue}/messages?{name}={value}"))?;
        let answer = answer.refused("OutOfRangeQueryParameterValue")?;
        answer.has_elements(&[
            "Error",
            "Code",
            "Message",
            "QueryParameterName",
            "QueryParameterValue",
            "MinimumAllowed",
            "MaximumAllowed",
        ])?;
        answer.has_element("QueryParameterName", name)?;
        answer.has_element("QueryParameterValue", value)?;
        answer.has_element("MinimumAllowed", "1")?;
        answer.has_element("MaximumAllowed", most)?;
    }
    Ok(())
}

/// A number that is none.
pub(super) fn s323(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let messages = format!("{queue}/messages");
    for (method, name, value) in [
        ("GET", "numofmessages", "abc"),
        ("GET", "visibilitytimeout", "1.5"),
        ("POST", "messagettl", "x"),
        ("GET", "timeout", "x"),
    ] {
        let body = if method == "POST" {
            message("text")
        } else {
            String::new()
        };
        let request = wire.request(method, &format!("{messages}?{name}={value}"));
        let answer = wire.call(request.body(body))?;
        let answer = answer.refused("InvalidQueryParameterValue")?;
        is_invalid(&answer, name, value)?;
    }
    wire.get(&messages)?.has_document("<QueueMessagesList />")
}

/// A body that is no XML.
pub(super) fn s324(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let messages = format!("{queue}/messages");
    for body in [
        "",
        "<QueueMessage><MessageText>text</MessageText>",
        "<Other><MessageText>text</MessageText></Other>",
        "text",
    ] {
        let answer = wire.post(&messages, body)?.refused("InvalidXmlDocument")?;
        answer.has_elements(XML_DETAILS)?;
        for name in ["LineNumber", "LinePosition"] {
            let number = answer.element(name)?;
            hold(number.parse::<u32>().is_ok(), || {
                format!("{name} is {number:?}")
            })?;
        }
    }
    wire.get(&messages)?.has_document("<QueueMessagesList />")
}

/// A control character is found where it is.
pub(super) fn s325(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let messages = format!("{queue}/messages");
    let declaration = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n";
    for (start, line, position) in [("", "1", "31"), (declaration, "2", "31")] {
        let body = format!("{start}{}", message("abc\u{1}def"));
        let answer = wire.post(&messages, body)?.refused("InvalidXmlDocument")?;
        answer.has_elements(XML_DETAILS)?;
        answer.has_element("LineNumber", line)?;
        answer.has_element("LinePosition", position)?;
        answer.has_element("Reason", "Error parsing Xml content")?;
    }
    Ok(())
}

const XML_DETAILS: &[&str] = &[
    "Error",
    "Code",
    "Message",
    "LineNumber",
    "LinePosition",
    "Reason",
];

/// A malformed receipt says why.
pub(super) fn s326(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let id = wire.message(&queue, "text")?.element("MessageId")?;
    for receipt in ["not a receipt", "a+b/c%41"] {
        let path = format!("{queue}/messages/{id}?popreceipt={}", encoded(receipt));
        let deleted = wire.delete(&path)?;
        let updated = wire.put(&format!("{path}&visibilitytimeout=0"), "")?;
        for answer in [deleted, updated] {
            let answer = answer.refused("InvalidQueryParameterValue")?;
            is_invalid(&answer, "popreceipt", receipt)?;
            answer.has_element("Reason", "Invalid pop receipt format")?;
        }
    }
    Ok(())
}

/// A put without a length.
pub(super) fn s327(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let messages = format!("{queue}/messages");
    let request = crate::wire::versioned(wire.request("POST", &messages));
    let mut request = request.dated_and_framed();
    request.headers.retain(|(name, _)| name != "Content-Length");
    let (account, key) = (wire.settings.account.clone(), wire.settings.key.clone());
    let signature = queuerite_testkit::sign(&key, &request.string_to_sign(&account));
    let request = request.header("Authorization", format!("SharedKey {account}:{signature}"));
    wire.send(&request)?.refused("MissingContentLengthHeader")?;
    Ok(())
}

/// A check sum that does not match.
pub(super) fn s328(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let messages = format!("{queue}/messages");
    let put = |wire: &mut Wire, sum: &str| {
        let request = wire.request("POST", &messages).header("Content-MD5", sum);
        wire.call(request.body(message("text")))
    };
    put(wire, SUM)?.succeeded(201)?;
    put(wire, "AAAAAAAAAAAAAAAAAAAAAA==")?.refused("Md5Mismatch")?;
    put(wire, "nonsense")?.refused("InvalidMd5")?;
    let count = wire
        .get(&format!("{queue}?comp=metadata"))?
        .succeeded(200)?;
    count.has_header("x-ms-approximate-messages-count", "1")
}

/// The MD5 of the body that puts `text`.
const SUM: &str = "pIe4eHRsmKOiPNo60TXHVQ==";

/// An unknown verb and a wrong one.
pub(super) fn s329(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    for (method, code) in [
        ("PATCH", "UnsupportedHttpVerb"),
        ("FOO", "InvalidHttpVerb"),
        ("POST", "UnsupportedHttpVerb"),
    ] {
        wire.call(wire.request(method, &queue))?.refused(code)?;
    }
    Ok(())
}

/// An unknown `comp`.
pub(super) fn s330(wire: &mut Wire) -> Outcome {
    let answer = wire
        .get("/?comp=nonsense")?
        .refused("InvalidQueryParameterValue")?;
    is_invalid(&answer, "comp", "nonsense")
}

/// Names of parameters in any case.
pub(super) fn s331(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let messages = format!("{queue}/messages");
    for _ in 0..2 {
        let put = wire.post(&format!("{messages}?messageTtl=60"), message("text"))?;
        let put = put.succeeded(201)?;
        let life = put.time("ExpirationTime")? - put.time("InsertionTime")?;
        equal("the time to live", life.num_seconds(), 60)?;
    }
    let got = wire.get(&format!("{messages}?numOfMessages=2&VisibilityTimeout=50"))?;
    let got = got.succeeded(200)?;
    let ids = got
        .elements()?
        .iter()
        .filter(|name| *name == "MessageId")
        .count();
    equal("the number of messages", ids, 2)?;
    let hidden = got.time("TimeNextVisible")? - crate::answer::http_time(got.header("date")?)?;
    let seconds = hidden.num_seconds();
    hold((48..=51).contains(&seconds), || {
        format!("hidden for {seconds} s, not for 50")
    })?;

    let path = format!("{messages}/{}", got.element("MessageId")?);
    let receipt = encoded(&got.element("PopReceipt")?);
    let updated = wire.put(
        &format!("{path}?PopReceipt={receipt}&visibilityTimeout=0"),
        "",
    )?;
    let updated = updated.succeeded(204)?;
    let peeked = wire
        .get(&format!("{messages}?PeekOnly=TRUE"))?
        .succeeded(200)?;
    peeked.has_element("DequeueCount", "1")?;
    hold(!peeked.elements()?.contains(&"PopReceipt".into()), || {
        "a get, no peek".into()
    })?;
    let receipt = encoded(updated.header("x-ms-popreceipt")?);
    wire.delete(&format!("{path}?popReceipt={receipt}"))?
        .succeeded(204)?;
    Ok(())
}

/// A text is too long, by the letter.
pub(super) fn s332(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let messages = format!("{queue}/messages");
    for letter in ["a", "&amp;"] {
        let put = wire.post(&messages, message(&letter.repeat(65_536)))?;
        put.succeeded(201)?;
        let got = wire.get(&messages)?.succeeded(200)?;
        equal(
            "the length of the text",
            got.element("MessageText")?.len(),
            65_536,
        )?;
        let over = wire.post(&messages, message(&letter.repeat(65_537)))?;
        let over = over.refused("RequestBodyTooLarge")?;
        over.has_elements(&["Error", "Code", "Message", "MaxLimit"])?;
        over.has_element("MaxLimit", "65536")?;
    }
    wire.get(&messages)?.has_document("<QueueMessagesList />")
}

/// A byte-order mark before a body.
pub(super) fn s333(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let messages = format!("{queue}/messages");
    let declaration = "<?xml version=\"1.0\" encoding=\"utf-8\"?>";
    for start in ["\u{feff}", &format!("\u{feff}{declaration}")] {
        let body = format!("{start}{}", message("text"));
        wire.post(&messages, body)?.succeeded(201)?;
        let got = wire.get(&messages)?.succeeded(200)?;
        got.has_element("MessageText", "text")?;
    }
    Ok(())
}

/// A carriage return.
pub(super) fn s334(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let messages = format!("{queue}/messages");
    for (sent, kept) in [("a\rb", "a\nb"), ("a\r\nb", "a\nb"), ("a&#xD;b", "a\rb")] {
        wire.post(&messages, message(sent))?.succeeded(201)?;
        let got = wire.get(&messages)?.succeeded(200)?;
        // As such it would not come through a reader of XML.
        hold(!got.body()?.contains('\r'), || {
            "a carriage return as such".into()
        })?;
        got.has_element("MessageText", kept)?;
    }
    Ok(())
}

/// A name of metadata that is no header name.
pub(super) fn s335(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    for name in ["x-ms-meta-a b", "x-ms-meta-\u{e4}"] {
        let request = wire.request("PUT", &format!("{queue}?comp=metadata"));
        let answer = wire.call(request.header(name, "1"))?;
        answer.has_status(400)?;
        // It is HTTP that refuses, before there is a service.
        let mut headers = answer.response.headers.iter();
        let own = headers.find(|(name, _)| name.to_lowercase().starts_with("x-ms-"));
        hold(own.is_none(), || format!("{name:?}: {own:?}"))?;
        hold(wire.is_closed(), || {
            format!("{name:?}: the connection stays open")
        })?;
    }
    Ok(())
}

/// An empty name of metadata.
pub(super) fn s336(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let request = wire.request("PUT", &format!("{queue}?comp=metadata"));
    let answer = wire
        .call(request.header("x-ms-meta-", "1"))?
        .refused("EmptyMetadataKey")?;
    answer.has_elements(&["Error", "Code", "Message", "MetadataValue"])?;
    answer.has_element("MetadataValue", "1")
}

/// A repeated metadata header is joined.
pub(super) fn s337(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let metadata = format!("{queue}?comp=metadata");
    let mut request = wire.request("PUT", &metadata);
    for color in ["blue", "Orange", "Red"] {
        request = request.header("x-ms-meta-colors", color);
    }
    wire.call(request)?.succeeded(204)?;
    let answer = wire.get(&metadata)?.succeeded(200)?;
    let headers = answer.response.headers.iter();
    let values = headers.filter(|(name, _)| name.eq_ignore_ascii_case("x-ms-meta-colors"));
    let values: Vec<_> = values.map(|(_, value)| value.as_str()).collect();
    equal("the values", values, ["blue,Orange,Red"])
}

/// A text with bad chunks, or a body that ends too soon.
pub(super) fn s338(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    let messages = format!("{queue}/messages");
    let body = message("text");
    // The same in good chunks, lest it be the chunks that are refused.
    let chunks = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let chunked = |wire: &Wire, chunks: &str| {
        let request = wire
            .request("POST", &messages)
            .header("Transfer-Encoding", "chunked");
        wire.signed(request.body(chunks))
    };
    let good = chunked(wire, &chunks);
    wire.send(&good)?.succeeded(201)?;
    wire.delete(&messages)?.succeeded(204)?;

    let bad = chunked(wire, &format!("zz\r\n{body}\r\n0\r\n\r\n"));
    let cut = chunked(wire, &format!("{:x}\r\n{body}\r\n", body.len()));
    let length = (body.len() + 10).to_string();
    let short = wire
        .request("POST", &messages)
        .header("Content-Length", length);
    let short = wire.signed(short.body(body));
    for request in [bad, cut, short] {
        if let Some(answer) = wire.send_and_finish(&request)? {
            answer.has_status(400)?;
        }
        hold(wire.is_closed(), || "the connection stays open".into())?;
        wire.get(&messages)?.has_document("<QueueMessagesList />")?;
    }
    Ok(())
}

/// Fails unless the details say which parameter has which value, and have a reason.
fn is_invalid(answer: &Answer, name: &str, value: &str) -> Outcome {
    answer.has_elements(&[
        "Error",
        "Code",
        "Message",
        "QueryParameterName",
        "QueryParameterValue",
        "Reason",
    ])?;
    answer.has_element("QueryParameterName", name)?;
    answer.has_element("QueryParameterValue", value)
}
