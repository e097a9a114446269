//! Comparing all that a restarted server remembers with the ledger.

use std::io;
use std::net::SocketAddr;

use queuerite_testkit::{Request, Response};

use crate::findings::Kind;
use crate::service::{self, Service};
use crate::time::{Span, now};
use crate::worker::{LONG, Operation, UnderWay, Worker, is_timeout};

/// Of how many receipts one is tried; the other messages are left alone, so that their times
/// can be seen to last.
const MESSAGES_PER_TRIED_RECEIPT: usize = 3;

/// The status of a server that is too busy, or that waits for its disk.
const BUSY: u16 = 503;

impl Worker {
    /// Compares everything, and settles what was under way.
    pub(crate) fn check(&mut self, address: SocketAddr) {
        let mut check = Check {
            service: Service::new(address),
            under_way: self.under_way.take(),
        };
        if let Err(error) = check.all(self) {
            let kind = match error.kind() {
                _ if is_timeout(&error) => Kind::NotAnswered,
                io::ErrorKind::ResourceBusy => Kind::Refused,
                _ => Kind::NotStarted,
            };
            self.find(kind, 1, format!("while comparing: {error}"));
            // What was not compared by now is not known any more.
            for place in 0..self.queues.len() {
                self.abandon(place);
            }
        }
    }

    /// Gets and deletes whatever can be gotten, with all that has to fit.
    pub(crate) fn drain(&mut self, address: SocketAddr) {
        let mut check = Check {
            service: Service::new(address),
            under_way: None,
        };
        for place in 0..self.queues.len() {
            if self.queues[place].exists
                && let Err(error) = check.drain(self, place)
            {
                self.find(Kind::NotAnswered, 1, format!("while draining: {error}"));
            }
        }
    }
}

struct Check {
    service: Service,
    under_way: Option<UnderWay>,
}

impl Check {
    fn all(&mut self, worker: &mut Worker) -> io::Result<()> {
        // A server whose device hangs refuses what it may do later; but it does things in order,
        // so by the time of this answer it has done it.
        if let Some(under_way) = self.under_way.as_mut().filter(|it| it.was_refused) {
            let (_, span) = self.service.send(service::list_queues(&worker.prefix()))?;
            under_way.span.answered = span.answered;
        }
        self.queues(worker)?;
        for place in 0..worker.queues.len() {
            if worker.queues[place].exists {
                let under_way = self.under_way_on(place);
                worker.settling = under_way.map(|(operation, _)| format!("{operation:?}"));
                let result = self.queue(worker, place);
                worker.settling = None;
                result?;
            }
        }
        Ok(())
    }

    /// Sends a request. Of a server that is too busy there is nothing to be compared.
    fn send(&mut self, request: Request) -> io::Result<(Response, Span)> {
        let (response, span) = self.service.send(request)?;
        if response.status == BUSY {
            return Err(io::ErrorKind::ResourceBusy.into());
        }
        Ok((response, span))
    }

    /// The operation that was under way, if it was on this queue.
    fn under_way_on(&self, place: usize) -> Option<(Operation, Span)> {
        let under_way = self.under_way.as_ref();
        let here = under_way.filter(|under_way| under_way.queue == place);
        here.map(|under_way| (under_way.operation.clone(), under_way.span))
    }

    fn queues(&mut self, worker: &mut Worker) -> io::Result<()> {
        let prefix = worker.prefix();
        let (response, _) = self.send(service::list_queues(&prefix))?;
        let mut names = service::queue_names(&response);
        for place in 0..worker.queues.len() {
            let queue = &mut worker.queues[place];
            let exists = names.contains(&queue.name);
            names.retain(|name| *name != queue.name);
            let under_way = self.under_way_on(place);
            match (queue.exists, exists, under_way) {
                (true, true, _) | (false, false, _) => {}
                (true, false, Some((Operation::DeleteQueue, _))) => queue.clear(),
                (false, true, Some((Operation::CreateQueue { note }, _))) => {
                    queue.exists = true;
                    queue.note = note;
                }
                (true, false, _) => {
                    let (name, count) = (queue.name.clone(), queue.messages.len());
                    worker.find(Kind::QueueLost, 1, &name);
                    if count > 0 {
                        let what = format!("{count} messages of {name}");
                        worker.find(Kind::MessageLost, count, what);
                    }
                    worker.abandon(place);
                }
                (false, true, _) => {
                    let name = queue.name.clone();
                    worker.find(Kind::QueueRisen, 1, &name);
                    worker.abandon(place);
                    names.push(name);
                }
            }
        }
        for name in names {
            self.send(service::delete_queue(&name))?;
            if !worker.abandoned.contains(&name) {
                worker.find(Kind::QueueRisen, 1, &name);
                worker.abandoned.push(name);
            }
        }
        Ok(())
    }

