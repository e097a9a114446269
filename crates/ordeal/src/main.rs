//! The command behind `scripts/crash.sh` and `scripts/power-cut.sh`.

#![allow(clippy::print_stdout, reason = "the report is for whoever ran it")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Parser, ValueEnum};
use queuerite_ordeal::crash::Plan;
use queuerite_ordeal::{Offline, Template, crash, power_cut};

/// Puts a server through sudden ends, and compares what it remembers with what it acknowledged.
#[derive(Parser, Debug)]
#[command(args_override_self = true)]
struct Arguments {
    /// What happens to the server
    #[arg(value_enum)]
    ordeal: Ordeal,
    /// How often
    rounds: u32,
    /// The server's command line
    #[arg(long, value_name = "COMMAND", value_parser = Template::parse,
          help = "The server's command line, with {location} and {port} in it")]
    start: Template,
    /// A command line that writes {location} anew, to be killed between two starts
    #[arg(long, value_name = "COMMAND", value_parser = Template::parse_on_location)]
    compact: Option<Template>,
    /// A command line that writes what {location} holds to {file}
    #[arg(long, value_name = "COMMAND", value_parser = Template::parse_with_file)]
    export: Option<Template>,
    /// A command line that makes an empty {location} hold what {file} does, to be killed
    #[arg(long, value_name = "COMMAND", value_parser = Template::parse_with_file)]
    import: Option<Template>,
    /// An empty directory for the location
    #[arg(long)]
    directory: PathBuf,
    /// What clients do, and when the server ends [default: any]
    #[arg(long)]
    seed: Option<u64>,
    /// How many clients work at once, at most
    #[arg(long, default_value_t = 8)]
    clients: usize,
    /// The longest that they work in a round
    #[arg(long, value_name = "MILLISECONDS")]
    work: Option<u64>,
    /// How the server is ended in a crash
    #[arg(long, value_name = "SIGNAL", default_value = "KILL")]
    signal: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Ordeal {
    /// It is killed
    Crash,
    /// Its power is cut
    PowerCut,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let seed = arguments
        .seed
        .unwrap_or_else(|| now.map_or(0, |now| u64::from(now.subsec_micros())));
    println!("seed {seed}");
    let work_usual = match arguments.ordeal {
        Ordeal::Crash => 300,
        Ordeal::PowerCut => 1000,
    };
    let plan = Plan {
        template: arguments.start,
        offline: Offline {
            compact: arguments.compact,
            export: arguments.export,
            import: arguments.import,
        },
        rounds: arguments.rounds,
        clients: arguments.clients,
        seed,
        work_max: Duration::from_millis(arguments.work.unwrap_or(work_usual)),
        signal: arguments.signal,
        directory: arguments.directory,
    };
    let report = match arguments.ordeal {
        Ordeal::Crash => crash::run(&plan),
        Ordeal::PowerCut => power_cut::run(&plan),
    };
    println!("seed {seed}: {report}");
    if report.findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
