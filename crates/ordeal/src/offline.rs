//! Commands that rewrite the location of a server that has ended, killed while they do.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use queuerite_testkit::SeededEntropy;

use crate::crash::part;
use crate::findings::Kind;
use crate::load::Load;
use crate::server::{Server, Template, tail};

/// Command lines of a server that can look after its location itself; another has none.
#[derive(Clone, Debug, Default)]
pub struct Offline {
    /// Writes `{location}` anew.
    pub compact: Option<Template>,
    /// Writes what `{location}` holds to `{file}`.
    pub export: Option<Template>,
    /// Makes an empty `{location}` hold what `{file}` does.
    pub import: Option<Template>,
}

/// What runs them, and learns how long they take.
pub(crate) struct Tools<'a> {
    offline: &'a Offline,
    log: &'a Path,
    compact_time: Duration,
    import_time: Duration,
}

/// Of how many rounds with a command one imports, if that is possible.
const ROUNDS_PER_IMPORT: u64 = 4;
/// After how many kills one is followed by another on what it has left.
const KILLS_PER_SECOND_KILL: u64 = 3;

impl<'a> Tools<'a> {
    pub(crate) const fn new(offline: &'a Offline, log: &'a Path) -> Self {
        Self {
            offline,
            log,
            compact_time: Duration::from_millis(100),
            import_time: Duration::from_millis(100),
        }
    }

    /// Whether there is any command.
    pub(crate) const fn are_there(&self) -> bool {
        self.offline.compact.is_some() || self.are_imports_possible()
    }

    const fn are_imports_possible(&self) -> bool {
        self.offline.export.is_some() && self.offline.import.is_some()
    }

    /// Runs a command on a location, and kills it, if it is still there when its time has come.
    pub(crate) fn run(&mut self, location: &Path, chance: &mut SeededEntropy, load: &mut Load) {
        let imports = self.are_imports_possible()
            && (self.offline.compact.is_none()
                || chance.next_number().is_multiple_of(ROUNDS_PER_IMPORT));
        if imports {
            self.import(location, chance, load);
        } else {
            self.compact(location, chance, load);
        }
    }

    fn compact(&mut self, location: &Path, chance: &mut SeededEntropy, load: &mut Load) {
        let Some(template) = &self.offline.compact else {
            return;
        };
        loop {
            let kill_after = part(chance, self.compact_time * 5 / 4);
            let ended = self.ended(template, location, Path::new(""), Some(kill_after));
            learn(&mut self.compact_time, ended.as_ref());
            match ended {
                None => load.ends().compactions.0 += 1,
                Some(Ok(_)) => load.ends().compactions.1 += 1,
                Some(Err(how)) => load.find(Kind::Refused, format!("a compaction: {how}")),
            }
            if !chance.next_number().is_multiple_of(KILLS_PER_SECOND_KILL) {
                break;
            }
        }
    }

    /// Exports, and imports into another location, which takes the place of the first. After a
    /// kill there must be nothing or all, so one more import does it, or finds it done.
    fn import(&mut self, location: &Path, chance: &mut SeededEntropy, load: &mut Load) {
        let (Some(export), Some(import)) = (&self.offline.export, &self.offline.import) else {
            return;
        };
        let file = location.with_extension("exported");
        let fresh = location.with_extension("imported");
        if let Some(Err(how)) = self.ended(export, location, &file, None) {
            load.find(Kind::Refused, format!("an export: {how}"));
            return;
        }
        loop {
            let kill_after = part(chance, self.import_time * 5 / 4);
            let ended = self.ended(import, &fresh, &file, Some(kill_after));
            learn(&mut self.import_time, ended.as_ref());
            if ended.is_some() {
                // The second of two may find everything there, and refuse.
                load.ends().imports.1 += 1;
                break;
            }
            load.ends().imports.0 += 1;
            if !chance.next_number().is_multiple_of(KILLS_PER_SECOND_KILL) {
                break;
            }
        }
        let _ = self.ended(import, &fresh, &file, None);
        let _ = fs::remove_file(&file);
        fs::remove_dir_all(location).unwrap();
        fs::rename(&fresh, location).unwrap();
    }

    /// Runs a command: how long it took, how it failed, or `None` if it was killed.
    fn ended(
        &self,
        template: &Template,
        location: &Path,
        file: &Path,
        kill_after: Option<Duration>,
    ) -> Option<Result<Duration, String>> {
        let start = Instant::now();
        let command = Server::run(template, location, file, self.log);
        let status = command.wait(kill_after.unwrap_or(COMMAND_TIME_MAX))?;
        let time = start.elapsed();
        Some(if status.success() {
            Ok(time)
        } else {
            Err(format!("it ended with {status}:\n{}", tail(self.log)))
        })
    }
}

/// For commands that are not to be killed.
const COMMAND_TIME_MAX: Duration = Duration::from_mins(5);

/// How long a command takes is known once it was let through; until then it may be longer.
fn learn(time: &mut Duration, ended: Option<&Result<Duration, String>>) {
    match ended {
        Some(Ok(took)) => *time = *took,
        Some(Err(_)) => {}
        None => *time = *time * 11 / 10,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_succeeds_or_fails_or_is_killed_and_none_is_taken_for_another() {
        let directory = std::env::temp_dir().join(format!("offline-{}", std::process::id()));
        let (location, log) = (directory.join("location"), directory.join("log"));
        fs::create_dir(&directory).unwrap();
        let offline = Offline::default();
        let tools = Tools::new(&offline, &log);
        let ended = |command: &str, kill_after| {
            let template = Template::parse_on_location(command).unwrap();
            tools.ended(&template, &location, Path::new(""), kill_after)
        };
        assert!(matches!(ended("ls {location}", None), Some(Ok(_))));
        let failed = ended("ls {location}/nothing", None).unwrap().unwrap_err();
        assert!(failed.contains("nothing"), "{failed}");
        let at_once = Some(Duration::from_millis(1));
        assert_eq!(ended("env LOCATION={location} sleep 60", at_once), None);
        fs::remove_dir_all(&directory).unwrap();
    }

    #[test]
    fn what_was_killed_may_take_longer_than_was_thought() {
        let mut time = Duration::from_millis(100);
        learn(&mut time, None);
        assert_eq!(time, Duration::from_millis(110));
        learn(&mut time, Some(&Err("it failed".into())));
        assert_eq!(time, Duration::from_millis(110));
        learn(&mut time, Some(&Ok(Duration::from_millis(70))));
        assert_eq!(time, Duration::from_millis(70));
    }
}
