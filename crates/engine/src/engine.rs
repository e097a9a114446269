//! The engine: decide, apply, sweep.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use queuerite_model::{
    AccountName, Command, CorsRule, Operation, Outcome, QueueName, ServiceProperties,
    StoredAccessPolicy, Timestamp,
};

use crate::account::Account;
use crate::messages::{Message, Messages};
use crate::operations;
use crate::queue::{DeletedQueue, Queue, Written};
use crate::{Change, EngineError, Entropy, QueueId, Released, TextRef};

/// All queues of all accounts, without the message texts.
#[derive(Debug, Default)]
pub struct Engine {
    pub(crate) options: EngineOptions,
    accounts: BTreeMap<AccountName, Account>,
    queues: HashMap<QueueId, Queue>,
    /// Deleted queues whose names are still taken.
    being_deleted: HashMap<QueueId, DeletedQueue>,
    /// Of every queue with a message that expires, when the first one does; of every deleted one
    /// whose name is taken, when it is free.
    deadlines: BTreeSet<(Timestamp, QueueId)>,
    next_queue: u32,
    next_sequence: u64,
}

/// How the engine departs from the cloud, or does not.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct EngineOptions {
    /// How long the name of a deleted queue stays taken, in seconds. The cloud takes at least
    /// 30; with 0 the queue can be created again at once.
    pub queue_deletion_seconds: u64,
}

/// What a command comes to: the answer, and the changes that make it true.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    /// The answer, with references in the place of message texts.
    pub outcome: Outcome<TextRef>,
    /// What to store and apply before the answer may leave; empty for a read.
    pub changes: Vec<Change>,
}

impl Decision {
    pub(crate) fn read(outcome: Outcome<TextRef>) -> Self {
        Self {
            outcome,
            changes: Vec::new(),
        }
    }

    pub(crate) fn change(outcome: Outcome<TextRef>, change: Change) -> Self {
        Self {
            outcome,
            changes: vec![change],
        }
    }
}

impl Engine {
    /// An engine that knows of no queue.
    pub fn new(options: EngineOptions) -> Self {
        Self {
            options,
            ..Self::default()
        }
    }

    /// What the command comes to at `now`. Nothing has moved yet; the caller stores the
    /// changes and passes each to [`apply`](Self::apply) before it decides again.
    pub fn decide(
        &self,
        now: Timestamp,
        entropy: &mut dyn Entropy,
        command: &Command,
    ) -> Result<Decision, EngineError> {
        use operations::{
            clear_messages, create_queue, delete_message, delete_queue, get_messages, list_queues,
            peek_messages, put_message, queue_acl, queue_metadata, service_properties,
            update_message,
        };
        let account = &command.account;
        match &command.operation {
            Operation::ListQueues(list) => Ok(list_queues::decide(self, account, list)),
            Operation::GetServiceProperties => Ok(service_properties::decide_get(self, account)),
            Operation::SetServiceProperties(update) => {
                Ok(service_properties::decide_set(self, account, update))
            }
            Operation::GetServiceStats => Ok(service_properties::decide_stats(now)),
            Operation::CreateQueue { queue, metadata } => {
                create_queue::decide(self, now, account, queue, metadata)
            }
            Operation::DeleteQueue { queue } => delete_queue::decide(self, now, account, queue),
            Operation::GetQueueMetadata { queue } => {
                queue_metadata::decide_get(self, now, account, queue)
            }
            Operation::SetQueueMetadata { queue, metadata } => {
                queue_metadata::decide_set(self, account, queue, metadata)
            }
            Operation::GetQueueAcl { queue } => queue_acl::decide_get(self, account, queue),
            Operation::SetQueueAcl { queue, policies } => {
                queue_acl::decide_set(self, account, queue, policies)
            }
            Operation::PutMessage {
                queue,
                text,
                visibility_timeout,
                time_to_live,
            } => {
                let put = put_message::Put {
                    text,
                    visibility_timeout: *visibility_timeout,
                    time_to_live: *time_to_live,
                };
                put_message::decide(self, now, entropy, account, queue, &put)
            }
            Operation::GetMessages {
                queue,
                count,
                visibility_timeout,
            } => get_messages::decide(
                self,
                now,
                entropy,
                account,
                queue,
                *count,
                *visibility_timeout,
            ),
            Operation::PeekMessages { queue, count } => {
                peek_messages::decide(self, now, account, queue, *count)
            }
            Operation::DeleteMessage {
                queue,
                message,
                pop_receipt,
            } => delete_message::decide(self, now, account, queue, *message, pop_receipt),
            Operation::ClearMessages { queue } => clear_messages::decide(self, account, queue),
            Operation::UpdateMessage {
                queue,
                message,
                pop_receipt,
                visibility_timeout,
                text,
            } => {
                let update = update_message::Update {
                    message: *message,
                    pop_receipt,
                    visibility_timeout: *visibility_timeout,
                    text: text.as_ref(),
                };
                update_message::decide(self, now, entropy, account, queue, &update)
            }
        }
    }

