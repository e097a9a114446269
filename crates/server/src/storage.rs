//! Opening what the configuration says: an engine that remembers, and the store behind it.

use std::path::Path;

use queuerite_engine::{Engine, EngineOptions};
use queuerite_model::Timestamp;
use queuerite_model::limits::QUEUE_DELETION_SECONDS;
use queuerite_store::{MemoryStore, SledOptions, SledStore, Store, StoreError};

use crate::config::{Config, Storage};

/// Where a location's data lives; everything else there is somebody else's.
pub(crate) const DIRECTORY: &str = "__queuerite__";

/// An engine and its store, as they were left.
pub(crate) struct Opened {
    pub(crate) engine: Engine,
    pub(crate) store: Box<dyn Store>,
    /// The time of the last commit; time goes on from there.
    pub(crate) last_commit: Option<Timestamp>,
}

/// Opens the storage and replays it.
pub(crate) fn open(config: &Config) -> Result<Opened, StoreError> {
    let options = EngineOptions {
        queue_deletion_seconds: if config.strict {
            QUEUE_DELETION_SECONDS
        } else {
            0
        },
    };
    let mut engine = Engine::new(options);
    match &config.storage {
        Storage::Memory { limit_bytes, .. } => {
            let store = Box::new(MemoryStore::new(Some(*limit_bytes)));
            Ok(Opened {
                engine,
                store,
                last_commit: None,
            })
        }
        Storage::Disk {
            location,
            durability,
        } => {
            tell_of_azurite(location);
            let directory = location.join(DIRECTORY);
            let mut released = Vec::new();
            let options = SledOptions {
                durability: *durability,
                ..SledOptions::default()
            };
            let mut store = SledStore::open(&directory, options, &mut |change, place| {
                engine.apply(&change, place, &mut released);
            })?;
            let nameless = engine.queues_without_record();
            if nameless > 0 {
                let reason = format!("{nameless} queues have messages but no record of their own");
                return Err(StoreError::Corrupt {
                    path: directory,
                    reason,
                });
            }
            for released in released {
                store.release(released);
            }
            let last_commit = store.last_commit();
            tracing::debug!(messages = engine.messages_held(), "the store is open");
            Ok(Opened {
                engine,
                store: Box::new(store),
                last_commit,
            })
        }
    }
}

/// Azurite keeps its queues beside ours. They are not read, and not touched.
fn tell_of_azurite(location: &Path) {
    if location.join("__azurite_db_queue__.json").exists() {
        tracing::info!(
            location = %location.display(),
            "found queues of Azurite here: they are left alone, and their messages are not served"
        );
    }
}
