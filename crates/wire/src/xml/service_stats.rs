//! The `StorageServiceStats` of Get Queue Service Stats. REST page "Get Queue Service Stats".

use bytes::Bytes;
use queuerite_model::{GeoReplicationStatus, ServiceStats};

use super::writer::Writer;
use crate::Rfc1123;

/// Writes the state of the replication.
pub(crate) fn write(stats: ServiceStats) -> Bytes {
    let status = match stats.status {
        GeoReplicationStatus::Live => "live",
    };
    Writer::document(|writer| {
        writer.element("StorageServiceStats", |writer| {
            writer.element("GeoReplication", |writer| {
                writer.leaf("Status", status);
                writer.leaf("LastSyncTime", Rfc1123(stats.last_sync_time));
            });
        });
    })
}

#[cfg(test)]
mod tests {
    use queuerite_model::Timestamp;

    use super::*;

    #[test]
    fn the_stats_are_written_as_documented() {
        let stats = ServiceStats {
            status: GeoReplicationStatus::Live,
            last_sync_time: Timestamp::from_unix(1_791_201_487, 0),
        };
        assert_eq!(
            str::from_utf8(&write(stats)).unwrap(),
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><StorageServiceStats><GeoReplication>\
            <Status>live</Status><LastSyncTime>Mon, 05 Oct 2026 11:58:07 GMT</LastSyncTime>\
            </GeoReplication></StorageServiceStats>"
        );
    }
}
