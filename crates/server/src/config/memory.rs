//! How much memory there is, for the default limit of what is kept in it.

use std::fs;
use std::sync::LazyLock;

/// The limit where the size of the machine's memory is not known: 1 GiB.
const LIMIT_BYTES_FALLBACK: u64 = 1 << 30;

/// Bytes of memory this process may use: the machine's, or its container's if that is less.
/// Known on Linux only; elsewhere the default limit is a fixed one.
pub(super) fn total_bytes() -> Option<u64> {
    static TOTAL_BYTES: LazyLock<Option<u64>> = LazyLock::new(read_total_bytes);
    *TOTAL_BYTES
}

fn read_total_bytes() -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| mem_total(&text))?;
    let containers = [
        "/sys/fs/cgroup/memory.max",
        "/sys/fs/cgroup/memory/memory.limit_in_bytes",
    ]
    .into_iter()
    // Without a limit the file says `max`, or a number beyond any machine.
    .filter_map(|file| fs::read_to_string(file).ok()?.trim().parse().ok())
    .filter(|&bytes| bytes > 0);
    Some(containers.fold(machine, u64::min))
}

/// How much of a store's pages to keep, given a usual amount: an eighth of the memory at most, so
/// that a container of 32 MiB is enough for a server.
pub(crate) fn cache_bytes(usual: u64) -> u64 {
    share(usual, 8, total_bytes())
}

/// How much of what was stored last to hold for the store, given a usual amount: a 32nd of the
/// memory at most.
pub(crate) fn held_bytes(usual: u64) -> u64 {
    share(usual, 32, total_bytes())
}

/// How much of bodies and long answers to hold, given a usual amount: a quarter of the memory at
/// most.
pub(crate) fn bodies_bytes(usual: usize) -> usize {
    let share = share(usual as u64, 4, total_bytes());
    usize::try_from(share).unwrap_or(usual)
}

fn share(usual: u64, part: u64, total_bytes: Option<u64>) -> u64 {
    total_bytes.map_or(usual, |total| usual.min(total / part))
}

/// Half of the memory.
pub(super) fn limit_bytes_default(total_bytes: Option<u64>) -> u64 {
    total_bytes.map_or(LIMIT_BYTES_FALLBACK, |total| total / 2)
}

/// How many percent of the memory this is, rounded.
pub(super) fn percent(bytes: u64, total_bytes: Option<u64>) -> Option<u64> {
    let total = u128::from(total_bytes?);
    let percent = (u128::from(bytes) * 100 + total / 2).checked_div(total)?;
    u64::try_from(percent).ok()
}

/// The line `MemTotal: 24684096 kB`, in bytes.
fn mem_total(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_is_read_from_meminfo() {
        let text = "MemTotal:       24684096 kB\nMemFree:         1234 kB\n";
        assert_eq!(mem_total(text), Some(25_276_514_304));
        assert_eq!(mem_total("MemFree: 1 kB\n"), None);
        assert_eq!(mem_total("MemTotal: many kB\n"), None);
    }

    #[test]
    fn a_small_container_gets_a_small_cache() {
        assert_eq!(share(64 << 20, 8, Some(32 << 20)), 4 << 20);
        assert_eq!(share(64 << 20, 8, Some(8 << 30)), 64 << 20);
        assert_eq!(share(64 << 20, 8, None), 64 << 20);
    }

    #[test]
    fn the_default_is_half_and_says_so() {
        let total = Some(25_276_510_208);
        assert_eq!(limit_bytes_default(total), 12_638_255_104);
        assert_eq!(percent(12_638_255_104, total), Some(50));
    }

    #[test]
    fn where_the_total_is_unknown_the_limit_is_one_gibibyte() {
        assert_eq!(limit_bytes_default(None), 1_073_741_824);
        assert_eq!(percent(1, None), None);
        assert_eq!(percent(1, Some(0)), None);
    }

    #[test]
    fn a_limit_above_the_total_is_over_a_hundred_percent() {
        assert_eq!(percent(300, Some(100)), Some(300));
        assert_eq!(percent(u64::MAX, Some(u64::MAX)), Some(100));
    }
}
