//! Every kind of damage, at many places of every file of a store, one at a time.
//!
//! Whatever happens to a store, it opens with everything, or it is refused with the path and the
//! remedy. Only where nothing was promised may the end be missing, and then nothing but the end.
//! What is refused can be exported, and no text of it is wrong.
//!
//! Each store is opened in a process of its own, so that even an abort would be seen. The seed
//! is printed when something fails; `QUEUERITE_DAMAGE_SEED` sets another one.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a test may panic"
)]

mod common;

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use common::{NOW, copy_all, deletion, message, open_with, settle, text_of};
use queuerite_engine::{Change, QueueId, Released, TextRef};
use queuerite_model::{AccountName, Metadata, QueueName};
use queuerite_store::{
    Access, Durability, Location, Salvage, SledOptions, SledStore, Store, StoreError,
};
use tempfile::TempDir;

/// How many messages a store has seen, in how many commits.
const MESSAGES: u64 = 2000;
const COMMITS: u64 = 100;
/// Those that the database has; what the others wrote is in the journal.
const SETTLED_COMMITS: u64 = 70;

/// Cases of each store, by kind of damage; several kinds have fewer places to be at.
const FLIPS: u64 = 36;
const BLOCKS: u64 = 12;
const CUTS: u64 = 12;

/// A store to be damaged, and what it was.
struct Base {
    name: &'static str,
    durability: Durability,
    dir: TempDir,
    /// Fingerprints of what was alive after each frame; the last is what has to be there.
    states: BTreeMap<u64, u64>,
    /// How far into sled's file something was written.
    used: u64,
}

/// Everything that was ever stored, in order.
type History = Vec<(Change, TextRef)>;

#[test]
fn every_damage_is_refused_or_does_no_harm() {
    let seed = env::var("QUEUERITE_DAMAGE_SEED").map_or(20_261_122, |seed| seed.parse().unwrap());
    let bases = [
        base("small, killed", Durability::Fsync, 100, false),
        base("small, closed", Durability::Fsync, 100, true),
        base("large, killed", Durability::Fsync, 9000, false),
        base("flushed, killed", Durability::Flush, 100, false),
    ];
    let mut random = Random(seed);
    let cases: Vec<(&Base, Damage)> = bases
        .iter()
        .flat_map(|base| {
            damages(base, &mut random)
                .into_iter()
                .map(move |damage| (base, damage))
        })
        .collect();
    let start = Instant::now();
    let tallies = Mutex::new(BTreeMap::<_, Tally>::new());
    let failures = Mutex::new(Vec::new());
    let next = Mutex::new(cases.iter());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let mut opener = Opener::start();
                loop {
                    let case = next.lock().unwrap().next();
                    let Some((base, damage)) = case else { break };
                    let verdict = judge(&mut opener, base, damage);
                    let mut tallies = tallies.lock().unwrap();
                    let tally = tallies.entry((base.name, damage.kind())).or_default();
                    if let Err(why) = tally.count(verdict) {
                        let line = format!("{}, {damage:?}: {why}", base.name);
                        failures.lock().unwrap().push(line);
                    }
                }
            });
        }
    });
    let tallies = tallies.into_inner().unwrap();
    let mut table = format!(
        "{} cases in {:?}, seed {seed}\n",
        cases.len(),
        start.elapsed()
    );
    for ((base, kind), tally) in &tallies {
        writeln!(table, "{base:<16} {kind:<22} {tally}").unwrap();
    }
    eprintln!("{table}");
    let failures = failures.into_inner().unwrap();
    assert!(failures.is_empty(), "seed {seed}:\n{}", failures.join("\n"));
    assert!(cases.len() >= 300);
    let refused: u64 = tallies.values().map(|tally| tally.refused).sum();
    assert!(refused > 100, "only {refused} were refused");
}

const WORKERS: usize = 2;

