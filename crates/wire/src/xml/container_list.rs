//! The `EnumerationResults` of List Containers, without any. REST page "List Containers".

use bytes::Bytes;

use super::writer::Writer;
use crate::Query;

/// Writes the page; what the query named is repeated.
pub(crate) fn write_empty(query: &Query, endpoint: &str) -> Bytes {
    Writer::document(|writer| {
        writer.element_with(
            "EnumerationResults",
            ("ServiceEndpoint", endpoint),
            |writer| {
                for (element, name) in [
                    ("Prefix", "prefix"),
                    ("Marker", "marker"),
                    ("MaxResults", "maxresults"),
                ] {
                    if let Some(value) = query.get(name).filter(|value| !value.is_empty()) {
                        writer.leaf(element, value);
                    }
                }
                writer.element("Containers", |_| {});
                writer.element("NextMarker", |_| {});
            },
        );
    })
}