    /// Makes a change, whose record is at `place`. It cannot fail: a change to something
    /// unknown is superseded by a complete record that is yet to come, or concerns something
    /// long gone. Places that nothing needs any more are appended to `released`.
    pub fn apply(&mut self, change: &Change, place: TextRef, released: &mut Vec<Released>) {
        match change {
            Change::PropertiesWritten {
                account,
                properties,
            } => {
                let account = self.accounts.entry(account.clone()).or_default();
                let old = account.properties.replace((properties.clone(), place));
                released.extend(old.map(|(_, place)| Released(place)));
            }
            Change::QueueWritten {
                queue,
                account,
                name,
                metadata,
                policies,
            } => {
                let written = Written {
                    account: account.clone(),
                    name: name.clone(),
                    metadata: metadata.clone(),
                    policies: policies.clone(),
                    place,
                };
                self.next_queue = self.next_queue.max(queue.0.saturating_add(1));
                let owner = self.accounts.entry(account.clone()).or_default();
                owner.queues.insert(name.clone(), *queue);
                if let Some(former) = owner.being_deleted.get(name).copied() {
                    self.free_name(former, released);
                }
                let old = self
                    .queues
                    .entry(*queue)
                    .or_default()
                    .written
                    .replace(written);
                released.extend(old.map(|written| Released(written.place)));
            }
            Change::QueueDeleted {
                queue,
                name_free_at,
            } => {
                self.remove_queue(*queue, *name_free_at, released);
            }
            Change::MessageWritten { queue, message, .. } => {
                self.next_sequence = self.next_sequence.max(message.sequence.saturating_add(1));
                self.next_queue = self.next_queue.max(queue.0.saturating_add(1));
                self.queues.entry(*queue).or_default();
                let message = Message {
                    state: *message,
                    place,
                };
                self.edit_messages(*queue, |messages| messages.write(message, released));
            }
            Change::MessagesDelivered {
                queue,
                messages: delivered,
                time_next_visible,
                nonce,
            } => {
                self.edit_messages(*queue, |messages| {
                    for (id, count) in delivered {
                        messages.reschedule(*id, *time_next_visible, *nonce, Some(*count));
                    }
                });
            }
            Change::MessageRescheduled {
                queue,
                id,
                time_next_visible,
                nonce,
            } => {
                self.edit_messages(*queue, |messages| {
                    messages.reschedule(*id, *time_next_visible, *nonce, None);
                });
            }
            Change::MessageDeleted { queue, id } => {
                self.edit_messages(*queue, |messages| messages.remove(*id, released));
            }
            Change::MessagesCleared { queue } => {
                self.edit_messages(*queue, |messages| {
                    released.extend(messages.places().map(Released));
                    *messages = Messages::default();
                });
            }
        }
    }

    /// Forgets what has expired at `now`, and names that are free. This only tidies: expired
    /// messages were not to be seen before, nor was such a name refused.
    pub fn sweep(&mut self, now: Timestamp, released: &mut Vec<Released>) {
        while let Some((time, queue)) = self.deadlines.first().copied() {
            if time > now {
                break;
            }
            self.free_name(queue, released);
            self.edit_messages(queue, |messages| messages.sweep(now, released));
        }
    }

