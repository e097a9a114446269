//! `store compact`, and what it shares with `store import --merge`: writing a store anew.

use queuerite_engine::Change;
use queuerite_store::{Access, Location, Rebuild, Salvage};

use super::progress::Bar;
use super::{Maintenance, MaintenanceError, Verdict, bytes, count};
use crate::ambient;
use crate::console::complain;

/// Writes everything alive to a new store, which takes the place of the old one.
pub(super) fn compact(maintenance: &Maintenance) -> Result<Verdict, MaintenanceError> {
    let location = maintenance.lock()?;
    let mut bar = Bar::new();
    let old = open(&location, &mut bar)?;
    let now = ambient::wall_clock().max(old.report().last_commit.unwrap_or_default());
    let mut new = Rebuild::begin(&location, now)?;
    copy(&old, &mut new, &mut bar)?;
    drop(old);
    let rebuilt = new.finish(&mut |done| bar.tell(done))?;
    bar.clear();
    complain(&format!(
        "compacted {} and {}: {} before, {} now",
        count(rebuilt.queues, "queue"),
        count(rebuilt.messages, "message"),
        bytes(rebuilt.bytes_before),
        bytes(rebuilt.bytes_after),
    ));
    Ok(Verdict::Whole)
}

/// Opens a store that must be whole, in its place.
pub(super) fn open<'a>(
    location: &'a Location,
    bar: &mut Bar,
) -> Result<Salvage<'a>, MaintenanceError> {
    let now = ambient::wall_clock();
    Ok(Salvage::open(
        location,
        &Access::InPlace,
        now,
        &mut |done| bar.tell(done),
    )?)
}

/// Writes everything alive in the one store to the other.
pub(super) fn copy(
    old: &Salvage<'_>,
    new: &mut Rebuild<'_>,
    bar: &mut Bar,
) -> Result<(), MaintenanceError> {
    for (account, properties) in old.properties() {
        new.write(&Change::PropertiesWritten {
            account: account.clone(),
            properties: Box::new(properties.clone()),
        })?;
    }
    for queue in old.queues() {
        if let Some((account, name)) = queue.name.clone() {
            new.write(&Change::QueueWritten {
                queue: queue.id,
                account,
                name,
                metadata: queue.metadata.clone(),
                policies: queue.policies.clone(),
            })?;
        }
    }
    let total = old.report().messages;
    let mut done = 0;
    old.for_each_message(|message| {
        done += 1;
        bar.show("writing", done, total);
        new.write(&Change::MessageWritten {
            queue: message.queue.id,
            message: message.state,
            text: message.text,
        })
    })?;
    Ok(())
}
