//! The compatibility scenarios that no SDK can express: the protocol itself, byte for byte.
//!
//! [`run`] goes through the table of [`scenarios`] against whatever server the [`Settings`] say,
//! tells how each went, and keeps what went over the wire for whoever compares two servers.
//!
//! The command takes the variables that every suite takes, and one of its own: what went over the
//! wire is written to the file `COMPAT_RECORD`. It ends with 0 if all passed, with 1 if something
//! failed, and with 2 if it could not run.

pub mod answer;
pub mod junit;
pub mod outcome;
pub mod record;
pub mod sas;
pub mod scenarios;
pub mod settings;
pub mod wire;

use std::time::Instant;

use junit::Verdict;
use outcome::Outcome;
use record::Recorder;
use scenarios::Scenario;
pub use settings::Settings;
use wire::Wire;

/// Runs the scenarios that are wanted, one after the other, and tells of each as it ends. Gives
/// the recording too.
pub fn run(settings: &Settings, mut tell: impl FnMut(&Verdict)) -> (Vec<Verdict>, String) {
    let mut recorder = Recorder::new(settings);
    let mut verdicts = Vec::new();
    for scenario in scenarios::ALL {
        let wanted = &settings.scenarios;
        if !wanted.is_empty() && !wanted.iter().any(|number| number == scenario.number) {
            continue;
        }
        let name = format!("{} {}", scenario.number, scenario.title);
        recorder.begin(&name);
        let start = Instant::now();
        let outcome = run_one(settings, scenario, &mut recorder);
        let time = start.elapsed();
        let verdict = Verdict {
            name,
            outcome,
            time,
        };
        tell(&verdict);
        verdicts.push(verdict);
    }
    (verdicts, recorder.text().to_owned())
}

fn run_one(settings: &Settings, scenario: &Scenario, recorder: &mut Recorder) -> Outcome {
    let mut wire = Wire::begin(settings, scenario.number, recorder.clone())?;
    let outcome = (scenario.run)(&mut wire);
    let (cleanup, recorded) = wire.end();
    *recorder = recorded;
    outcome.and(cleanup)
}
