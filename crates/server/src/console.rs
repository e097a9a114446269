//! The lines on stdout that tools wait for, letter for letter as Azurite prints them.
//!
//! Functions return the text and [`say`] prints it. Everything on stdout goes through one
//! thread: lines are whole and in order, and a reader who has stopped reading holds up that
//! thread and nobody else. Of access log lines those are dropped that nobody could read in time.

use std::io::{self, BufWriter, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

use crate::config::{Dialect, Endpoint, Scheme, Service};

/// The line before a service listens. It shows what was asked for: a name unresolved, port 0.
pub fn starting(dialect: Dialect, service: Service, scheme: Scheme, endpoint: &Endpoint) -> String {
    let Endpoint { host, port } = endpoint;
    match dialect {
        Dialect::Queuerite | Dialect::AzuriteQueue => {
            format!("Azurite {service} service is starting on {host}:{port}")
        }
        Dialect::Azurite => {
            format!("Azurite {service} service is starting at {scheme}://{host}:{port}")
        }
    }
}

/// The line once a service accepts connections, at the address it got. IPv6 has no brackets.
pub fn listening(
    dialect: Dialect,
    service: Service,
    scheme: Scheme,
    address: SocketAddr,
) -> String {
    let (ip, port) = (address.ip(), address.port());
    match dialect {
        Dialect::Queuerite | Dialect::AzuriteQueue => {
            format!("Azurite {service} service successfully listens on {scheme}://{ip}:{port}")
        }
        Dialect::Azurite => {
            format!("Azurite {service} service is successfully listening at {scheme}://{ip}:{port}")
        }
    }
}

/// The line when a service begins to close.
pub fn closing(service: Service) -> String {
    format!("Azurite {service} service is closing...")
}

/// The line when a service has closed.
pub fn closed(service: Service) -> String {
    format!("Azurite {service} service successfully closed")
}

/// The line that comes first under `--inMemoryPersistence`.
pub fn in_memory(limit_bytes: u64, percent_of_memory: Option<u64>) -> String {
    let hundredths = (u128::from(limit_bytes) * 100 + BYTES_PER_MEGABYTE / 2) / BYTES_PER_MEGABYTE;
    let (whole, fraction) = (hundredths / 100, hundredths % 100);
    let share = percent_of_memory
        .map(|percent| format!(", {percent}% of total memory"))
        .unwrap_or_default();
    format!(
        "In-memory extent storage is enabled with a limit of {whole}.{fraction:02} MB \
         ({limit_bytes} bytes{share})."
    )
}

/// Prints a line on stdout and waits until it is there, though never long.
pub fn say(line: impl Into<String>) {
    stdout().say(line.into());
}

/// Prints a line on stdout when there is time; drops it if stdout is far behind.
pub fn offer(line: String) {
    stdout().offer(line);
}

/// Prints a line on stderr: why the server does not start.
pub fn complain(line: &str) {
    // There is nobody left to tell if this fails.
    let _ = writeln!(io::stderr().lock(), "{line}");
}

fn stdout() -> &'static LineWriter {
    static STDOUT: OnceLock<LineWriter> = OnceLock::new();
    STDOUT.get_or_init(|| LineWriter::new(io::stdout(), SAY_TIMEOUT))
}

/// A thread that writes lines, and the queue to it.
struct LineWriter {
    queue: SyncSender<Line>,
    /// How long a line that is said is waited for.
    patience: Duration,
    dropped: Arc<AtomicU64>,
    /// A line was once waited for in vain; none is waited for again.
    is_stuck: AtomicBool,
}

enum Line {
    /// To be written with others.
    Offered(String),
    /// To be written and flushed; the sender is dropped then, which is what the other end hears.
    Said(String, SyncSender<()>),
}

impl LineWriter {
    fn new(output: impl Write + Send + 'static, patience: Duration) -> Self {
        let (queue, lines) = mpsc::sync_channel(LINES_WAITING_MAX);
        let dropped = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&dropped);
        // Without the thread nothing is printed; the server serves all the same.
        let _ = thread::Builder::new()
            .name("stdout".to_owned())
            .spawn(move || write_lines(output, &lines, &counter));
        Self {
            queue,
            patience,
            dropped,
            is_stuck: AtomicBool::new(false),
        }
    }

    fn offer(&self, line: String) {
        if let Err(TrySendError::Full(_)) = self.queue.try_send(Line::Offered(line)) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn say(&self, line: String) {
        let (done, written) = mpsc::sync_channel(0);
        // A full queue means that nobody reads; then this line is dropped as well.
        let is_sent = self.queue.try_send(Line::Said(line, done)).is_ok();
        if is_sent && !self.is_stuck.load(Ordering::Relaxed) {
            let heard = written.recv_timeout(self.patience);
            let is_stuck = heard == Err(RecvTimeoutError::Timeout);
            self.is_stuck.store(is_stuck, Ordering::Relaxed);
        }
    }
}

