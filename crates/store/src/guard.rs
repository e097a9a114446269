//! Keeping sled's panics inside.
//!
//! Sled panics where other libraries return an error, above all when its log is damaged. A
//! panic of the storage must not take down the thread that answers clients, so every call into
//! sled goes through here.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::thread;

/// Why a call into sled did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It returned an error.
    Error(sled::Error),
    /// It panicked with this message. What it left behind is not to be trusted.
    Panic(String),
}

/// Calls into sled, turning a panic into a failure.
///
/// The closure may see state that the panic left half changed; that is why the caller gives up
/// the database after a [`Failure::Panic`].
pub(crate) fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, Failure> {
    match panic::catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(Failure::Error),
        Err(payload) => Err(Failure::Panic(message(payload.as_ref()))),
    }
}

/// Runs something whose panics are expected and will be reported as errors, so that the user
/// does not also see a stack trace. Panics of other threads are printed as ever; the hook of
/// before is back in place when this returns.
pub(crate) fn quietly<T>(run: impl FnOnce() -> T) -> T {
    let only_one = ONE_AT_A_TIME.lock();
    let one = only_one.unwrap_or_else(PoisonError::into_inner);
    let before = Arc::new(panic::take_hook());
    let silenced = thread::current().id();
    let hook: Hook = {
        let before = Arc::clone(&before);
        Box::new(move |info| {
            if thread::current().id() != silenced {
                before(info);
            }
        })
    };
    panic::set_hook(hook);
    let result = run();
    drop(panic::take_hook());
    panic::set_hook(match Arc::try_unwrap(before) {
        Ok(before) => before,
        Err(shared) => Box::new(move |info| shared(info)),
    });
    drop(one);
    result
}

/// How many of sled's own threads have panicked since this was first called.
///
/// Sled does not tell. A database without its flusher collects no garbage and, where nobody
/// flushes, writes nothing; and closing it waits for the flusher for ever.
pub(crate) fn dead_threads() -> usize {
    static WATCH: Once = Once::new();
    WATCH.call_once(|| {
        let one = ONE_AT_A_TIME.lock();
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if thread::current().name().is_some_and(is_of_sled) {
                DEAD_THREADS.fetch_add(1, Ordering::AcqRel);
            }
            before(info);
        }));
        drop(one);
    });
    DEAD_THREADS.load(Ordering::Acquire)
}

static DEAD_THREADS: AtomicUsize = AtomicUsize::new(0);

fn is_of_sled(thread: &str) -> bool {
    thread == "log flusher" || thread.starts_with("sled-io-")
}

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Sync + Send + 'static>;

/// Two threads that exchange hooks at once could leave the wrong one behind.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no message").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_failure_with_its_message() {
        let failure = quietly(|| guarded::<()>(|| panic!("number {}", 7)));
        assert!(matches!(failure, Err(Failure::Panic(text)) if text == "number 7"));
    }

    #[test]
    fn an_error_stays_an_error_and_a_result_a_result() {
        let error = || Err::<(), _>(sled::Error::Unsupported("no".into()));
        assert!(matches!(guarded(error), Err(Failure::Error(_))));
        assert!(matches!(guarded(|| Ok(7)), Ok(7)));
    }
}
