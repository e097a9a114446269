//! What reads exports, for the fuzz targets: only with the feature `fuzzing`, and no part of the
//! interface.

pub use crate::maintain::rewritten_line;
