//! The command: flags -> configuration -> a server that runs until it is told to stop.

use std::process::ExitCode;

use mimalloc::MiMalloc;
use queuerite_server::Server;
use queuerite_server::config::{Config, Parsed, Storage};
use queuerite_server::signals::Signals;
use queuerite_server::tls::Tls;
use queuerite_server::{console, logging};

/// Sled's pages are made by one thread and freed by another, whenever it comes to it. The system's
/// allocator keeps so much of that for itself that putting a million messages took 700 MB.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The exit code of a command line that cannot be followed, as of most commands.
const EXIT_USAGE: u8 = 2;

fn main() -> ExitCode {
    let env = |name: &str| std::env::var(name).ok();
    let mut config = match Config::from_arguments(std::env::args_os(), &env) {
        Ok(Parsed::Run(config)) => config,
        Ok(Parsed::Maintain(maintenance)) => return maintenance.run(),
        Ok(Parsed::Certify(certification)) => return certification.run(),
        Ok(Parsed::CheckHealth(check)) => return check.run(),
        Ok(Parsed::Print(text)) => {
            console::say(text);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            console::complain(&format!("queuerite: {error}"));
            return ExitCode::from(EXIT_USAGE);
        }
    };
    // Soft limits are low for the sake of programs that use `select`, which this is not.
    if let Ok(files) = rlimit::increase_nofile_limit(u64::MAX) {
        let services = config.services().count();
        config.limits.fit(files, services);
    }
    start(&config).unwrap_or_else(|error| {
        console::complain(&format!("queuerite: {error}"));
        ExitCode::FAILURE
    })
}

fn start(config: &Config) -> Result<ExitCode, Box<dyn std::error::Error>> {
    logging::start(config.debug_log.as_deref(), &|name| {
        std::env::var(name).ok()
    })?;
    // Whatever is wrong with the certificate is told before the lines that say a server starts.
    let tls = config.certificate.as_ref().map(Tls::load).transpose()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let code = runtime.block_on(run(config, tls.as_ref()));
    // Whatever still runs has had its time.
    runtime.shutdown_background();
    code
}

async fn run(config: &Config, tls: Option<&Tls>) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let scheme = config.scheme();
    if let Storage::Memory {
        limit_bytes,
        percent_of_memory,
    } = config.storage
    {
        console::say(console::in_memory(limit_bytes, percent_of_memory));
    }
    for (service, endpoint) in config.services() {
        console::say(console::starting(config.dialect, service, scheme, endpoint));
    }
    // Hooked before the ready lines, so that whoever waits for them may signal at once.
    let mut signals = Signals::hook()?;
    let server = Server::start(config, tls).await?;
    for listening in server.listening() {
        console::say(console::listening(
            config.dialect,
            listening.service,
            scheme,
            listening.address,
        ));
    }
    signals.receive().await;
    for (service, _) in config.services() {
        console::say(console::closing(service));
    }
    tokio::select! {
        is_closed = server.stop() => if !is_closed {
            return Ok(ExitCode::FAILURE);
        },
        // A second signal means now. Whatever was acknowledged is stored already.
        () = signals.receive() => return Ok(ExitCode::from(EXIT_INTERRUPTED)),
    }
    for (service, _) in config.services() {
        console::say(console::closed(service));
    }
    Ok(ExitCode::SUCCESS)
}

/// The exit code after a second signal, as a shell reports an interrupt.
const EXIT_INTERRUPTED: u8 = 130;
