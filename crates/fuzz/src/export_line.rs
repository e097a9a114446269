//! The lines of an export.

use queuerite_server::fuzzing;

/// A line that is read and written again is then read as the same.
pub fn export_line(data: &[u8]) {
    let Ok(line) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(written) = fuzzing::rewritten_line(line) {
        let again = fuzzing::rewritten_line(&written);
        assert_eq!(again.as_deref(), Some(written.as_str()), "{line}");
    }
}