    fn queue(&mut self, worker: &mut Worker, place: usize) -> io::Result<()> {
        let before = worker.findings.len();
        let name = worker.queues[place].name.clone();
        self.properties(worker, place)?;
        self.settle(worker, place)?;
        self.try_receipts(worker, place)?;
        self.count(worker, place)?;
        if worker.findings.len() == before {
            let (response, span) = self.send(service::peek(&name))?;
            if is_fine(worker, &response, "Peek") {
                worker.compare(place, &response, service::PEEK_MAX, false, span);
                drop_unseen(worker, place, &response, span);
            }
        }
        if worker.findings.len() > before {
            // Found once, that is enough.
            self.send(service::delete_queue(&name))?;
            if worker.queues[place].name == name {
                worker.abandon(place);
            }
        }
        Ok(())
    }

    fn properties(&mut self, worker: &mut Worker, place: usize) -> io::Result<()> {
        let under_way = self.under_way_on(place);
        let name = worker.queues[place].name.clone();
        let (response, _) = self.send(service::get_metadata(&name))?;
        let found = service::note(&response);
        let queue = &mut worker.queues[place];
        match &under_way {
            Some((Operation::SetMetadata { note }, _)) if found == Some(*note) => {
                queue.note = *note;
            }
            _ if found == Some(queue.note) => {}
            _ => {
                let what = format!("{name}: metadata {found:?} instead of {}", queue.note);
                worker.find(Kind::PropertiesLost, 1, what);
            }
        }
        let (response, _) = self.send(service::get_policies(&name))?;
        let found = service::policies(&response);
        let queue = &mut worker.queues[place];
        match under_way {
            Some((Operation::SetPolicies(policies), _)) if found == policies => {
                queue.policies = policies;
            }
            _ if found == queue.policies => {}
            _ => {
                let what = format!("{name}: {found:?} instead of {:?}", queue.policies);
                worker.find(Kind::PropertiesLost, 1, what);
            }
        }
        Ok(())
    }

    /// Finds out which of its two states an operation under way has left.
    fn settle(&mut self, worker: &mut Worker, place: usize) -> io::Result<()> {
        let Some((operation, span)) = self.under_way_on(place) else {
            return Ok(());
        };
        match operation {
            Operation::Put {
                text,
                hidden,
                time_to_live,
            } => {
                let put = crate::ledger::Message::put_under_way(text, hidden, time_to_live, span);
                worker.queues[place].messages.push(put);
            }
            Operation::Clear => {
                let name = worker.queues[place].name.clone();
                let (response, _) = self.send(service::get_metadata(&name))?;
                if service::count(&response) == Some(0) {
                    worker.queues[place].clear_messages();
                }
            }
            Operation::Get { most, seconds } => {
                self.settle_get(worker, place, most, seconds, span)?;
            }
            Operation::Update {
                id, seconds, text, ..
            } => {
                if !self.is_receipt_good(worker, place, &id)?
                    && let Some(message) = worker.queues[place].message(&id)
                {
                    message.updated(None, seconds, span);
                    message.text = text.unwrap_or_else(|| message.text.clone());
                }
            }
            Operation::Delete { id, .. } if !self.is_receipt_good(worker, place, &id)? => {
                worker.queues[place].remove(&id);
            }
            _ => {}
        }
        Ok(())
    }

    /// Messages that a get under way has handed out do not yield to their receipts any more.
    /// It has handed out as many as it could, or none.
    fn settle_get(
        &mut self,
        worker: &mut Worker,
        place: usize,
        most: usize,
        seconds: u32,
        span: Span,
    ) -> io::Result<()> {
        let (mut surely, mut possibly, mut gotten, mut is_clear) = (0, 0, 0, true);
        let messages = worker.queues[place].messages.clone();
        for message in &messages {
            if message.visible.may_be_reached(span) {
                possibly += 1;
                surely += usize::from(message.must_be_seen(span));
            }
            is_clear &= message.tells_of_get(span);
            let Some(id) = message.id.as_ref().filter(|_| message.receipt.is_some()) else {
                let queue = &mut worker.queues[place];
                let same = |other: &&mut crate::ledger::Message| other.text == message.text;
                if message.visible.may_be_reached(span)
                    && let Some(message) = queue.messages.iter_mut().find(same)
                {
                    message.maybe_gotten(seconds, span);
                }
                continue;
            };
            if self.is_receipt_good(worker, place, id)? {
                continue;
            }
            if !message.visible.may_be_reached(span) {
                let what = format!(
                    "{}: {:.40} after {most}",
                    worker.queues[place].name, message.text
                );
                worker.find(Kind::ReceiptLost, 1, what);
            }
            gotten += 1;
            if let Some(message) = worker.queues[place].message(id) {
                message.updated(None, seconds, span);
                message.count = (message.count.0 + 1, message.count.1 + 1);
            }
        }
        let is_whole = gotten == 0 || (most.min(surely)..=most.min(possibly)).contains(&gotten);
        if is_clear && !is_whole {
            let name = &worker.queues[place].name;
            let what = format!("{name}: a get of {most} has taken {gotten} of {surely}");
            worker.find(Kind::Torn, 1, what);
        }
        Ok(())
    }

