//! The `EnumerationResults` of List Queues. REST page "List Queues".

use bytes::Bytes;
use queuerite_model::{AccountName, ListQueues, Metadata, QueuePage};

use super::writer::Writer;
use crate::ServiceVersion;

/// Writes a page of queues. `request` is repeated as far as it named something; `endpoint` is
/// the URL of the service, which ends in a slash.
pub(crate) fn write(
    page: &QueuePage,
    request: &ListQueues,
    account: &AccountName,
    endpoint: &str,
    version: ServiceVersion,
) -> Bytes {
    let is_old = !version.lists_service_endpoint();
    let attribute = if is_old {
        "AccountName"
    } else {
        "ServiceEndpoint"
    };
    Writer::document(|writer| {
        writer.element_with("EnumerationResults", (attribute, endpoint), |writer| {
            if !request.prefix.is_empty() {
                writer.leaf("Prefix", &request.prefix);
            }
            if let Some(marker) = request.marker.as_deref().filter(|name| !name.is_empty()) {
                writer.leaf("Marker", format_args!("/{account}/{marker}"));
            }
            if let Some(max_results) = request.max_results {
                writer.leaf("MaxResults", max_results);
            }
            writer.element("Queues", |writer| {
                for queue in &page.queues {
                    writer.element("Queue", |writer| {
                        writer.leaf("Name", &queue.name);
                        if is_old {
                            writer.leaf("Url", format_args!("{endpoint}{}", queue.name));
                        }
                        if let Some(metadata) = &queue.metadata {
                            write_metadata(writer, metadata);
                        }
                    });
                }
            });
            writer.element("NextMarker", |writer| {
                if let Some(next) = &page.next {
                    writer.text(format_args!("/{account}/{next}"));
                }
            });
        });
    })
}

/// Names are C# identifiers and therefore names of elements, too.
fn write_metadata(writer: &mut Writer, metadata: &Metadata) {
    writer.element("Metadata", |writer| {
        for (name, value) in metadata.iter() {
            writer.leaf(name, value);
        }
    });
}

#[cfg(test)]
mod tests {
    use queuerite_model::{QueueListing, QueueName};

    use super::*;

    fn name(text: &str) -> QueueName {
        QueueName::parse(text).unwrap()
    }

    fn listing(text: &str, metadata: Option<&[(&str, &str)]>) -> QueueListing {
        let pairs = |pairs: &[(&str, &str)]| {
            let owned = pairs.iter().map(|(n, v)| ((*n).into(), (*v).into()));
            Metadata::new(owned.collect()).unwrap()
        };
        QueueListing {
            name: name(text),
            metadata: metadata.map(pairs),
        }
    }

    fn written(page: &QueuePage, request: &ListQueues, version: &str) -> String {
        let document = write(
            page,
            request,
            &AccountName::parse("contoso").unwrap(),
            "https://contoso.queue.core.windows.net/",
            ServiceVersion::parse(version).unwrap(),
        );
        String::from_utf8(document.to_vec()).unwrap()
    }

    #[test]
    fn a_page_repeats_what_was_asked_and_names_the_next() {
        let page = QueuePage {
            queues: vec![
                listing("orders-b", Some(&[("owner", "sales & <co>"), ("Tag", "")])),
                listing("orders-c", Some(&[])),
            ],
            next: Some(name("orders-d")),
        };
        let request = ListQueues {
            prefix: "ord".into(),
            marker: Some("orders-b".into()),
            max_results: Some(2),
            include_metadata: true,
        };
        assert_eq!(
            written(&page, &request, "2026-10-06"),
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\
            <EnumerationResults ServiceEndpoint=\"https://contoso.queue.core.windows.net/\">\
            <Prefix>ord</Prefix><Marker>/contoso/orders-b</Marker><MaxResults>2</MaxResults>\
            <Queues><Queue><Name>orders-b</Name><Metadata><owner>sales &amp; &lt;co&gt;</owner><Tag /></Metadata></Queue>\
            <Queue><Name>orders-c</Name><Metadata /></Queue></Queues>\
            <NextMarker>/contoso/orders-d</NextMarker></EnumerationResults>"
        );
    }

    #[test]
    fn what_was_not_asked_is_not_repeated() {
        let request = ListQueues {
            marker: Some(String::new()),
            ..ListQueues::default()
        };
        assert_eq!(
            written(&QueuePage::default(), &request, "2013-08-15"),
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\
            <EnumerationResults ServiceEndpoint=\"https://contoso.queue.core.windows.net/\">\
            <Queues /><NextMarker /></EnumerationResults>"
        );
    }

    #[test]
    fn before_2013_08_15_queues_had_urls() {
        let page = QueuePage {
            queues: vec![listing("orders-b", None), listing("orders-c", Some(&[]))],
            next: None,
        };
        assert_eq!(
            written(&page, &ListQueues::default(), "2012-02-12"),
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?>\
            <EnumerationResults AccountName=\"https://contoso.queue.core.windows.net/\">\
            <Queues><Queue><Name>orders-b</Name><Url>https://contoso.queue.core.windows.net/orders-b</Url></Queue>\
            <Queue><Name>orders-c</Name><Url>https://contoso.queue.core.windows.net/orders-c</Url><Metadata /></Queue></Queues>\
            <NextMarker /></EnumerationResults>"
        );
    }
}
