//! For the tools of CI: a suite for each column, a case for each scenario.

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use crate::matrix::{Cell, Matrix};

pub(super) fn report(matrix: &Matrix) -> Result<String, String> {
    let mut report = Report::new(format!("compatibility of {}", matrix.subject.name));
    for (index, column) in matrix.columns.iter().enumerate() {
        let mut suite = TestSuite::new(column.name.as_str());
        for row in &matrix.rows {
            let cell = row.cells.get(index);
            let cell = cell.filter(|cell| **cell != Cell::Elsewhere);
            let name = format!("{} {}", row.number, row.title);
            suite.add_test_cases(cell.map(|cell| case(&name, &column.name, cell)));
        }
        let others = column.others.iter();
        suite.add_test_cases(others.map(|other| case(&other.name, &column.name, &other.cell)));
        report.add_test_suite(suite);
    }
    report.to_string().map_err(|error| error.to_string())
}

fn case(name: &str, column: &str, cell: &Cell) -> TestCase {
    let mut status = match cell {
        Cell::Passed | Cell::Elsewhere => TestCaseStatus::success(),
        Cell::Failed(_) | Cell::Missing => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Cell::NotApplicable(_) | Cell::NotRun(_) => TestCaseStatus::skipped(),
    };
    if *cell != Cell::Passed {
        status.set_message(cell.reason());
    }
    let mut case = TestCase::new(name, status);
    case.set_classname(column);
    case
}