    fn try_receipts(&mut self, worker: &mut Worker, place: usize) -> io::Result<()> {
        let queue = &worker.queues[place];
        if queue.is_anchor {
            return Ok(());
        }
        let held: Vec<_> = queue
            .messages
            .iter()
            .filter(|message| message.receipt.is_some())
            .filter_map(|message| Some((message.id.clone()?, message.text.clone())))
            .collect();
        let name = queue.name.clone();
        for (id, text) in held {
            if worker.below(MESSAGES_PER_TRIED_RECEIPT) == 0
                && !self.is_receipt_good(worker, place, &id)?
            {
                worker.find(
                    Kind::ReceiptLost,
                    1,
                    format!("{name}: {id} with text {text:.40}"),
                );
            }
        }
        Ok(())
    }

    /// Tries the newest receipt of a message by an update. One that has expired needs none.
    fn is_receipt_good(&mut self, worker: &mut Worker, place: usize, id: &str) -> io::Result<bool> {
        let seconds = [0, 0, 1, LONG][worker.below(4)];
        let queue = &mut worker.queues[place];
        let name = queue.name.clone();
        let Some(message) = queue.message(id) else {
            return Ok(true);
        };
        let Some(receipt) = message.receipt.clone() else {
            return Ok(true);
        };
        let span = Span {
            sent: now(),
            answered: now(),
        };
        // It cannot be hidden beyond its end.
        let seconds = if message.is_short_lived(span) {
            0
        } else {
            seconds
        };
        let text = message.text.clone();
        let update = service::update(&name, id, &receipt, seconds, Some(&text));
        let (response, span) = self.send(update)?;
        if response.status < 300 {
            let receipt = response.header("x-ms-popreceipt").map(Into::into);
            message.updated(receipt, seconds, span);
            return Ok(true);
        }
        if message.may_be_expired(span) {
            let expired = queue.remove(id);
            queue.expired.extend(expired);
            return Ok(true);
        }
        Ok(false)
    }

    /// Hidden messages show in the count only.
    fn count(&mut self, worker: &mut Worker, place: usize) -> io::Result<()> {
        let name = worker.queues[place].name.clone();
        let (response, span) = self.send(service::get_metadata(&name))?;
        let queue = &mut worker.queues[place];
        queue.forget_expired(span);
        let certain = queue.messages.iter().filter(|message| message.is_certain);
        let least = certain
            .filter(|message| !message.may_be_expired(span))
            .count();
        // Nothing says when an expired message stops being counted.
        let most = queue.messages.len() + queue.expired.len();
        let count = service::count(&response).unwrap_or(usize::MAX);
        let what = format!("{name}: {count} messages instead of {least} to {most}");
        if count < least {
            worker.find(Kind::MessageLost, least - count, what);
        } else if count > most {
            worker.find(Kind::MessageRisen, 1, what);
        } else if !queue.expired.is_empty() {
            // Nothing is certain from the count.
        } else if least < most && count == most {
            for message in &mut queue.messages {
                message.is_certain = true;
            }
        } else if count == least {
            queue
                .messages
                .retain(|message| message.is_certain || message.may_be_expired(span));
        }
        Ok(())
    }

    fn drain(&mut self, worker: &mut Worker, place: usize) -> io::Result<()> {
        let name = worker.queues[place].name.clone();
        loop {
            let get = service::get(&name, service::PEEK_MAX, LONG);
            let (response, span) = self.send(get)?;
            if !is_fine(worker, &response, "Get") {
                return Ok(());
            }
            let messages = service::messages(&response);
            worker.compare(place, &response, service::PEEK_MAX, true, span);
            for message in &messages {
                let delete = service::delete(&name, &message.id, &message.receipt);
                let (response, span) = self.send(delete)?;
                let queue = &mut worker.queues[place];
                match queue.remove(&message.id) {
                    Some(message) if message.may_be_expired(span) => queue.expired.push(message),
                    _ => {
                        is_fine(worker, &response, "Delete");
                    }
                }
            }
            if messages.is_empty() {
                break;
            }
        }
        if worker.queues[place].name == name {
            self.count(worker, place)?;
        }
        Ok(())
    }
}

/// A put that was under way and should show by now has not been done.
fn drop_unseen(worker: &mut Worker, place: usize, response: &Response, span: Span) {
    if service::messages(response).len() < service::PEEK_MAX {
        let queue = &mut worker.queues[place];
        queue
            .messages
            .retain(|message| message.is_certain || !message.visible.is_reached(span));
    }
}

fn is_fine(worker: &mut Worker, response: &Response, what: &str) -> bool {
    let is_fine = response.status < 300;
    if !is_fine {
        let code = response.header("x-ms-error-code").unwrap_or_default();
        worker.find(
            Kind::Refused,
            1,
            format!("{what}: {} {code}", response.status),
        );
    }
    is_fine
}
