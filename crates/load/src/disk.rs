//! What the disk itself takes to keep something.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::{Duration, Instant};

const SYNCS: usize = 500;
const BLOCK_BYTES: usize = 4096;

/// The median of 500 times that 4 KiB are written over a file that has its room, and synchronized:
/// `fdatasync`, with nothing to do for the file system but to pass it on.
pub(crate) fn sync_time(folder: &Path) -> io::Result<Duration> {
    let path = folder.join("fdatasync");
    let file = File::create(&path)?;
    let mut block = [1; BLOCK_BYTES];
    file.write_all_at(&block, 0)?;
    file.sync_all()?;
    let mut times = Vec::with_capacity(SYNCS);
    for number in 0..SYNCS {
        block.fill(u8::try_from(number % 256).unwrap_or_default());
        let start = Instant::now();
        file.write_all_at(&block, 0)?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    fs::remove_file(path)?;
    times.sort_unstable();
    Ok(times.get(SYNCS / 2).copied().unwrap_or_default())
}