/// Fills a store with messages, of which every third is deleted again, and with the frames that
/// relocation and reclaiming leave.
fn base(name: &'static str, durability: Durability, length: usize, is_closed: bool) -> Base {
    let dir = tempfile::tempdir().unwrap();
    let options = SledOptions {
        durability,
        dead_bytes_max: 0,
        ..SledOptions::default()
    };
    let (store, _) = open_with(dir.path(), options).unwrap();
    let mut writer = Writer {
        store,
        history: History::new(),
        live: BTreeMap::new(),
    };
    writer.write(&queue());
    for commit in 0..COMMITS {
        for number in commit * MESSAGES / COMMITS..(commit + 1) * MESSAGES / COMMITS {
            writer.write(&message(number, &text(number, length)));
            if let Some(old) = number.checked_sub(30).filter(|old| is_deleted(*old)) {
                writer.write(&deletion(old));
            }
        }
        writer.commit();
        if commit < SETTLED_COMMITS {
            writer.store.reclaim().unwrap();
        } else if commit == SETTLED_COMMITS {
            settle(&mut writer.store);
        }
    }
    let copy = tempfile::tempdir().unwrap();
    if is_closed {
        drop(writer.store);
        drop(open_with(dir.path(), options).unwrap());
    }
    copy_all(dir.path(), copy.path());
    let states = states(&writer.history);
    let log = fs::read(copy.path().join("sled/db")).unwrap();
    let used = log.iter().rposition(|byte| *byte != 0).unwrap() as u64;
    Base {
        name,
        durability,
        dir: copy,
        states,
        used,
    }
}

struct Writer {
    store: SledStore,
    history: History,
    live: BTreeMap<u64, TextRef>,
}

impl Writer {
    fn write(&mut self, change: &Change) {
        let mut places = Vec::new();
        self.store
            .stage(std::slice::from_ref(change), &mut places)
            .unwrap();
        let before = match (number(change), change) {
            (None, _) => self.live.insert(u64::MAX, places[0]),
            (Some(number), Change::MessageDeleted { .. }) => self.live.remove(&number),
            (Some(number), _) => self.live.insert(number, places[0]),
        };
        if let Some(place) = before {
            self.store.release(Released(place));
        }
        self.history.push((change.clone(), places[0]));
    }

    fn commit(&mut self) {
        self.store.commit(NOW).unwrap();
        for (change, place) in self.store.relocatable().unwrap() {
            let number = number(&change).unwrap_or(u64::MAX);
            if self.live.get(&number) == Some(&place) {
                self.write(&change);
            }
        }
        self.store.commit(NOW).unwrap();
    }
}

fn queue() -> Change {
    Change::QueueWritten {
        queue: QueueId(1),
        account: AccountName::parse("devstoreaccount1").unwrap(),
        name: QueueName::parse("orders").unwrap(),
        metadata: Metadata::default(),
        policies: Vec::new(),
    }
}

/// What every process knows of a message.
fn text(number: u64, length: usize) -> String {
    text_of(
        number,
        17 + length / 2 + usize::try_from(number * 37).unwrap() % length,
    )
}

const fn is_deleted(number: u64) -> bool {
    number.is_multiple_of(3) && number + 30 < MESSAGES
}

/// The number of the message that the change is about; none for the queue.
fn number(change: &Change) -> Option<u64> {
    match change {
        Change::MessageWritten { message, .. } => Some(message.sequence),
        Change::MessageDeleted { id, .. } => {
            Some(u64::try_from(u128::from_be_bytes(*id.as_bytes())).unwrap())
        }
        _ => None,
    }
}

/// What is alive after each frame.
fn states(history: &History) -> BTreeMap<u64, u64> {
    let mut live = Live::default();
    let mut states = BTreeMap::new();
    for (index, (change, place)) in history.iter().enumerate() {
        live.apply(change);
        if history
            .get(index + 1)
            .is_none_or(|(_, next)| next.frame > place.frame)
        {
            states.insert(place.frame, live.fingerprint());
        }
    }
    states
}

#[derive(Default)]
struct Live {
    has_queue: bool,
    messages: BTreeMap<u64, Change>,
    /// Of the messages together, in whatever order they came.
    fingerprint: u64,
}

impl Live {
    fn apply(&mut self, change: &Change) {
        let Some(number) = number(change) else {
            self.has_queue = true;
            return;
        };
        let before = if let Change::MessageDeleted { .. } = change {
            self.messages.remove(&number)
        } else {
            self.fingerprint ^= fingerprint(change);
            self.messages.insert(number, change.clone())
        };
        self.fingerprint ^= before.as_ref().map_or(0, fingerprint);
    }

    fn fingerprint(&self) -> u64 {
        self.fingerprint ^ u64::from(self.has_queue)
    }
}

fn fingerprint(change: &Change) -> u64 {
    let Change::MessageWritten { text, message, .. } = change else {
        unreachable!("only messages are alive")
    };
    let mut hasher = DefaultHasher::new();
    (crc32fast::hash(text.as_bytes()), format!("{message:?}")).hash(&mut hasher);
    hasher.finish()
}

