//! What the suites found, as a cell for each scenario in each column.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::junit::{Outcome, Test};
use crate::scenario::{Exceptions, Kind, Number, Scenario};

/// All that is known after a run.
#[derive(Debug, Serialize)]
pub(crate) struct Matrix {
    /// What was tested.
    pub(crate) subject: Subject,
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: Vec<Row>,
}

/// What was tested, when and how.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Subject {
    pub(crate) name: String,
    pub(crate) setting: String,
    /// The day, as in 2026-10-05.
    pub(crate) date: String,
}

/// A version of an SDK, or a suite that is none.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) suite: String,
    /// How long its suite took, with its other columns.
    pub(crate) seconds: u64,
    /// Tests without a number, and reports that could not be read: they belong to no row.
    pub(crate) others: Vec<Other>,
}

/// A test that belongs to no scenario.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Other {
    pub(crate) name: String,
    pub(crate) cell: Cell,
}

#[derive(Debug, Serialize)]
pub(crate) struct Row {
    pub(crate) number: String,
    pub(crate) group: String,
    pub(crate) title: String,
    pub(crate) action: String,
    pub(crate) expected: String,
    pub(crate) reference: String,
    pub(crate) evidence: &'static str,
    /// In the order of the columns.
    pub(crate) cells: Vec<Cell>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(tag = "status", content = "reason", rename_all = "kebab-case")]
pub(crate) enum Cell {
    Passed,
    Failed(String),
    /// The SDK cannot express it.
    NotApplicable(String),
    NotRun(String),
    /// The suite has no test for it and does not say why: a fault of the suite.
    Missing,
    /// The scenario is for suites of another kind.
    Elsewhere,
}

impl Cell {
    pub(crate) const fn is_bad(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Missing)
    }

    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Failed(reason) | Self::NotApplicable(reason) | Self::NotRun(reason) => reason,
            Self::Missing => "no test, and no reason for that",
            Self::Passed | Self::Elsewhere => "",
        }
    }
}

impl From<Outcome> for Cell {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Passed => Self::Passed,
            Outcome::Failed(reason) => Self::Failed(reason),
            Outcome::Skipped(reason) => Self::NotRun(reason),
        }
    }
}

/// What one column of a suite reported.
#[derive(Debug)]
pub(crate) struct Reported {
    pub(crate) column: Column,
    pub(crate) kind: Kind,
    pub(crate) tests: Vec<Test>,
    pub(crate) exceptions: Exceptions,
    /// Why nothing ran, if nothing did.
    pub(crate) not_run: Option<String>,
}

impl Matrix {
    /// Puts the reports together. Only the `wanted` scenarios need a test.
    pub(crate) fn new(
        subject: Subject,
        scenarios: &[Scenario],
        wanted: &[Number],
        reported: Vec<Reported>,
    ) -> Self {
        let mut columns = Vec::new();
        let mut found = Vec::new();
        for mut one in reported {
            let (cells, others) = by_number(&one.tests);
            one.column.others.extend(others);
            columns.push(one.column.clone());
            found.push((one, cells));
        }
        let rows = scenarios.iter().map(|scenario| {
            let number = scenario.number;
            let is_wanted = wanted.is_empty() || wanted.contains(&number);
            let cells = found.iter();
            let cells = cells.map(|(one, cells)| one.cell(number, is_wanted, cells.get(&number)));
            Row {
                number: number.to_string(),
                group: scenario.group.clone(),
                title: scenario.title.clone(),
                action: scenario.action.clone(),
                expected: scenario.expected.clone(),
                reference: scenario.reference.clone(),
                evidence: scenario.evidence.name(),
                cells: cells.collect(),
            }
        });
        let rows = rows.collect();
        Self {
            subject,
            columns,
            rows,
        }
    }

    /// Whether everything that ran passed, and nothing was forgotten.
    pub(crate) fn is_good(&self) -> bool {
        let cells = self.rows.iter().flat_map(|row| &row.cells);
        let others = self.columns.iter().flat_map(|column| &column.others);
        !cells
            .chain(others.map(|other| &other.cell))
            .any(Cell::is_bad)
    }

    /// The counts of a column: of its scenarios, or of its tests if it has none of those.
    pub(crate) fn totals(&self, column: usize) -> Totals {
        let cells = self.rows.iter().filter_map(|row| row.cells.get(column));
        let totals = cells.fold(Totals::default(), Totals::with);
        let others = self.columns.get(column).into_iter();
        let others = others.flat_map(|column| &column.others);
        if totals == Totals::default() {
            others.map(|other| &other.cell).fold(totals, Totals::with)
        } else {
            totals
        }
    }
}

impl Reported {
    fn cell(&self, number: Number, is_wanted: bool, found: Option<&Cell>) -> Cell {
        let exception = self.exceptions.reason(&self.column.name, number);
        match (found, exception, &self.not_run) {
            _ if number.kind() != self.kind => Cell::Elsewhere,
            (Some(cell), _, _) => cell.clone(),
            (None, Some(reason), _) => Cell::NotApplicable(reason.into()),
            (None, None, Some(reason)) => Cell::NotRun(reason.clone()),
            _ if !is_wanted => Cell::NotRun("not asked for".into()),
            _ => Cell::Missing,
        }
    }
}

