//! `store import`: a store out of the lines of an export.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use queuerite_engine::{Change, QueueId};
use queuerite_model::{AccountName, MessageId, QueueName, Timestamp};
use queuerite_store::{Location, Rebuild, Salvage};
use serde::de::DeserializeOwned;

use super::lines::{EndLine, FORMAT, Header, Line, VERSION, account, queue_name, time};
use super::progress::Bar;
use super::{Maintenance, MaintenanceError, Verdict, count, failed, name, rewrite};
use crate::ambient;
use crate::console::complain;

/// Makes a store of what is read, with what is there already if that is to be merged.
pub(super) fn run(
    maintenance: &Maintenance,
    input: Option<&Path>,
    accounts: &[AccountName],
    merge: bool,
) -> Result<Verdict, MaintenanceError> {
    let mut lines = Lines::open(input)?;
    let header = lines.header()?;
    let location = Location::new_or_existing(&maintenance.directory())?;
    let mut bar = Bar::new();
    let old = present(maintenance, &location, merge, &mut bar)?;
    let exported_from = header.last_commit.as_deref().map(time).transpose();
    let exported_from = exported_from.map_err(|reason| lines.wrong(reason))?;
    let stored_at = old.as_ref().and_then(|old| old.report().last_commit);
    let floor: Timestamp = exported_from.max(stored_at).unwrap_or_default();

    let mut new = Rebuild::begin(&location, ambient::wall_clock().max(floor))?;
    let mut import = Import::new(accounts);
    if let Some(old) = &old {
        rewrite::copy(old, &mut new, &mut bar)?;
        import.know(old);
    }
    let end = loop {
        let (line, bytes) = lines.next()?;
        bar.show("importing", bytes, lines.total);
        if let Line::End(end) = line {
            break end;
        }
        let changes = import.take(line).map_err(|reason| lines.wrong(reason))?;
        if let Some(change) = changes {
            new.write(&change)?;
        }
    };
    if end != import.read {
        let EndLine {
            properties,
            queues,
            messages,
        } = end;
        return Err(lines.wrong(format!(
            "there should be {properties} lines of properties, {queues} of queues and {messages} \
             of messages, and there are {}, {} and {}",
            import.read.properties, import.read.queues, import.read.messages
        )));
    }
    lines.require_end()?;
    if !import.conflicts.is_empty() {
        return Err(MaintenanceError::Refused(format!(
            "the store has queues of the same name: {}",
            import.conflicts.join(", ")
        )));
    }
    drop(old);
    new.finish(&mut |done| bar.tell(done))?;
    bar.clear();
    for account in &import.kept_properties {
        complain(&format!(
            "account {account} has service properties already; they were kept"
        ));
    }
    if !header.whole {
        complain("WARNING: this is the export of a damaged store, and may not be all of it");
    }
    complain(&format!(
        "imported {} and {} into {}",
        count(import.written.queues, "queue"),
        count(import.written.messages, "message"),
        maintenance.location.display(),
    ));
    Ok(Verdict::Whole)
}

/// The store that is there, if there is one with anything in it.
fn present<'a>(
    maintenance: &Maintenance,
    location: &'a Location,
    merge: bool,
    bar: &mut Bar,
) -> Result<Option<Salvage<'a>>, MaintenanceError> {
    if !location.holds_store()? {
        return Ok(None);
    }
    let old = rewrite::open(location, bar)?;
    let is_empty = old.queues().next().is_none() && old.properties().next().is_none();
    if merge || is_empty {
        return Ok(Some(old));
    }
    Err(MaintenanceError::Refused(format!(
        "{} holds {} already; --merge adds to them",
        maintenance.location.display(),
        count(old.report().queues, "queue"),
    )))
}

/// What the lines so far come to.
struct Import<'a> {
    accounts: &'a [AccountName],
    /// Queues of the store that is merged with.
    taken: HashSet<(AccountName, QueueName)>,
    /// Accounts whose service properties it has.
    with_properties: HashSet<AccountName>,
    /// Queues of the lines, with their new numbers.
    queues: HashMap<(AccountName, QueueName), QueueId>,
    next_queue: u32,
    messages: HashSet<(QueueId, MessageId)>,
    conflicts: Vec<String>,
    kept_properties: Vec<AccountName>,
    read: EndLine,
    written: EndLine,
}

impl<'a> Import<'a> {
    fn new(accounts: &'a [AccountName]) -> Self {
        Self {
            accounts,
            taken: HashSet::new(),
            with_properties: HashSet::new(),
            queues: HashMap::new(),
            next_queue: 0,
            messages: HashSet::new(),
            conflicts: Vec::new(),
            kept_properties: Vec::new(),
            read: EndLine::default(),
            written: EndLine::default(),
        }
    }

    /// Learns what there is already.
    fn know(&mut self, old: &Salvage<'_>) {
        for queue in old.queues() {
            self.next_queue = self.next_queue.max(queue.id.0.saturating_add(1));
            self.taken.extend(queue.name.clone());
        }
        let owners = old.properties().map(|(account, _)| account.clone());
        self.with_properties.extend(owners);
    }