/// What is done to a file.
#[derive(Clone, Debug)]
enum Damage {
    None,
    Flip { file: String, at: u64, bit: u32 },
    Zero { file: String, at: u64, length: u64 },
    Cut { file: String, at: u64 },
    Append { file: String, length: u64 },
    Remove { file: String },
    Write { file: String, bytes: Vec<u8> },
}

impl Damage {
    fn kind(&self) -> String {
        let (kind, file) = match self {
            Self::None => ("whole", ""),
            Self::Flip { file, .. } => ("flip", file.as_str()),
            Self::Zero { file, .. } => ("zero", file.as_str()),
            Self::Cut { file, .. } => ("cut", file.as_str()),
            Self::Append { file, .. } => ("append", file.as_str()),
            Self::Remove { file } => ("remove", file.as_str()),
            Self::Write { .. } => ("left-over", ""),
        };
        let file = if file.contains("snap.") {
            "sled/snap"
        } else {
            file
        };
        format!("{kind} {file}").trim_end().to_owned()
    }

    fn apply(&self, dir: &Path) {
        let edit = |file: &String, edit: &dyn Fn(&mut Vec<u8>)| {
            let path = dir.join(file);
            let mut bytes = fs::read(&path).unwrap();
            edit(&mut bytes);
            fs::write(path, bytes).unwrap();
        };
        let index = |at: &u64| usize::try_from(*at).unwrap();
        match self {
            Self::None => {}
            Self::Flip { file, at, bit } => edit(file, &|bytes| bytes[index(at)] ^= 1 << bit),
            Self::Zero { file, at, length } => edit(file, &|bytes| {
                let end = bytes.len().min(index(at) + index(length));
                bytes[index(at)..end].fill(0);
            }),
            Self::Cut { file, at } => edit(file, &|bytes| bytes.truncate(index(at))),
            Self::Append { file, length } => edit(file, &|bytes| {
                let mut random = Random(*length);
                bytes.extend((0..*length).map(|_| random.next().to_le_bytes()[0]));
            }),
            Self::Remove { file } => {
                let path = dir.join(file);
                if path.is_dir() {
                    fs::remove_dir_all(path).unwrap();
                } else {
                    fs::remove_file(path).unwrap();
                }
            }
            Self::Write { file, bytes } => {
                let path = dir.join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, bytes).unwrap();
            }
        }
    }
}

