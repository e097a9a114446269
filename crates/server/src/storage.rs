//! Opening what the configuration says: an engine that remembers, and the store behind it.

use std::path::Path;

use queuerite_engine::EngineOptions;
use queuerite_model::Timestamp;
use queuerite_model::limits::QUEUE_DELETION_SECONDS;
use queuerite_store::{DurableEngine, MemoryStore, SledOptions, SledStore, Store, StoreError};

use crate::config::{Config, Storage, memory};

/// Where a location's data lives; everything else there is somebody else's.
pub(crate) const DIRECTORY: &str = "__queuerite__";

/// An engine with its store, as they were left.
pub(crate) struct Opened {
    pub(crate) engine: DurableEngine<Box<dyn Store>>,
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
    match &config.storage {
        Storage::Memory { limit_bytes, .. } => {
            let open = |_: &mut dyn FnMut(_, _)| Ok(boxed(MemoryStore::new(Some(*limit_bytes))));
            let engine = DurableEngine::recover(options, Path::new(""), open)?;
            Ok(Opened {
                engine,
                last_commit: None,
            })
        }
        Storage::Disk {
            location,
            durability,
        } => {
            tell_of_azurite(location);
            let directory = location.join(DIRECTORY);
            let sled_options = SledOptions {
                durability: *durability,
                held_bytes_max: memory::held_bytes(SledOptions::HELD_BYTES_MAX_DEFAULT),
                cache_bytes: memory::cache_bytes(SledOptions::CACHE_BYTES_DEFAULT),
                ..SledOptions::default()
            };
            let mut last_commit = None;
            let engine = DurableEngine::recover(options, &directory, |replay| {
                let store = SledStore::open(&directory, sled_options, replay)?;
                last_commit = store.last_commit();
                Ok(boxed(store))
            })?;
            tracing::debug!(
                messages = engine.engine().messages_held(),
                "the store is open"
            );
            Ok(Opened {
                engine,
                last_commit,
            })
        }
    }
}

fn boxed(store: impl Store + 'static) -> Box<dyn Store> {
    Box::new(store)
}

/// Azurite keeps its queues beside ours. They are not read, and not touched.
fn tell_of_azurite(location: &Path) {
    if has_azurite(location) {
        tracing::info!(
            location = %location.display(),
            "found queues of Azurite here: they are left alone, and their messages are not served"
        );
    }
}

/// Whether there are queues of Azurite.
pub(crate) fn has_azurite(location: &Path) -> bool {
    location.join("__azurite_db_queue__.json").exists()
}