    /// The record that the line asks for, if it is asked for.
    fn take(&mut self, line: Line) -> Result<Option<Change>, String> {
        match line {
            Line::Properties(line) => {
                self.read.properties += 1;
                let (account, properties) = line.read()?;
                if !self.is_asked_for(&account) {
                    return Ok(None);
                }
                if !self.with_properties.insert(account.clone()) {
                    self.kept_properties.push(account);
                    return Ok(None);
                }
                self.written.properties += 1;
                Ok(Some(Change::PropertiesWritten {
                    account,
                    properties: Box::new(properties),
                }))
            }
            Line::Queue(line) => {
                self.read.queues += 1;
                let key = (account(&line.account)?, queue_name(&line.name)?);
                let id = QueueId(self.next_queue);
                let change = line.read(id)?;
                if self.queues.contains_key(&key) {
                    return Err(format!("queue {} comes a second time", key.1));
                }
                if self.taken.contains(&key) {
                    self.conflicts
                        .push(format!("{} of account {}", key.1, key.0));
                }
                let is_asked_for = self.is_asked_for(&key.0);
                self.next_queue = self.next_queue.checked_add(1).ok_or("too many queues")?;
                self.queues.insert(key, id);
                self.written.queues += u64::from(is_asked_for);
                Ok(is_asked_for.then_some(change))
            }
            Line::Message(line) => {
                self.read.messages += 1;
                let key = (account(&line.account)?, queue_name(&line.queue)?);
                let queue = self.queues.get(&key).copied();
                let queue = queue.ok_or_else(|| format!("queue {} has no line yet", key.1))?;
                let (message, text) = line.read()?;
                if !self.messages.insert((queue, message.id)) {
                    return Err(format!("message {} comes a second time", message.id));
                }
                let is_asked_for = self.is_asked_for(&key.0);
                self.written.messages += u64::from(is_asked_for);
                Ok(is_asked_for.then_some(Change::MessageWritten {
                    queue,
                    message,
                    text,
                }))
            }
            Line::End(_) => Ok(None),
        }
    }

    fn is_asked_for(&self, account: &AccountName) -> bool {
        self.accounts.is_empty() || self.accounts.contains(account)
    }
}

/// The lines of a file or of stdin, counted.
struct Lines {
    reader: Box<dyn BufRead>,
    name: String,
    number: u64,
    bytes: u64,
    /// Zero for stdin.
    total: u64,
    line: String,
}

impl Lines {
    fn open(path: Option<&Path>) -> Result<Self, MaintenanceError> {
        let name = name(path, "stdin");
        let mut total = 0;
        let reader: Box<dyn BufRead> = match path {
            None => Box::new(BufReader::new(io::stdin())),
            Some(path) => {
                let file = File::open(path).map_err(failed("read", &name))?;
                total = file.metadata().map_or(0, |file| file.len());
                Box::new(BufReader::new(file))
            }
        };
        Ok(Self {
            reader,
            name,
            number: 0,
            bytes: 0,
            total,
            line: String::new(),
        })
    }

    fn header(&mut self) -> Result<Header, MaintenanceError> {
        let header: Header = self.read()?;
        if header.format != FORMAT {
            return Err(self.wrong(format!("this is a {:?}, not a {FORMAT:?}", header.format)));
        }
        if header.version > VERSION {
            let version = header.version;
            return Err(self.wrong(format!(
                "this is version {version} of the format, and this program reads up to {VERSION}"
            )));
        }
        Ok(header)
    }

    /// The next line, and how many bytes were read by now.
    fn next(&mut self) -> Result<(Line, u64), MaintenanceError> {
        self.read().map(|line| (line, self.bytes))
    }

    fn require_end(&mut self) -> Result<(), MaintenanceError> {
        if self.advance()? {
            return Err(self.wrong("something follows the last line"));
        }
        Ok(())
    }

    fn read<T: DeserializeOwned>(&mut self) -> Result<T, MaintenanceError> {
        if !self.advance()? {
            return Err(self.wrong("the file ends here, without its last line: it was cut off"));
        }
        // The number of the line is ours to tell.
        let parsed = serde_json::from_str(&self.line);
        parsed.map_err(|error| self.wrong(error.to_string().replace(" at line 1 column ", ", at ")))
    }

    /// Reads the next line that is not blank; says whether there was one.
    fn advance(&mut self) -> Result<bool, MaintenanceError> {
        loop {
            self.line.clear();
            let read = self.reader.read_line(&mut self.line);
            let read = read.map_err(failed("read", &self.name))?;
            self.number += 1;
            self.bytes += read as u64;
            if read == 0 || !self.line.trim().is_empty() {
                return Ok(read > 0);
            }
        }
    }

    fn wrong(&self, reason: impl Into<String>) -> MaintenanceError {
        MaintenanceError::Line {
            number: self.number,
            input: self.name.clone(),
            reason: reason.into(),
        }
    }
}