/// All damages of a store. Those of its log are mostly where something was written, often near
/// the end of that, and at the borders of blocks and segments.
fn damages(base: &Base, random: &mut Random) -> Vec<Damage> {
    let length = |file: &str| fs::metadata(base.dir.path().join(file)).unwrap().len();
    let log = || "sled/db".to_owned();
    let mut all = vec![Damage::None];
    let place = |random: &mut Random| match random.below(8) {
        0 => random.below(64),
        1 => base.used - random.below(2000).min(base.used),
        2 => {
            random.below(length("sled/db") / SEGMENT_BYTES + 1) * SEGMENT_BYTES % length("sled/db")
                + random.below(40)
        }
        _ => random.below(base.used + 1),
    };
    // The large store takes long to copy and to open.
    let share = if base.used > SEGMENT_BYTES { 3 } else { 1 };
    for _ in 0..FLIPS / share {
        let at = place(random);
        let bit = u32::try_from(random.below(8)).unwrap();
        all.push(Damage::Flip {
            file: log(),
            at,
            bit,
        });
    }
    for _ in 0..BLOCKS / share {
        let at = place(random) / 4096 * 4096;
        let length = 4096 << random.below(3);
        all.push(Damage::Zero {
            file: log(),
            at,
            length,
        });
    }
    for _ in 0..CUTS / share {
        all.push(Damage::Cut {
            file: log(),
            at: place(random),
        });
    }
    for length in [1, 4096, SEGMENT_BYTES] {
        all.push(Damage::Append {
            file: log(),
            length,
        });
    }
    let others: Vec<_> = fs::read_dir(base.dir.path().join("sled"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("snap.") || name.starts_with("journal."))
        .map(|name| format!("sled/{name}"))
        .collect();
    let marks = base.dir.path().join("acknowledged").exists();
    let marks = marks.then(|| "acknowledged".to_owned());
    let small = ["sled/conf".to_owned(), "lock".to_owned()];
    for file in small.into_iter().chain(others).chain(marks) {
        let length = length(&file);
        for _ in 0..4_u64.min(length) {
            let (at, bit) = (
                random.below(length),
                u32::try_from(random.below(8)).unwrap(),
            );
            all.push(Damage::Flip {
                file: file.clone(),
                at,
                bit,
            });
        }
        for at in [0, length / 2, length - 1] {
            all.push(Damage::Cut {
                file: file.clone(),
                at,
            });
        }
        all.push(Damage::Zero {
            file: file.clone(),
            at: 0,
            length,
        });
        all.push(Damage::Append {
            file: file.clone(),
            length: 100,
        });
        all.push(Damage::Remove { file });
    }
    all.push(Damage::Remove { file: log() });
    all.push(Damage::Remove {
        file: "sled".into(),
    });
    for (file, bytes) in [
        ("sled/snap.0000000000000000.generating", 0),
        ("sled/snap.00000000FFFFFFFF.generating", 1000),
        ("sled.unfinished/db", 4096),
        ("sled.next/db", 4096),
        ("rebuilt/sled/db", 4096),
        ("examined/sled/db", 4096),
        ("sled/something", 10),
    ] {
        let bytes = vec![7; bytes];
        all.push(Damage::Write {
            file: file.into(),
            bytes,
        });
    }
    all
}

const SEGMENT_BYTES: u64 = 8 * 1024 * 1024;

/// What came of one case.
enum Verdict {
    /// Everything is there.
    All,
    /// The end is missing, as it may.
    Tail,
    /// Refused, with so many messages of those alive saved, and so many raised from the dead.
    Refused { saved: u64, alive: u64, raised: u64 },
}

fn judge(opener: &mut Opener, base: &Base, damage: &Damage) -> Result<Verdict, String> {
    let copy = tempfile::tempdir().unwrap();
    copy_all(base.dir.path(), copy.path());
    damage.apply(copy.path());
    // What is refused once has to be refused again: sled has changed it in the meantime.
    let mut verdict = None;
    for attempt in 0..2 {
        let answer = opener.ask("open", base.durability, copy.path())?;
        let mut words = answer.splitn(4, ' ');
        let mut word = || words.next().unwrap_or_default();
        match word() {
            "opened" => {
                let (newest, fingerprint): (u64, u64) =
                    (word().parse().unwrap(), word().parse().unwrap());
                if verdict.is_some() {
                    return Err(format!("opened after it was refused: {answer}"));
                }
                return opened(base, newest, fingerprint)
                    .map_err(|why| format!("{why}, attempt {attempt}"));
            }
            "corrupt" => verdict = Some(answer.clone()),
            _ => return Err(answer),
        }
        let text = answer.strip_prefix("corrupt ").unwrap_or_default();
        let path = copy.path().join("sled").display().to_string();
        if !text.starts_with(&path) || !text.contains("`queuerite store export`") {
            return Err(format!("names no path or no remedy: {text}"));
        }
    }
    let answer = opener.ask("salvage", base.durability, copy.path())?;
    let numbers: Vec<u64> = answer
        .split(' ')
        .filter_map(|word| word.parse().ok())
        .collect();
    match numbers[..] {
        [saved, alive, raised, 0] => Ok(Verdict::Refused {
            saved,
            alive,
            raised,
        }),
        _ => Err(format!(
            "salvage of {}: {answer}",
            verdict.unwrap_or_default()
        )),
    }
}

fn opened(base: &Base, newest: u64, fingerprint: u64) -> Result<Verdict, String> {
    let last = *base.states.keys().next_back().unwrap();
    if base.states.get(&newest) != Some(&fingerprint) {
        return Err(format!(
            "opened with frame {newest} of {last}, and with something wrong"
        ));
    }
    match (newest == last, base.durability) {
        (true, _) => Ok(Verdict::All),
        (false, Durability::Fsync) => Err(format!("lost frames {newest} to {last} in silence")),
        (false, _) => Ok(Verdict::Tail),
    }
}

#[derive(Default)]
struct Tally {
    all: u64,
    tail: u64,
    refused: u64,
    saved: u64,
    alive: u64,
    raised: u64,
    failed: u64,
}

impl Tally {
    fn count(&mut self, verdict: Result<Verdict, String>) -> Result<(), String> {
        match verdict {
            Ok(Verdict::All) => self.all += 1,
            Ok(Verdict::Tail) => self.tail += 1,
            Ok(Verdict::Refused {
                saved,
                alive,
                raised,
            }) => {
                self.refused += 1;
                self.saved += saved;
                self.alive += alive;
                self.raised += raised;
            }
            Err(why) => {
                self.failed += 1;
                return Err(why);
            }
        }
        Ok(())
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            all,
            tail,
            refused,
            saved,
            alive,
            raised,
            failed,
        } = self;
        write!(f, "{all:>3} all {tail:>3} tail {refused:>3} refused")?;
        if let Some(percent) = (saved * 1000).checked_div(*alive) {
            write!(
                f,
                ", saved {}.{} %, raised {raised}",
                percent / 10,
                percent % 10
            )?;
        }
        if *failed > 0 {
            write!(f, ", {failed} FAILED")?;
        }
        Ok(())
    }
}