fn write_lines(output: impl Write, lines: &Receiver<Line>, dropped: &AtomicU64) {
    let mut output = BufWriter::with_capacity(BUFFER_BYTES, output);
    while let Ok(mut line) = lines.recv() {
        // What waits already is written before the flush. Errors are let go: stdout may be
        // closed at any time, and the server outlives it.
        loop {
            match line {
                Line::Offered(text) => {
                    let _ = writeln!(output, "{text}");
                }
                Line::Said(text, _done) => {
                    let _ = writeln!(output, "{text}").and_then(|()| output.flush());
                }
            }
            match lines.try_recv() {
                Ok(next) => line = next,
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => break,
            }
        }
        let _ = output.flush();
        let dropped = dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!("stdout is read too slowly: {dropped} lines of the access log dropped");
        }
    }
}

/// Most lines that wait to be written: half a second of a busy server.
const LINES_WAITING_MAX: usize = 4096;
const BUFFER_BYTES: usize = 64 * 1024;
/// How long a line that matters is waited for. A pipe that nobody reads must not keep the server
/// from closing.
const SAY_TIMEOUT: Duration = Duration::from_secs(2);
const BYTES_PER_MEGABYTE: u128 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};
    use std::sync::{Mutex, MutexGuard};

    use super::*;

    fn endpoint(host: &str, port: u16) -> Endpoint {
        Endpoint {
            host: host.to_owned(),
            port,
        }
    }

    #[test]
    fn azurite_queue_prints_these_lines_and_so_do_we() {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 10001));
        for dialect in [Dialect::Queuerite, Dialect::AzuriteQueue] {
            assert_eq!(
                starting(
                    dialect,
                    Service::Queue,
                    Scheme::Http,
                    &endpoint("127.0.0.1", 10001)
                ),
                "Azurite Queue service is starting on 127.0.0.1:10001"
            );
            assert_eq!(
                listening(dialect, Service::Queue, Scheme::Http, address),
                "Azurite Queue service successfully listens on http://127.0.0.1:10001"
            );
        }
    }

    #[test]
    fn azurite_prints_these_lines() {
        for (service, port, expected_start, expected_ready) in [
            (
                Service::Blob,
                10000,
                "Azurite Blob service is starting at http://0.0.0.0:10000",
                "Azurite Blob service is successfully listening at http://0.0.0.0:10000",
            ),
            (
                Service::Queue,
                10001,
                "Azurite Queue service is starting at http://0.0.0.0:10001",
                "Azurite Queue service is successfully listening at http://0.0.0.0:10001",
            ),
            (
                Service::Table,
                10002,
                "Azurite Table service is starting at http://0.0.0.0:10002",
                "Azurite Table service is successfully listening at http://0.0.0.0:10002",
            ),
        ] {
            assert_eq!(
                starting(
                    Dialect::Azurite,
                    service,
                    Scheme::Http,
                    &endpoint("0.0.0.0", port)
                ),
                expected_start
            );
            let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
            assert_eq!(
                listening(Dialect::Azurite, service, Scheme::Http, address),
                expected_ready
            );
        }
    }

    #[test]
    fn lines_with_a_scheme_tell_of_tls() {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 10001));
        let asked = endpoint("127.0.0.1", 10001);
        let lines = |dialect| {
            (
                starting(dialect, Service::Queue, Scheme::Https, &asked),
                listening(dialect, Service::Queue, Scheme::Https, address),
            )
        };
        for dialect in [Dialect::Queuerite, Dialect::AzuriteQueue] {
            let (starting, listening) = lines(dialect);
            assert_eq!(
                starting,
                "Azurite Queue service is starting on 127.0.0.1:10001"
            );
            assert_eq!(
                listening,
                "Azurite Queue service successfully listens on https://127.0.0.1:10001"
            );
        }
        let (starting, listening) = lines(Dialect::Azurite);
        assert_eq!(
            starting,
            "Azurite Queue service is starting at https://127.0.0.1:10001"
        );
        assert_eq!(
            listening,
            "Azurite Queue service is successfully listening at https://127.0.0.1:10001"
        );
    }

    #[test]
    fn closing_is_the_same_in_every_dialect() {
        assert_eq!(
            closing(Service::Queue),
            "Azurite Queue service is closing..."
        );
        assert_eq!(
            closed(Service::Queue),
            "Azurite Queue service successfully closed"
        );
        assert_eq!(closing(Service::Blob), "Azurite Blob service is closing...");
        assert_eq!(
            closed(Service::Table),
            "Azurite Table service successfully closed"
        );
    }

    #[test]
    fn an_ipv6_address_has_no_brackets() {
        assert_eq!(
            starting(
                Dialect::Azurite,
                Service::Queue,
                Scheme::Http,
                &endpoint("::1", 10001)
            ),
            "Azurite Queue service is starting at http://::1:10001"
        );
        assert_eq!(
            listening(
                Dialect::AzuriteQueue,
                Service::Queue,
                Scheme::Http,
                SocketAddr::from((Ipv6Addr::LOCALHOST, 10001))
            ),
            "Azurite Queue service successfully listens on http://::1:10001"
        );
    }

    #[test]
    fn the_starting_line_shows_what_was_asked_for() {
        assert_eq!(
            starting(
                Dialect::AzuriteQueue,
                Service::Queue,
                Scheme::Http,
                &endpoint("localhost", 0)
            ),
            "Azurite Queue service is starting on localhost:0"
        );
    }

    #[test]
    fn the_limit_in_memory_is_told_in_megabytes_bytes_and_percent() {
        assert_eq!(
            in_memory(12_638_255_104, Some(50)),
            "In-memory extent storage is enabled with a limit of 12052.78 MB \
             (12638255104 bytes, 50% of total memory)."
        );
        assert_eq!(
            in_memory(67_108_864, Some(0)),
            "In-memory extent storage is enabled with a limit of 64.00 MB \
             (67108864 bytes, 0% of total memory)."
        );
        assert_eq!(
            in_memory(1 << 30, None),
            "In-memory extent storage is enabled with a limit of 1024.00 MB (1073741824 bytes)."
        );
        assert!(in_memory(u64::MAX, None).contains(" 17592186044416.00 MB "));
    }

    /// A pipe whose reader can be held back.
    #[derive(Clone, Default)]
    struct Pipe {
        bytes: Arc<Mutex<Vec<u8>>>,
        gate: Arc<Mutex<()>>,
    }

    impl Pipe {
        fn hold(&self) -> MutexGuard<'_, ()> {
            self.gate.lock().unwrap()
        }

        fn text(&self) -> String {
            String::from_utf8(self.bytes.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _open = self.gate.lock().unwrap();
            self.bytes.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_come_out_whole_and_in_order() {
        let pipe = Pipe::default();
        let writer = LineWriter::new(pipe.clone(), SAY_TIMEOUT);
        let mut expected = String::new();
        for number in 0..1000 {
            writer.offer(format!("line {number}"));
            expected.extend(["line ", &number.to_string(), "\n"]);
        }
        writer.say("said".to_owned());
        expected.push_str("said\n");
        assert_eq!(pipe.text(), expected);
    }

    #[test]
    fn a_reader_who_stopped_holds_up_nobody_and_whole_lines_are_dropped() {
        let pipe = Pipe::default();
        let writer = LineWriter::new(pipe.clone(), Duration::from_millis(1));
        let held = pipe.hold();
        writer.say("said".to_owned());
        assert!(writer.is_stuck.load(Ordering::Relaxed));
        let line = "x".repeat(100);
        for _ in 0..3 * LINES_WAITING_MAX {
            writer.offer(line.clone());
        }
        assert!(writer.dropped.load(Ordering::Relaxed) > 0);
        drop(held);
        // A line is dropped while the queue is full, so this one arrives in the end.
        while !pipe.text().ends_with("last\n") {
            writer.say("last".to_owned());
        }
        let text = pipe.text();
        let whole = [line.as_str(), "said", "last"];
        assert!(text.lines().all(|found| whole.contains(&found)));
        // The queue held one line fewer if the thread had not yet taken what was said first.
        assert!(text.lines().filter(|found| *found == line).count() >= LINES_WAITING_MAX - 1);
    }

    #[test]
    fn a_closed_stdout_is_survived() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
        }
        let writer = LineWriter::new(Closed, SAY_TIMEOUT);
        writer.offer("one".to_owned());
        writer.say("two".to_owned());
        writer.say("three".to_owned());
    }
}
