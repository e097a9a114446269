//! The matrix in the forms in which it is read.

use std::fs;
use std::path::Path;

use crate::matrix::Matrix;

mod html;
mod junit;
mod markdown;

/// Writes `matrix.json`, `matrix.md`, `matrix.html` and `junit.xml` into a folder.
pub(crate) fn write(matrix: &Matrix, folder: &Path) -> Result<(), String> {
    let json = serde_json::to_string_pretty(matrix).map_err(|error| error.to_string())?;
    let forms = [
        ("matrix.json", json + "\n"),
        ("matrix.md", markdown::page(matrix)),
        ("matrix.html", html::page(matrix)),
        ("junit.xml", junit::report(matrix)?),
    ];
    for (name, text) in forms {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
