//! For the tree: totals, a table for each group, and what failed.

use std::fmt::Write as _;

use crate::matrix::{Cell, Matrix};

pub(super) fn page(matrix: &Matrix) -> String {
    let mut page = String::new();
    // Writing to a string does not fail.
    let _ = write(matrix, &mut page);
    page
}

fn write(matrix: &Matrix, page: &mut String) -> std::fmt::Result {
    let subject = &matrix.subject;
    writeln!(page, "# {}, as SDKs see it\n", subject.name)?;
    writeln!(
        page,
        "{}; {}. Scenarios are in [scenarios.md].\n",
        subject.date, subject.setting
    )?;
    writeln!(
        page,
        "| | passed | failed | not applicable | not run | seconds |"
    )?;
    writeln!(page, "|---|---|---|---|---|---|")?;
    for (index, column) in matrix.columns.iter().enumerate() {
        let totals = matrix.totals(index);
        let (name, seconds) = (&column.name, column.seconds);
        writeln!(
            page,
            "| {name} | {} | {} | {} | {} | {seconds} |",
            totals.passed, totals.failed, totals.not_applicable, totals.not_run
        )?;
    }
    writeln!(
        page,
        "\n✓ passed, ✗ failed, – the SDK cannot express it, ○ not run, ! no test."
    )?;
    let mut group = "";
    for row in &matrix.rows {
        // The columns that have a part in a group, which are the same for all its rows.
        let has_part = |cell: &&Cell| **cell != Cell::Elsewhere;
        if row.group != group {
            group = &row.group;
            let names = matrix.columns.iter().zip(&row.cells);
            let names = names
                .filter(|(_, cell)| has_part(cell))
                .map(|(column, _)| &*column.name);
            let names: Vec<_> = names.collect();
            if names.is_empty() {
                continue;
            }
            writeln!(page, "\n## {group}\n\n| | | {} |", names.join(" | "))?;
            writeln!(page, "|---|---|{}", "---|".repeat(names.len()))?;
        }
        let marks: Vec<_> = row.cells.iter().filter(has_part).map(mark).collect();
        if !marks.is_empty() {
            writeln!(
                page,
                "| {} | {} | {} |",
                row.number,
                row.title,
                marks.join(" | ")
            )?;
        }
    }
    failures(matrix, page)?;
    writeln!(page, "\n[scenarios.md]: ../scenarios.md")
}

fn failures(matrix: &Matrix, page: &mut String) -> std::fmt::Result {
    if matrix.is_good() {
        return Ok(());
    }
    writeln!(page, "\n## What failed\n")?;
    for row in &matrix.rows {
        for (column, cell) in matrix.columns.iter().zip(&row.cells) {
            if cell.is_bad() {
                writeln!(
                    page,
                    "- {} {}: {}",
                    row.number,
                    column.name,
                    line(cell.reason())
                )?;
            }
        }
    }
    for column in &matrix.columns {
        for other in column.others.iter().filter(|other| other.cell.is_bad()) {
            let reason = line(other.cell.reason());
            writeln!(page, "- {} {}: {reason}", column.name, other.name)?;
        }
    }
    Ok(())
}

const fn mark(cell: &Cell) -> &'static str {
    match cell {
        Cell::Passed => "✓",
        Cell::Failed(_) => "✗",
        Cell::NotApplicable(_) => "–",
        Cell::NotRun(_) => "○",
        Cell::Missing => "!",
        Cell::Elsewhere => "",
    }
}

/// A reason on one line, not too long, that Markdown leaves alone.
fn line(reason: &str) -> String {
    let words: Vec<_> = reason.split_whitespace().collect();
    let words: String = words.join(" ").chars().take(LINE_CHARS_MAX).collect();
    format!("`{}`", words.replace('`', "'"))
}

const LINE_CHARS_MAX: usize = 300;
