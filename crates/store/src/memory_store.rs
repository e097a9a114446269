//! The same contract without a disk.

use std::collections::HashMap;

use queuerite_engine::{Change, Released, TextRef};
use queuerite_model::{MessageText, Timestamp};

use crate::{Store, StoreError};

/// A store that keeps message texts, and nothing else, for as long as they are needed.
///
/// The place of a text is a running number in [`TextRef::frame`], from 1 on; records without a
/// text are at place 0. Nothing is ever committed, so there is nothing to wait for.
#[derive(Debug, Default)]
pub struct MemoryStore {
    limit: Option<u64>,
    texts: HashMap<u64, MessageText>,
    bytes: u64,
    last: u64,
}

impl MemoryStore {
    /// An empty store that takes at most `limit` bytes of message text, if there is a limit.
    pub fn new(limit: Option<u64>) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// How many bytes of message text are held.
    pub const fn text_bytes(&self) -> u64 {
        self.bytes
    }
}

impl Store for MemoryStore {
    fn admit(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        match self.limit {
            Some(limit) if text_bytes(changes) > limit.saturating_sub(self.bytes) => {
                Err(StoreError::Full { limit })
            }
            _ => Ok(()),
        }
    }

    fn stage(&mut self, changes: &[Change], places: &mut Vec<TextRef>) -> Result<(), StoreError> {
        self.bytes += text_bytes(changes);
        places.extend(changes.iter().map(|change| match text(change) {
            Some(text) => {
                self.last += 1;
                self.texts.insert(self.last, text.clone());
                TextRef {
                    frame: self.last,
                    offset: 0,
                    length: u32::try_from(text.len()).unwrap_or(u32::MAX),
                }
            }
            None => TextRef::default(),
        }));
        Ok(())
    }

    fn commit(&mut self, _: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    fn read(&self, place: TextRef) -> Result<MessageText, StoreError> {
        let text = self.texts.get(&place.frame).cloned();
        text.ok_or_else(|| StoreError::Corrupt {
            path: "memory".into(),
            reason: format!("there is no text {}", place.frame),
        })
    }

    fn release(&mut self, released: Released) {
        if let Some(text) = self.texts.remove(&released.0.frame) {
            self.bytes -= length(&text);
        }
    }

    fn reclaim(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn relocatable(&self) -> Result<Vec<(Change, TextRef)>, StoreError> {
        Ok(Vec::new())
    }
}

fn text(change: &Change) -> Option<&MessageText> {
    match change {
        Change::MessageWritten { text, .. } => Some(text),
        _ => None,
    }
}

fn text_bytes(changes: &[Change]) -> u64 {
    changes.iter().filter_map(text).map(length).sum()
}

fn length(text: &MessageText) -> u64 {
    text.len() as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{deletion, message, one_of_each};

    fn stage(store: &mut MemoryStore, changes: &[Change]) -> Result<Vec<TextRef>, StoreError> {
        let mut places = Vec::new();
        store.admit(changes)?;
        store.stage(changes, &mut places).map(|()| places)
    }

    #[test]
    fn a_text_is_there_from_stage_to_release() {
        let mut store = MemoryStore::new(None);
        let places = stage(&mut store, &[message(1, "one"), message(2, "two")]).unwrap();
        assert_eq!(store.read(places[1]).unwrap().as_str(), "two");
        store.commit(Timestamp::NEVER).unwrap();
        assert_eq!(store.read(places[0]).unwrap().as_str(), "one");
        store.release(Released(places[0]));
        assert!(store.read(places[0]).is_err());
        assert_eq!(store.text_bytes(), 3);
    }

    #[test]
    fn every_change_has_a_place_and_those_without_a_text_hold_nothing() {
        let mut store = MemoryStore::new(None);
        let changes = one_of_each();
        let places = stage(&mut store, &changes).unwrap();
        assert_eq!(places.len(), changes.len());
        for place in places {
            store.release(Released(place));
        }
        assert_eq!(store.text_bytes(), 0);
        assert!(store.texts.is_empty());
    }

    #[test]
    fn an_operation_beyond_the_limit_is_refused_whole_and_the_next_one_may_fit() {
        let mut store = MemoryStore::new(Some(10));
        let first = stage(&mut store, &[message(1, "123456")]).unwrap();
        let too_much = [message(2, "1234"), message(3, "5")];
        assert!(matches!(
            stage(&mut store, &too_much),
            Err(StoreError::Full { limit: 10 })
        ));
        assert_eq!(store.text_bytes(), 6);
        assert_eq!(store.texts.len(), 1);
        stage(&mut store, &[message(2, "1234")]).unwrap();
        stage(&mut store, &[deletion(1)]).unwrap();
        store.release(Released(first[0]));
        stage(&mut store, &[message(3, "123456")]).unwrap();
        assert_eq!(store.text_bytes(), 10);
    }
}
