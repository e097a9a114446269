//! `store check`: reading every frame and saying what cannot be read.

use std::path::PathBuf;

use queuerite_store::{Access, Salvage, SalvageReport};

use super::progress::Bar;
use super::{Maintenance, MaintenanceError, Verdict, bytes, count};
use crate::ambient;
use crate::console::complain;

/// Reads a copy of the store.
pub(super) fn run(
    maintenance: &Maintenance,
    scratch: Option<PathBuf>,
) -> Result<Verdict, MaintenanceError> {
    let location = maintenance.lock()?;
    let mut bar = Bar::new();
    let now = ambient::wall_clock();
    let access = Access::Copy(scratch);
    let salvage = Salvage::open(&location, &access, now, &mut |done| bar.tell(done))?;
    bar.clear();
    let report = salvage.report();
    describe(report);
    if report.is_whole() {
        complain("the store is whole");
    } else {
        complain(&format!(
            "the store is damaged; `queuerite store export --location {}` can still write {} and \
             {}",
            maintenance.location.display(),
            count(report.queues, "queue"),
            count(report.messages, "message"),
        ));
    }
    Ok(Verdict::of(report))
}

/// Everything that was found, and everything that was not.
pub(super) fn describe(report: &SalvageReport) {
    if let Some(reason) = &report.sled_failure {
        complain(&format!("the database cannot be opened: {reason}"));
        complain("its file was searched for frames byte by byte instead");
    }
    for damage in &report.damages {
        let frame = damage.frame.map(|number| format!("frame {number}"));
        let offset = damage.offset.map(|offset| format!(", offset {offset}"));
        let place = frame.unwrap_or_else(|| "database".to_owned());
        let offset = offset.unwrap_or_default();
        complain(&format!("damaged: {place}{offset}: {}", damage.reason));
    }
    for range in &report.missing {
        let (first, last) = (range.start(), range.end());
        complain(&if first == last {
            format!("missing: frame {first}")
        } else {
            format!("missing: frames {first} to {last}")
        });
    }
    let numbers = report
        .numbers
        .map(|(oldest, newest)| format!(", numbers {oldest} to {newest}"));
    complain(&format!(
        "read {} ({}{}) with {} in a file of {}",
        count(report.frames, "frame"),
        bytes(report.frame_bytes),
        numbers.unwrap_or_default(),
        count(report.records, "record"),
        bytes(report.file_bytes),
    ));
    if report.found_frames > 0 {
        complain(&format!(
            "{} of them only outside of the database",
            report.found_frames
        ));
    }
    if let Some(acknowledged) = report.acknowledged {
        complain(&format!("acknowledged up to frame {acknowledged}"));
    }
    let expired = match report.expired_messages {
        0 => String::new(),
        expired => format!("; {expired} more have expired"),
    };
    complain(&format!(
        "alive: {} with {}{expired}",
        count(report.queues, "queue"),
        count(report.messages, "message"),
    ));
}
