//! What a server tells of relocating frames, which nobody can see from outside.

use std::fs;
use std::path::Path;

use crate::findings::Ends;

/// What queuerite's store tells at the level `debug` before and after each frame.
const BEGIN: &str = "relocating what pins the oldest frame";
const END: &str = "relocated what pinned the oldest frame";

/// Counts what the log of a server that has ended tells. Other servers tell nothing.
pub(crate) fn note(log: &Path, ends: &mut Ends) {
    let told = fs::read(log).unwrap_or_default();
    let told = String::from_utf8_lossy(&told);
    let (begun, ended) = (told.matches(BEGIN).count(), told.matches(END).count());
    ends.relocated += ended as u64;
    ends.after_relocation += u32::from(begun > 0);
    ends.amid_relocation += u32::from(begun > ended);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_after_a_beginning_without_its_end_is_amid_a_relocation() {
        let log = std::env::temp_dir().join(format!("relocations-{}", std::process::id()));
        let mut ends = Ends::default();
        for (lines, expected) in [
            (vec![], (0, 0, 0)),
            (vec![BEGIN, END], (1, 1, 0)),
            (vec![BEGIN, END, BEGIN], (2, 2, 1)),
        ] {
            fs::write(&log, lines.join(" frame=7\n")).unwrap();
            note(&log, &mut ends);
            let told = (ends.relocated, ends.after_relocation, ends.amid_relocation);
            assert_eq!(told, expected);
        }
        fs::remove_file(&log).unwrap();
    }
}