    /// When [`sweep`](Self::sweep) has work next, if ever.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(time, _)| *time)
    }

    /// If the complete record at `place` is still needed: what is to be stored elsewhere, all of
    /// it together, so that this one is not needed any more. That is the same record in its
    /// subject's present state; and if its subject is a deleted queue whose name is still taken,
    /// the record of its end as well.
    pub fn relocate(&self, record: &Change, place: TextRef) -> Vec<Change> {
        if let Change::QueueWritten { queue, .. } = record
            && let Some(deleted) = self.being_deleted.get(queue)
        {
            return if deleted.written.place == place {
                deleted.to_changes(*queue).into()
            } else {
                Vec::new()
            };
        }
        self.present_state(record, place).into_iter().collect()
    }

    /// The newest complete record of something alive, as it would be written now.
    fn present_state(&self, record: &Change, place: TextRef) -> Option<Change> {
        match record {
            Change::PropertiesWritten { account, .. } => {
                let (properties, at) = self.accounts.get(account)?.properties.as_ref()?;
                (*at == place).then(|| Change::PropertiesWritten {
                    account: account.clone(),
                    properties: properties.clone(),
                })
            }
            Change::QueueWritten { queue, .. } => {
                let written = self.queues.get(queue)?.written.as_ref()?;
                (written.place == place).then(|| written.to_change(*queue))
            }
            Change::MessageWritten {
                queue,
                message,
                text,
            } => {
                let current = self.queues.get(queue)?.messages.get(message.id)?;
                (current.place == place).then(|| Change::MessageWritten {
                    queue: *queue,
                    message: current.state,
                    text: text.clone(),
                })
            }
            _ => None,
        }
    }

    /// How many queues have messages but no complete record. After a whole store was replayed
    /// there must be none: one would mean that a record is missing.
    pub fn queues_without_record(&self) -> usize {
        self.queues
            .values()
            .filter(|queue| queue.written.is_none())
            .count()
    }

    /// The stored access policies of the queue that a command is about, for whoever checks a
    /// signature against them; `None` if there is no such queue.
    pub fn policies(&self, command: &Command) -> Option<&[StoredAccessPolicy]> {
        let (_, _, written) = self
            .find(&command.account, command.operation.queue()?)
            .ok()?;
        Some(&written.policies)
    }

    /// The CORS rules of every account that has any.
    pub fn cors_rules(&self) -> impl Iterator<Item = (&AccountName, &[CorsRule])> {
        self.accounts.iter().filter_map(|(name, account)| {
            let (properties, _) = account.properties.as_ref()?;
            Some((name, properties.cors.as_slice())).filter(|(_, rules)| !rules.is_empty())
        })
    }

    /// How many messages all queues hold, expired ones included until they are swept.
    pub fn messages_held(&self) -> usize {
        self.queues.values().map(|queue| queue.messages.len()).sum()
    }

    /// Until when a deleted queue keeps this name, if there is one.
    pub(crate) fn name_free_at(
        &self,
        account: &AccountName,
        name: &QueueName,
    ) -> Option<Timestamp> {
        let deleted = self.account(account)?.being_deleted.get(name)?;
        Some(self.being_deleted.get(deleted)?.name_free_at)
    }

    pub(crate) fn account(&self, name: &AccountName) -> Option<&Account> {
        self.accounts.get(name)
    }

    pub(crate) fn properties(&self, account: &AccountName) -> ServiceProperties {
        let set = self
            .account(account)
            .and_then(|account| account.properties.as_ref());
        set.map(|(properties, _)| (**properties).clone())
            .unwrap_or_default()
    }

    /// The queue of this name, with its messages and its record.
    pub(crate) fn find(
        &self,
        account: &AccountName,
        name: &QueueName,
    ) -> Result<(QueueId, &Messages, &Written), EngineError> {
        let found = || {
            let id = *self.account(account)?.queues.get(name)?;
            let queue = self.queues.get(&id)?;
            Some((id, &queue.messages, queue.written.as_ref()?))
        };
        found().ok_or(EngineError::QueueNotFound)
    }

    pub(crate) fn written(&self, queue: QueueId) -> Option<&Written> {
        self.queues.get(&queue)?.written.as_ref()
    }

    pub(crate) const fn next_queue(&self) -> QueueId {
        QueueId(self.next_queue)
    }

    pub(crate) const fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// Runs `edit` on a queue's messages, if it exists, and keeps its deadline up to date.
    fn edit_messages(&mut self, queue: QueueId, edit: impl FnOnce(&mut Messages)) {
        let Some(messages) = self.queues.get_mut(&queue).map(|queue| &mut queue.messages) else {
            return;
        };
        let before = messages.next_expiration();
        edit(messages);
        let after = messages.next_expiration();
        if before != after {
            before.map(|time| self.deadlines.remove(&(time, queue)));
            after.map(|time| self.deadlines.insert((time, queue)));
        }
    }

    fn remove_queue(&mut self, id: QueueId, name_free_at: Timestamp, released: &mut Vec<Released>) {
        let Some(queue) = self.queues.remove(&id) else {
            return;
        };
        released.extend(queue.messages.places().map(Released));
        if let Some(time) = queue.messages.next_expiration() {
            self.deadlines.remove(&(time, id));
        }
        let Some(written) = queue.written else { return };
        self.free_name(id, released);
        if let Some(account) = self.accounts.get_mut(&written.account) {
            account.queues.remove(&written.name);
            if self.options.queue_deletion_seconds > 0 {
                account.being_deleted.insert(written.name.clone(), id);
                self.deadlines.insert((name_free_at, id));
                let deleted = DeletedQueue {
                    written,
                    name_free_at,
                };
                self.being_deleted.insert(id, deleted);
                return;
            }
        }
        released.push(Released(written.place));
    }

    /// Gives back the name that a deleted queue has kept, if it has one.
    fn free_name(&mut self, id: QueueId, released: &mut Vec<Released>) {
        let Some(deleted) = self.being_deleted.remove(&id) else {
            return;
        };
        self.deadlines.remove(&(deleted.name_free_at, id));
        let Written {
            account,
            name,
            place,
            ..
        } = deleted.written;
        if let Some(account) = self.accounts.get_mut(&account) {
            account.being_deleted.remove(&name);
        }
        released.push(Released(place));
    }
}