/// One cell for all tests of a number: the worst of them.
fn by_number(tests: &[Test]) -> (BTreeMap<Number, Cell>, Vec<Other>) {
    let mut cells: BTreeMap<Number, Cell> = BTreeMap::new();
    let mut others = Vec::new();
    for test in tests {
        let numbers = Number::all_in(&test.name);
        if numbers.is_empty() {
            others.push(Other {
                name: test.name.clone(),
                cell: test.outcome.clone().into(),
            });
        }
        let outcome = match &test.outcome {
            Outcome::Failed(reason) => Outcome::Failed(format!("{}: {reason}", test.name)),
            other => other.clone(),
        };
        for number in numbers {
            let new = Cell::from(outcome.clone());
            match cells.get_mut(&number) {
                None => {
                    cells.insert(number, new);
                }
                Some(cell) => *cell = worse(cell, new),
            }
        }
    }
    (cells, others)
}

fn worse(one: &Cell, other: Cell) -> Cell {
    match (one, other) {
        (Cell::Failed(one), Cell::Failed(other)) => Cell::Failed(format!("{one}\n\n{other}")),
        (Cell::Failed(reason), _) => Cell::Failed(reason.clone()),
        (_, Cell::Failed(reason)) => Cell::Failed(reason),
        // What ran counts for more than what had to be skipped beside it.
        (Cell::Passed, _) | (_, Cell::Passed) => Cell::Passed,
        (_, other) => other,
    }
}

/// How many cells of each kind a column has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Totals {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) not_applicable: usize,
    pub(crate) not_run: usize,
}

impl Totals {
    fn with(mut self, cell: &Cell) -> Self {
        let count = match cell {
            Cell::Passed => &mut self.passed,
            Cell::Failed(_) | Cell::Missing => &mut self.failed,
            Cell::NotApplicable(_) => &mut self.not_applicable,
            Cell::NotRun(_) => &mut self.not_run,
            Cell::Elsewhere => return self,
        };
        *count += 1;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;

    const CATALOGUE: &str = "## One\n### S001 a\nDo.\n→ Done.\n*P* · recorded\n\
        ### S002 b\n→ Done.\n*P* · documented\n### S300 c\n→ Done.\n*P* · inferred\n";

    fn test(name: &str, outcome: Outcome) -> Test {
        Test {
            name: name.into(),
            outcome,
        }
    }

    fn reported(tests: Vec<Test>) -> Reported {
        Reported {
            column: Column {
                name: "rust-1".into(),
                suite: "rust".into(),
                seconds: 1,
                others: Vec::new(),
            },
            kind: Kind::Sdk,
            tests,
            exceptions: Exceptions::default(),
            not_run: None,
        }
    }

    fn cells(reported: Reported, wanted: &[Number]) -> (Vec<Cell>, bool) {
        let scenarios = scenario::read(CATALOGUE).unwrap();
        let matrix = Matrix::new(Subject::default(), &scenarios, wanted, vec![reported]);
        let is_good = matrix.is_good();
        let mut rows = matrix.rows.into_iter();
        (rows.by_ref().flat_map(|row| row.cells).collect(), is_good)
    }

    #[test]
    fn the_worst_test_of_a_scenario_counts_and_a_forgotten_one_is_a_fault() {
        let tests = vec![
            test("s001_x", Outcome::Passed),
            test("s001_y", Outcome::Failed("no".into())),
        ];
        let (found, is_good) = cells(reported(tests), &[]);
        let failed = Cell::Failed("s001_y: no".into());
        assert_eq!(found, [failed, Cell::Missing, Cell::Elsewhere]);
        assert!(!is_good);

        let tests = vec![test("s001_s002_x", Outcome::Passed)];
        let (found, is_good) = cells(reported(tests), &[]);
        assert_eq!(found, [Cell::Passed, Cell::Passed, Cell::Elsewhere]);
        assert!(is_good);
    }

    #[test]
    fn what_was_not_asked_for_is_no_fault() {
        let tests = vec![test("s002_x", Outcome::Skipped("needs https".into()))];
        let (found, is_good) = cells(reported(tests), &[Number(2)]);
        let not_run = |reason: &str| Cell::NotRun(reason.into());
        assert_eq!(
            found[..2],
            [not_run("not asked for"), not_run("needs https")]
        );
        assert!(is_good);
    }

    #[test]
    fn exceptions_and_missing_languages_are_told_apart() {
        let mut one = reported(Vec::new());
        one.exceptions = Exceptions::read("S001 it cannot").unwrap();
        one.not_run = Some("dotnet is not installed".into());
        let (found, is_good) = cells(one, &[]);
        assert_eq!(found[0], Cell::NotApplicable("it cannot".into()));
        assert_eq!(found[1], Cell::NotRun("dotnet is not installed".into()));
        assert!(is_good);
    }

    #[test]
    fn a_column_beside_the_scenarios_counts_its_tests() {
        let tests = vec![
            test("after a kill", Outcome::Passed),
            test("after a stop", Outcome::Failed("lost".into())),
        ];
        let mut beside = reported(tests);
        beside.kind = Kind::Beside;
        let scenarios = scenario::read(CATALOGUE).unwrap();
        let matrix = Matrix::new(Subject::default(), &scenarios, &[], vec![beside]);
        let totals = matrix.totals(0);
        assert_eq!((totals.passed, totals.failed), (1, 1));
        let mut cells = matrix.rows.iter().flat_map(|row| &row.cells);
        assert!(cells.all(|cell| *cell == Cell::Elsewhere));
        assert!(!matrix.is_good());
    }

    #[test]
    fn a_test_without_a_number_that_fails_is_a_fault_too() {
        let tests = vec![
            test("s001_s002_x", Outcome::Passed),
            test("after a kill", Outcome::Failed("lost".into())),
        ];
        assert!(!cells(reported(tests), &[]).1);
    }
}
