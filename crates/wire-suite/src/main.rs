//! The command that the runner starts.

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "the verdicts are for whoever ran it"
)]

use std::fs;
use std::process::ExitCode;

use queuerite_wire_suite::junit::{Verdict, report};
use queuerite_wire_suite::outcome::Stop;
use queuerite_wire_suite::settings::COLUMN;
use queuerite_wire_suite::{Settings, run};

fn main() -> ExitCode {
    match run_as_told() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("the wire suite cannot run: {error}");
            ExitCode::from(BROKEN)
        }
    }
}

/// Neither a success nor a failure of the server.
const BROKEN: u8 = 2;

fn run_as_told() -> Result<bool, String> {
    let Some(settings) = Settings::from_environment()? else {
        return Ok(true);
    };
    let (verdicts, recording) = run(&settings, tell);
    let report = report(&verdicts).map_err(|error| error.to_string())?;
    let path = settings.reports.join(format!("{COLUMN}.xml"));
    fs::write(&path, report).map_err(|error| format!("{}: {error}", path.display()))?;
    if let Some(path) = &settings.record {
        fs::write(path, recording).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let mut outcomes = verdicts.iter().map(|verdict| &verdict.outcome);
    Ok(outcomes.all(|outcome| !matches!(outcome, Err(Stop::Failed(_)))))
}

fn tell(verdict: &Verdict) {
    let (name, time) = (&verdict.name, verdict.time.as_millis());
    match &verdict.outcome {
        Ok(()) => println!("ok      {name} ({time} ms)"),
        Err(Stop::Skipped(reason)) => println!("skipped {name}: {reason}"),
        Err(Stop::Failed(what)) => println!("FAILED  {name}\n        {what}"),
    }
}