/// A process that opens stores, one after the other, and is started anew when one kills it.
struct Opener {
    child: Child,
    orders: ChildStdin,
    answers: Receiver<String>,
}

impl Opener {
    fn start() -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args([
                "--exact",
                "open_what_is_asked_for",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(CHILD, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (send, answers) = channel();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // The test harness writes lines of its own, and once before ours.
                if let Some((_, answer)) = line.split_once(ANSWER) {
                    let _ = send.send(answer.to_owned());
                }
            }
        });
        Self {
            child,
            orders,
            answers,
        }
    }

    fn ask(&mut self, what: &str, durability: Durability, dir: &Path) -> Result<String, String> {
        let sent = writeln!(self.orders, "{what} {durability} {}", dir.display());
        let answer = sent
            .ok()
            .and_then(|()| self.answers.recv_timeout(PATIENCE).ok());
        answer.ok_or_else(|| {
            let _ = self.child.kill();
            let status = self.child.wait();
            *self = Self::start();
            format!("the process hung or died of it: {status:?}")
        })
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const CHILD: &str = "QUEUERITE_DAMAGE_CHILD";
const ANSWER: &str = "@ANSWER ";
const PATIENCE: Duration = Duration::from_mins(1);

/// Not a test, but the process that the test above starts.
#[test]
fn open_what_is_asked_for() {
    if env::var_os(CHILD).is_none() {
        return;
    }
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let [what, durability, dir] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let dir = PathBuf::from(dir);
        let answer = if what == "open" {
            try_open(&dir, durability.parse().unwrap())
        } else {
            try_salvage(&dir)
        };
        println!("{ANSWER}{}", answer.replace('\n', " "));
    }
}

fn try_open(dir: &Path, durability: Durability) -> String {
    let options = SledOptions {
        durability,
        ..SledOptions::default()
    };
    let (store, replayed) = match open_with(dir, options) {
        Ok(opened) => opened,
        Err(error @ StoreError::Corrupt { .. }) => return format!("corrupt {error}"),
        Err(error) => return format!("{error:?}"),
    };
    let mut live = Live::default();
    let mut places = BTreeMap::new();
    let mut newest = 0;
    for (change, place) in &replayed {
        live.apply(change);
        places.insert(number(change), *place);
        newest = newest.max(place.frame);
    }
    for (number, change) in &live.messages {
        let Change::MessageWritten { text, .. } = change else {
            unreachable!("only messages are alive")
        };
        match store.read(places[&Some(*number)]) {
            Ok(read) if read == *text => {}
            other => return format!("message {number} reads as {other:?}"),
        }
    }
    format!("opened {newest} {}", live.fingerprint())
}

/// How many of the messages alive are saved, how many there are, how many deleted ones came back,
/// and how many are wrong.
fn try_salvage(dir: &Path) -> String {
    let result = Location::existing(dir).and_then(|location| {
        let salvage = Salvage::open(&location, &Access::Copy(None), NOW, &mut |_| {})?;
        assert!(!salvage.report().is_whole());
        let (mut saved, mut raised, mut wrong) = (0, 0, 0);
        salvage.for_each_message(|found| {
            let number = found.state.sequence;
            let expected = [100, 9000].map(|length| message(number, &text(number, length)));
            let is_right = expected.iter().any(|expected| {
                matches!(expected, Change::MessageWritten { message, text, .. }
                    if *message == found.state && *text == found.text)
            });
            wrong += u64::from(!is_right);
            raised += u64::from(is_deleted(number));
            saved += u64::from(!is_deleted(number));
            Ok::<_, StoreError>(())
        })?;
        Ok((saved, raised, wrong))
    });
    match result {
        Ok((saved, raised, wrong)) => {
            let alive = (0..MESSAGES).filter(|number| !is_deleted(*number)).count();
            format!("salvaged {saved} {alive} {raised} {wrong}")
        }
        Err(error) => format!("{error:?}"),
    }
}

/// Numbers that are the same under the same seed: `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}
