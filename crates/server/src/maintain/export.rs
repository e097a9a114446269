//! `store export`: everything alive, as JSON lines.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use queuerite_engine::QueueId;
use queuerite_model::{AccountName, QueueName};
use queuerite_store::{Access, LiveQueue, Salvage};
use queuerite_wire::iso8601_seven;
use serde::Serialize;

use super::check::describe;
use super::lines::{
    EndLine, FORMAT, Header, Line, MessageLine, PropertiesLine, QueueLine, VERSION,
};
use super::progress::Bar;
use super::{Maintenance, MaintenanceError, Verdict, count, failed, name};
use crate::ambient;
use crate::console::complain;

/// Writes what is alive in the accounts, or in all of them if none is named.
pub(super) fn run(
    maintenance: &Maintenance,
    output: Option<&Path>,
    accounts: &[AccountName],
    scratch: Option<PathBuf>,
) -> Result<Verdict, MaintenanceError> {
    let location = maintenance.lock()?;
    let mut bar = Bar::new();
    let now = ambient::wall_clock();
    let access = Access::Copy(scratch);
    let salvage = Salvage::open(&location, &access, now, &mut |done| bar.tell(done))?;
    bar.clear();
    let report = salvage.report();
    let names = names(&salvage);
    if !report.is_whole() {
        describe(report);
        warn(&salvage, &names);
    }
    let is_asked_for = |account: &AccountName| accounts.is_empty() || accounts.contains(account);

    let mut output = Output::new(output)?;
    output.line(&Header {
        format: FORMAT.into(),
        version: VERSION,
        exported_at: iso8601_seven(now),
        last_commit: report.last_commit.map(iso8601_seven),
        whole: report.is_whole(),
    })?;
    let mut written = EndLine::default();
    for (account, properties) in salvage
        .properties()
        .filter(|(owner, _)| is_asked_for(owner))
    {
        output.line(&Line::Properties(PropertiesLine::new(account, properties)))?;
        written.properties += 1;
    }
    for queue in salvage.queues() {
        let Some((account, name)) = names
            .get(&queue.id)
            .filter(|(owner, _)| is_asked_for(owner))
        else {
            continue;
        };
        let line = QueueLine::new(account, name, &queue.metadata, &queue.policies);
        output.line(&Line::Queue(line))?;
        written.queues += 1;
    }
    salvage.for_each_message(|message| {
        if let Some((account, name)) = names.get(&message.queue.id)
            && is_asked_for(account)
        {
            let line = MessageLine::new(account, name, &message.state, &message.text);
            output.line(&Line::Message(line))?;
            written.messages += 1;
            bar.show("writing", written.messages, report.messages);
        }
        Ok::<_, MaintenanceError>(())
    })?;
    output.line(&Line::End(written))?;
    bar.clear();
    let to = output.finish()?;
    complain(&format!(
        "exported {} and {} to {to}",
        count(written.queues, "queue"),
        count(written.messages, "message"),
    ));
    Ok(Verdict::of(report))
}

/// The name of every queue. One whose own record is lost gets a name that says so, in the only
/// account there is; where there are several, it is given to none of them.
fn names(salvage: &Salvage<'_>) -> HashMap<QueueId, (AccountName, QueueName)> {
    let known = || salvage.queues().filter_map(|queue| queue.name.as_ref());
    let mut owners: Vec<_> = known().map(|(account, _)| account).collect();
    owners.sort_unstable();
    owners.dedup();
    let owner = match owners.as_slice() {
        [] => AccountName::parse(ACCOUNT_DEFAULT).ok(),
        [only] => Some((*only).clone()),
        _ => AccountName::parse(ACCOUNT_OF_THE_UNNAMED).ok(),
    };
    let made_up = |queue: &LiveQueue| {
        let owner = owner.clone()?;
        let mut name = QueueName::parse(&format!("recovered-queue-{}", queue.id.0)).ok()?;
        while known().any(|(_, taken)| *taken == name) {
            name = QueueName::parse(&format!("{name}-x")).ok()?;
        }
        Some((owner, name))
    };
    salvage
        .queues()
        .filter_map(|queue| Some((queue.id, queue.name.clone().or_else(|| made_up(queue))?)))
        .collect()
}

const ACCOUNT_DEFAULT: &str = "devstoreaccount1";
const ACCOUNT_OF_THE_UNNAMED: &str = "recovered";

/// What a person has to know before using the export of a damaged store.
fn warn(salvage: &Salvage<'_>, names: &HashMap<QueueId, (AccountName, QueueName)>) {
    complain(
        "WARNING: the store is damaged. What could not be read is not exported. Messages that were \
         deleted may be exported, and changes made last may be missing.",
    );
    for queue in salvage.queues().filter(|queue| queue.name.is_none()) {
        if let Some((account, name)) = names.get(&queue.id) {
            complain(&format!(
                "WARNING: {} of a queue whose name is lost: exported as queue {name} of account \
                 {account}",
                count(queue.messages, "message"),
            ));
        }
    }
}

/// Stdout, or a file that gets its name when it is complete.
struct Output {
    writer: BufWriter<Box<dyn Write>>,
    name: String,
    file: Option<Unfinished>,
}

/// A file that is being written, under another name. It is removed if it stays unfinished.
struct Unfinished {
    file: File,
    path: PathBuf,
    final_path: PathBuf,
}

impl Output {
    fn new(path: Option<&Path>) -> Result<Self, MaintenanceError> {
        let name = name(path, "stdout");
        let create = || {
            let Some(path) = path else {
                return Ok((Box::new(io::stdout()) as Box<dyn Write>, None));
            };
            let file = Unfinished::create(path)?;
            Ok((Box::new(file.file.try_clone()?) as _, Some(file)))
        };
        let (writer, file) = create().map_err(failed("write", &name))?;
        Ok(Self {
            writer: BufWriter::new(writer),
            name,
            file,
        })
    }

    fn line(&mut self, line: &impl Serialize) -> Result<(), MaintenanceError> {
        serde_json::to_writer(&mut self.writer, line)
            .map_err(io::Error::from)
            .and_then(|()| self.writer.write_all(b"\n"))
            .map_err(failed("write", &self.name))
    }

    /// Writes what is buffered, and gives a file its name. Returns what it is called.
    fn finish(mut self) -> Result<String, MaintenanceError> {
        let flushed = self.writer.flush();
        let done = flushed.and_then(|()| self.file.as_ref().map_or(Ok(()), Unfinished::finish));
        done.map_err(failed("write", &self.name))?;
        Ok(self.name)
    }
}

impl Unfinished {
    fn create(final_path: &Path) -> io::Result<Self> {
        let mut name = final_path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.unfinished", std::process::id()));
        let path = final_path.with_file_name(name);
        Ok(Self {
            file: File::create(&path)?,
            path,
            final_path: final_path.into(),
        })
    }

    fn finish(&self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, &self.final_path)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Once it has its name there is nothing to remove.
        let _ = fs::remove_file(&self.path);
    }
}
