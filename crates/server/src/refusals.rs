//! Commands that the store refuses while it is well: each reason is logged once, not once for
//! every command that meets it.

use queuerite_model::Operation;
use queuerite_store::StoreError;

use crate::service::ServiceError;

/// What was said of refusals so far.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    has_no_space: bool,
    /// The error of the text that could not be read last.
    unreadable: Option<String>,
}

impl Refusals {
    /// What the sender of the refused command is told.
    pub(crate) fn refuse(&mut self, error: &StoreError) -> ServiceError {
        match error {
            StoreError::Full { limit } => ServiceError::Full { limit: *limit },
            StoreError::NoSpace { .. } => {
                if !std::mem::replace(&mut self.has_no_space, true) {
                    tracing::warn!(
                        %error,
                        "the disk is nearly full: nothing can be added until there is space; \
                         messages can still be received and deleted"
                    );
                }
                ServiceError::NoSpace
            }
            _ => {
                let error = error.to_string();
                if self.unreadable.as_ref() != Some(&error) {
                    tracing::error!(%error, "a text cannot be read: whoever asks for it is refused");
                    self.unreadable = Some(error);
                }
                ServiceError::Unreadable
            }
        }
    }

    /// A command was carried out.
    pub(crate) fn pass(&mut self, operation: &Operation) {
        if self.has_no_space && matches!(operation, Operation::PutMessage { .. }) {
            tracing::info!("there is space on the disk again");
            self.has_no_space = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use queuerite_model::{MessageText, QueueName, TimeToLive, VisibilityTimeout};

    use super::*;

    fn no_space() -> StoreError {
        StoreError::NoSpace {
            path: PathBuf::new(),
            available: 1,
            reserve: 2,
        }
    }

    #[test]
    fn a_full_disk_is_told_of_until_something_could_be_put_again() {
        let mut refusals = Refusals::default();
        assert_eq!(refusals.refuse(&no_space()), ServiceError::NoSpace);
        let queue = QueueName::parse("orders").unwrap();
        refusals.pass(&Operation::ClearMessages {
            queue: queue.clone(),
        });
        assert!(refusals.has_no_space);
        refusals.pass(&Operation::PutMessage {
            queue,
            text: MessageText::new("text".into()),
            visibility_timeout: VisibilityTimeout::ZERO,
            time_to_live: TimeToLive::Never,
        });
        assert!(!refusals.has_no_space);
    }

    #[test]
    fn a_text_that_cannot_be_read_is_told_of_once() {
        let error = |reason: &str| StoreError::Corrupt {
            path: PathBuf::new(),
            reason: reason.into(),
        };
        let mut refusals = Refusals::default();
        assert_eq!(refusals.refuse(&error("one")), ServiceError::Unreadable);
        let told = refusals.unreadable.clone();
        assert!(told.is_some());
        refusals.refuse(&error("one"));
        assert_eq!(refusals.unreadable, told);
        refusals.refuse(&error("two"));
        assert_ne!(refusals.unreadable, told);
    }
}
