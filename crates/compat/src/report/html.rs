//! For people: one file that needs no other.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::matrix::{Cell, Column, Matrix, Row};

pub(super) fn page(matrix: &Matrix) -> String {
    let subject = &matrix.subject;
    let failed: usize = (0..matrix.columns.len())
        .map(|column| matrix.totals(column).failed)
        .sum();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (subject.name) ": compatibility" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    h1 { "Is " (subject.name) " Azure Queue Storage?" }
                    p {
                        "Real SDKs, each in its own language, did what " (matrix.rows.len())
                        " scenarios say, and looked at what the server answered. A row is a scenario, "
                        "a column an SDK in one version. Tested on " (subject.date) ": "
                        (subject.setting) "."
                    }
                    @if failed == 0 {
                        p.verdict.passed { "Nothing failed." }
                    } @else {
                        p.verdict.failed { (failed) " cells failed. Open one to read why." }
                    }
                    (legend())
                }
                (totals(matrix))
                h2 { "Scenarios" }
                p { "Open a title for what is done, what must be observed, and where that is said." }
                p { label { input #only type="checkbox"; " only rows in which something failed" } }
                @for rows in matrix.rows.chunk_by(|one, other| one.group == other.group) {
                    (group(rows, &matrix.columns))
                }
                (others(&matrix.columns))
            }
        }
    };
    page.into_string()
}

fn legend() -> Markup {
    html! {
        ul.legend {
            li { span.mark.passed { "✓" } " passed" }
            li { span.mark.failed { "✗" } " failed; open it for the reason" }
            li { span.mark.not-applicable { "–" } " the SDK cannot express it; hover for the reason" }
            li { span.mark.not-run { "○" } " not run; hover for the reason" }
            li { span.evidence { "documented" } " or " span.evidence { "inferred" }
                " beside a title: no live answer of the service is known that shows it" }
        }
    }
}

fn totals(matrix: &Matrix) -> Markup {
    html! {
        h2 { "Totals" }
        div.scroll { table {
            thead { tr { th { "Column" } th { "Passed" } th { "Failed" } th { "Not applicable" } th { "Not run" } th { "Seconds" } } }
            tbody {
                @for (index, column) in matrix.columns.iter().enumerate() {
                    @let totals = matrix.totals(index);
                    tr {
                        th { (column.name) }
                        td { (totals.passed) }
                        td.failed[totals.failed > 0] { (totals.failed) }
                        td { (totals.not_applicable) }
                        td { (totals.not_run) }
                        td { (column.seconds) }
                    }
                }
            }
        } }
    }
}

fn group(rows: &[Row], columns: &[Column]) -> Markup {
    let Some(first) = rows.first() else {
        return html! {};
    };
    let has_part = |cell: &&Cell| **cell != Cell::Elsewhere;
    let names = columns.iter().zip(&first.cells);
    let names: Vec<_> = names.filter(|(_, cell)| has_part(cell)).collect();
    html! {
        @if !names.is_empty() {
            h3 { (first.group) }
            div.scroll { table {
                thead { tr {
                    th { } th.title { "Scenario" }
                    @for (column, _) in &names { th.column { span { (column.name) } } }
                } }
                tbody {
                    @for row in rows {
                        tr.bad[row.cells.iter().any(Cell::is_bad)] id=(row.number) {
                            th { (row.number) }
                            td.title { (title(row)) }
                            @for item in row.cells.iter().filter(has_part) { (cell(item)) }
                        }
                    }
                }
            } }
        }
    }
}

fn title(row: &Row) -> Markup {
    html! {
        details {
            summary {
                (row.title)
                @if row.evidence != "recorded" { " " span.evidence { (row.evidence) } }
            }
            p { (row.action) }
            p { "→ " (row.expected) }
            p { em { (row.reference) } ", " (row.evidence) }
        }
    }
}

fn cell(cell: &Cell) -> Markup {
    match cell {
        Cell::Passed => html! { td.passed { "✓" } },
        Cell::NotApplicable(reason) => html! { td.not-applicable title=(reason) { "–" } },
        Cell::NotRun(reason) => html! { td.not-run title=(reason) { "○" } },
        Cell::Failed(_) | Cell::Missing => html! {
            td.failed { details { summary { "✗" } pre { (cell.reason()) } } }
        },
        Cell::Elsewhere => html! {},
    }
}

/// Tests that belong to no scenario, if any failed.
fn others(columns: &[Column]) -> Markup {
    let all = columns.iter().flat_map(|column| {
        let others = column.others.iter();
        others.map(move |other| (column, other))
    });
    let failed: Vec<_> = all.filter(|(_, other)| other.cell.is_bad()).collect();
    html! {
        @if !failed.is_empty() {
            h2 { "Failures beside the scenarios" }
            @for (column, other) in failed {
                p { b { (column.name) } " " (other.name) }
                pre { (other.cell.reason()) }
            }
        }
    }
}

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #cf222e; --dim: #777; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { margin-top: 2.5rem; } h3 { margin: 1.5rem 0 .4rem; }
header p { max-width: 50rem; }
.verdict { font-size: 1.2rem; font-weight: 600; }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem 1.5rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border-bottom: 1px solid var(--line); padding: .15rem .6rem; text-align: center; vertical-align: top; }
th { font-weight: 600; text-align: left; white-space: nowrap; }
td.title, th.title { text-align: left; width: 28rem; min-width: 20rem; }
th.column { height: 9.5rem; vertical-align: bottom; padding: .3rem .2rem; }
th.column span { writing-mode: vertical-rl; transform: rotate(180deg); font-weight: 500; }
td.passed, .mark.passed, .verdict.passed { color: var(--good); }
td.failed, .mark.failed, .verdict.failed { color: var(--bad); font-weight: 700; }
td.failed details[open] { text-align: left; }
td.not-applicable, td.not-run, .mark.not-applicable, .mark.not-run { color: var(--dim); cursor: help; }
.evidence { color: var(--dim); font-size: .8em; border: 1px solid var(--line); border-radius: .6em; padding: 0 .4em; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; max-width: 40rem; font-weight: 400; font-size: .8rem; }
summary { cursor: pointer; list-style: none; }
td.title summary:hover { text-decoration: underline; }
body:has(#only:checked) tbody tr[id]:not(.bad) { display: none; }
";
