//! What a process has used, as the kernel tells it.

use std::fs;
use std::time::Duration;

/// The system counts the time of a whole process in steps of this length.
const TICK: Duration = Duration::from_millis(10);

/// The CPU time of all threads of a process, also of those that have ended.
pub fn cpu_time(pid: u32) -> Duration {
    let (exact, coarse) = (threads_time(pid), process_time(pid));
    // The exact time is that of the threads which are there now. Where others have ended, the
    // coarse one knows more.
    if coarse > exact + 2 * TICK {
        coarse
    } else {
        exact
    }
}

fn threads_time(pid: u32) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{pid}/task"));
    let nanos = tasks.into_iter().flatten().filter_map(|task| {
        let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(nanos.sum())
}

fn process_time(pid: u32) -> Duration {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name of the program may hold anything, but for its last parenthesis.
    let fields = text.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks = fields.split(' ').skip(11).take(2);
    let ticks: u32 = ticks.filter_map(|ticks| ticks.parse::<u32>().ok()).sum();
    TICK * ticks
}

/// The bytes of memory that a process has to itself or has read from files.
pub fn memory_bytes(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = text.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        let counts = matches!(name, "RssAnon" | "RssFile");
        counts.then(|| value.trim().trim_end_matches(" kB").parse::<u64>().ok())?
    });
    kib.sum::<u64>() * 1024
}

/// A line about the machine.
pub fn machine() -> String {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let models = info.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        (name.trim() == "model name").then(|| value.trim().to_owned())
    });
    let models: Vec<_> = models.collect();
    let model = models.first().map_or("unknown processor", String::as_str);
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{} × {model}, Linux {}", models.len(), kernel.trim())
}

/// How many processes wanted to run in the last minute, on average.
pub fn load_average() -> Option<f64> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    text.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::hint::black_box;
    use std::process;
    use std::thread;

    use super::*;

    #[test]
    fn the_time_of_a_thread_counts_after_it_has_ended() {
        let work = || {
            let start = cpu_time(process::id());
            while cpu_time(process::id()) < start + 10 * TICK {
                black_box(());
            }
        };
        let before = cpu_time(process::id());
        thread::spawn(work).join().unwrap();
        assert!(cpu_time(process::id()) >= before + 7 * TICK);
    }

    #[test]
    fn memory_and_machine_are_known() {
        assert!(memory_bytes(process::id()) > 100_000);
        assert!(machine().contains("Linux "));
        assert!(load_average().is_some());
    }
}
