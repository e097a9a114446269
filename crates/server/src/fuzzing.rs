//! What reads exports and connections, for the fuzz targets: only with the feature `fuzzing`, and
//! no part of the interface.

use crate::heads::Heads;
pub use crate::maintain::rewritten_line;

/// For each head of a stream that comes in these pieces: its names of metadata with capitals, and
/// whether it can be read in two ways.
pub fn heads<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<(Vec<Box<str>>, bool)> {
    let mut heads = Heads::default();
    let mut all = Vec::new();
    for piece in pieces {
        heads.read(piece, &mut |seen| all.push((seen.names, seen.is_ambiguous)));
    }
    all
}
