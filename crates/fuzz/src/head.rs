//! The head of a request, as far as its command.

use http::Uri;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use queuerite_model::Operation;
use queuerite_wire::{
    Addressing, Head, HeadOptions, Preflight, Resource, ResourcePath, Style, check_framing,
    parse_command, parse_key_info,
};

use crate::request::{LENIENT, NOON, Request, is_served};

/// A head that is read names an account that is served and a resource that can be printed and
/// read again, and which the path spells out; whoever asks strictly gets the same or nothing; and a command is one of the
/// resource that was named.
pub fn head(data: &[u8]) {
    let Some(request) = Request::read(data) else {
        return;
    };
    let strict = request.head(HeadOptions {
        strict: true,
        ..LENIENT
    });
    let any_version = request.head(HeadOptions {
        any_version: true,
        ..LENIENT
    });
    let in_path = request.head(HeadOptions {
        host_style: false,
        ..LENIENT
    });
    let lenient = request.head(LENIENT);
    if strict.is_ok() {
        assert_eq!(lenient, strict);
    }
    if lenient.is_ok() {
        assert_eq!(any_version, lenient);
    }
    if let Ok(head) = in_path {
        assert_eq!(head.resource.style, Style::Path);
        check(&request, &head);
    }
    match any_version {
        Ok(head) => check(&request, &head),
        Err(failure) => assert!(!failure.to_string().is_empty()),
    }
    let _ = check_framing(&request.method, &request.headers);
    let _ = Preflight::read(&request.headers);
}

fn check(request: &Request, head: &Head) {
    let resource = &head.resource;
    assert!(is_served(resource.account.as_str()));
    let host = head.host.as_deref().unwrap_or_default();
    let endpoint = resource.service_endpoint("http", host);
    assert!(endpoint.starts_with("http://") && endpoint.ends_with('/'));
    check_printed(head, host);

    if let Ok(info) = parse_key_info(head, &request.headers, &request.body, NOON) {
        assert!(info.start.unwrap_or(NOON) < info.expiry && NOON < info.expiry);
    }
    let command = parse_command(head, &request.headers, &request.spelled, &request.body);
    match command {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(command) => {
            assert_eq!(command.account, resource.account);
            let queue = resource
                .path
                .queue_name()
                .expect("a command has a good name");
            assert_eq!(queue_of(&command.operation), queue.as_ref());
        }
    }
}

/// Prints what was read as a URL of the same style, and reads that.
fn check_printed(head: &Head, host: &str) {
    let Resource {
        account,
        is_secondary,
        style,
        path,
    } = &head.resource;
    let escaped = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let below = match path {
        ResourcePath::Unknown => return,
        ResourcePath::Service => String::new(),
        ResourcePath::Queue { queue } => format!("/{}", escaped(queue)),
        ResourcePath::Messages { queue } => format!("/{}/messages", escaped(queue)),
        ResourcePath::Message { queue, message } => {
            format!("/{}/messages/{}", escaped(queue), escaped(message))
        }
    };
    let url = match (style, is_secondary) {
        (Style::Host, _) if below.is_empty() => "/".to_owned(),
        (Style::Host, _) => below,
        (Style::Path, false) => format!("/{account}{below}"),
        // The account may follow a secondary once more, and a queue may be called as it is.
        (Style::Path, true) => format!("/{account}-secondary/{account}{below}"),
    };
    let uri: Uri = url.parse().expect("what was printed parses");
    let addressing = Addressing {
        host_style: *style == Style::Host,
    };
    let again = Resource::locate(Some(host), uri.path(), &is_served, addressing);
    assert_eq!(again.as_ref(), Ok(&head.resource), "{url}");

    // And it names what was asked for.
    let asked = segments(&head.raw_path);
    let mut printed = segments(&url);
    if asked != printed && *is_secondary && *style == Style::Path {
        printed.remove(1);
    }
    assert_eq!(asked, printed);
}

/// The segments of a path, decoded. One slash at the end names nothing.
fn segments(path: &str) -> Vec<Vec<u8>> {
    let path = path.strip_prefix('/').unwrap_or(path);
    let path = path.strip_suffix('/').unwrap_or(path);
    let segments = path.split('/');
    segments
        .map(|segment| percent_decode_str(segment).collect())
        .collect()
}

fn queue_of(operation: &Operation) -> Option<&queuerite_model::QueueName> {
    match operation {
        Operation::ListQueues(_)
        | Operation::SetServiceProperties(_)
        | Operation::GetServiceProperties
        | Operation::GetServiceStats => None,
        Operation::CreateQueue { queue, .. }
        | Operation::DeleteQueue { queue }
        | Operation::GetQueueMetadata { queue }
        | Operation::SetQueueMetadata { queue, .. }
        | Operation::GetQueueAcl { queue }
        | Operation::SetQueueAcl { queue, .. }
        | Operation::PutMessage { queue, .. }
        | Operation::GetMessages { queue, .. }
        | Operation::PeekMessages { queue, .. }
        | Operation::DeleteMessage { queue, .. }
        | Operation::ClearMessages { queue }
        | Operation::UpdateMessage { queue, .. } => Some(queue),
    }
}
