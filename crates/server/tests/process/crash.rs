//! A server that is killed at any moment has done all that it acknowledged, once, and of what
//! was under way either all or nothing.
//!
//! Rounds on one location: clients work and note each acknowledgement, the process is killed,
//! started again, and all that it remembers is compared with the notes. A seed decides what
//! the clients do and when the process is killed; what the scheduler makes of it differs.

use std::collections::BTreeMap;
use std::io;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use queuerite_testkit::{Process, Request, SeededEntropy};
use tempfile::TempDir;

use crate::account::{Account, Message, messages};
use crate::{PROGRAM, in_memory, on_with};

#[test]
fn what_was_acknowledged_outlives_a_hundred_kills() {
    let rounds = rounds("QUEUERITE_KILL_ROUNDS", 100);
    Ordeal::new("fsync").run(rounds);
}

#[test]
fn what_was_acknowledged_outlives_kills_at_durability_flush_too() {
    let rounds = rounds("QUEUERITE_KILL_ROUNDS", 100).div_ceil(10);
    Ordeal::new("flush").run(rounds);
}

#[test]
fn a_message_whose_gets_were_not_answered_may_have_been_given_out_by_each_of_them() {
    for last in [1, LONG] {
        let server = in_memory(&[]);
        let mut account = Account::new(server.client());
        let mut client = Worker::new(0, 0);
        let (create, under_way) = client.choose(&account);
        let created = account.expect(201, create);
        client.note_done(under_way, &created);
        let message = account.put(&client.queue, "text");
        client.known.insert(message.id.clone(), message);
        for seconds in [1, 1, last] {
            // If the comparison came so late that it got the message itself.
            for message in client.known.values_mut() {
                account.update(&client.queue, message, None, 0);
            }
            let deadline = Instant::now() + Duration::from_secs(30);
            while account.get(&client.queue, 1, seconds).is_empty() {
                assert!(Instant::now() < deadline, "it does not come back");
            }
            client.under_way = Some(UnderWay::Get { most: 1, seconds });
            client.check(&mut account);
        }
        client.wait_for_the_adrift(&mut account);
    }
}

/// How many rounds; the environment may ask for more, or for fewer.
fn rounds(variable: &str, usual: u32) -> u32 {
    let asked = std::env::var(variable).ok();
    asked.map_or(usual, |rounds| rounds.parse().unwrap())
}

const CLIENTS: u64 = 4;
/// The longest that clients work before the kill.
const WORK_MILLISECONDS_MAX: u64 = 150;
/// Of how many rounds one is a kill while the server starts.
const ROUNDS_PER_EARLY_KILL: u64 = 8;
/// How many messages a client likes to have; with more it rather deletes.
const MESSAGES_WANTED: usize = 24;
/// For gets whose messages shall stay hidden.
const LONG: u32 = 3600;

struct Ordeal {
    location: TempDir,
    durability: &'static str,
    seed: u64,
    chance: SeededEntropy,
    clients: Vec<Worker>,
}

impl Ordeal {
    fn new(durability: &'static str) -> Self {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let seed = match std::env::var("QUEUERITE_SEED") {
            Ok(seed) => seed.parse().unwrap(),
            Err(_) => u64::from(now.unwrap().subsec_nanos()),
        };
        Self {
            location: TempDir::new().unwrap(),
            durability,
            seed,
            chance: SeededEntropy::new(seed),
            clients: (0..CLIENTS).map(|n| Worker::new(n, seed)).collect(),
        }
    }

    fn run(mut self, rounds: u32) {
        // Shown by the test harness if the test fails.
        eprintln!("QUEUERITE_SEED={}", self.seed);
        let (mut acknowledged, mut broken_off) = (0, 0);
        for round in 0..rounds {
            eprintln!("round {round}");
            let server = self.start();
            self.each(&server, Worker::check);
            if self
                .chance
                .next_number()
                .is_multiple_of(ROUNDS_PER_EARLY_KILL)
            {
                server.kill();
                self.kill_while_starting();
                continue;
            }
            let time = Duration::from_millis(self.chance.next_number() % WORK_MILLISECONDS_MAX);
            thread::scope(|scope| {
                for client in &mut self.clients {
                    let account = Account::new(server.client());
                    scope.spawn(|| client.work_until_broken_off(account));
                }
                thread::sleep(time);
                server.kill();
            });
            for client in &mut self.clients {
                acknowledged += std::mem::take(&mut client.acknowledged);
                broken_off += u32::from(client.under_way.is_some());
            }
        }
        let server = self.start();
        self.each(&server, Worker::check);
        self.each(&server, Worker::wait_for_the_adrift);
        let (status, _) = server.terminate();
        assert!(status.success());
        eprintln!("{acknowledged} operations acknowledged, {broken_off} broken off");
        assert!(acknowledged > rounds && broken_off > 0, "nothing happened");
    }

    fn start(&self) -> Process {
        on_with(self.location.path(), &["--durability", self.durability])
    }

    /// Starts a server and kills it before it may have said that it listens.
    fn kill_while_starting(&mut self) {
        let mut child = std::process::Command::new(PROGRAM)
            .args(["--silent", "--queuePort", "0", "--location"])
            .arg(self.location.path())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(self.chance.next_number() % 60));
        child.kill().unwrap();
        child.wait().unwrap();
    }

    fn each(&mut self, server: &Process, work: fn(&mut Worker, &mut Account)) {
        thread::scope(|scope| {
            for client in &mut self.clients {
                let mut account = Account::new(server.client());
                scope.spawn(move || work(client, &mut account));
            }
        });
    }
}

/// A client with a queue of its own, and its notes.
struct Worker {
    queue: String,
    chance: SeededEntropy,
    /// Whether the queue was created.
    is_begun: bool,
    /// What is there for certain, by message id, as of the latest acknowledgement.
    known: BTreeMap<String, Message>,
    /// Messages that an unacknowledged get or update has touched, so that nobody has their
    /// receipts.
    adrift: BTreeMap<String, Adrift>,
    /// The value of the queue's metadata.
    note: u32,
    /// What was asked for and not answered when the server was killed.
    under_way: Option<UnderWay>,
    texts: u32,
    acknowledged: u32,
}

/// A message of which nobody has the receipt.
#[derive(Debug)]
struct Adrift {
    message: Message,
    /// For how many seconds it was hidden at most.
    seconds: u32,
    /// How many more unacknowledged gets may have given it out.
    maybe_given_out: u32,
}

impl Adrift {
    const fn new(message: Message, seconds: u32) -> Self {
        Self {
            message,
            seconds,
            maybe_given_out: 0,
        }
    }
}

#[derive(Debug)]
enum UnderWay {
    Create,
    Note(u32),
    Put {
        text: String,
    },
    Get {
        most: usize,
        seconds: u32,
    },
    Update {
        id: String,
        text: Option<String>,
        seconds: u32,
    },
    Delete {
        id: String,
    },
}

impl Worker {
    fn new(number: u64, seed: u64) -> Self {
        Self {
            queue: format!("queue-{number}"),
            chance: SeededEntropy::new(seed ^ ((number + 1) << 32)),
            is_begun: false,
            known: BTreeMap::new(),
            adrift: BTreeMap::new(),
            note: 0,
            under_way: None,
            texts: 0,
            acknowledged: 0,
        }
    }

    /// Works until the server is gone, and notes what it had asked for last.
    fn work_until_broken_off(&mut self, mut account: Account) {
        loop {
            let (request, under_way) = self.choose(&account);
            match account.send(request) {
                Ok(response) => {
                    let status = response.status;
                    assert!(status < 300, "{under_way:?}: {}", response.text());
                    self.acknowledged += 1;
                    self.note_done(under_way, &response);
                }
                Err(error) => {
                    assert_ne!(error.kind(), io::ErrorKind::WouldBlock, "{under_way:?}");
                    self.under_way = Some(under_way);
                    return;
                }
            }
        }
    }

    fn choose(&mut self, account: &Account) -> (Request, UnderWay) {
        let queue = self.queue.clone();
        if !self.is_begun {
            let request = account
                .request("PUT", &format!("/{queue}"))
                .header("x-ms-meta-note", "0");
            return (request, UnderWay::Create);
        }
        let choice = self.below(12);
        let chosen = self.any_known();
        match (choice, chosen) {
            (0, _) => {
                let note = self.note + 1;
                let request = account
                    .request("PUT", &format!("/{queue}?comp=metadata"))
                    .header("x-ms-meta-note", note.to_string());
                (request, UnderWay::Note(note))
            }
            (1..=3, _) => {
                let most = self.below(3) + 1;
                // Short ones may be given out again, and are after a kill.
                let seconds = if self.below(2) == 0 { 1 } else { LONG };
                let request = account.get_request(&queue, most, seconds);
                (request, UnderWay::Get { most, seconds })
            }
            (4..=5, Some(message)) => {
                let text = (self.below(2) == 0).then(|| self.text());
                let seconds = if self.below(2) == 0 { 0 } else { LONG };
                let id = message.id.clone();
                let request = account.update_request(&queue, &message, text.as_deref(), seconds);
                (request, UnderWay::Update { id, text, seconds })
            }
            (6.., Some(message)) if self.known.len() > self.below(2 * MESSAGES_WANTED) => {
                let id = message.id.clone();
                let request = account.delete_request(&queue, &message);
                (request, UnderWay::Delete { id })
            }
            _ => {
                let text = self.text();
                let request = account.put_request(&queue, &text, "");
                (request, UnderWay::Put { text })
            }
        }
    }

    fn note_done(&mut self, done: UnderWay, response: &queuerite_testkit::Response) {
        match done {
            UnderWay::Create => self.is_begun = true,
            UnderWay::Note(note) => self.note = note,
            UnderWay::Put { text } => {
                let message = messages(response).remove(0);
                let message = Message { text, ..message };
                let before = self.known.insert(message.id.clone(), message);
                assert_eq!(before, None, "an id was given twice");
            }
            UnderWay::Get { .. } => {
                for message in messages(response) {
                    self.note_gotten(message);
                }
            }
            UnderWay::Update { id, text, .. } => {
                let message = self.known.get_mut(&id).unwrap();
                message.updated(response, text.as_deref());
            }
            UnderWay::Delete { id } => drop(self.known.remove(&id)),
        }
    }

    /// Compares a message that was given out with the notes, and notes it.
    fn note_gotten(&mut self, gotten: Message) {
        let known = self.known.remove(&gotten.id);
        let known = known.map(|message| Adrift::new(message, 0));
        let Some(Adrift {
            message: known,
            maybe_given_out,
            ..
        }) = known.or_else(|| self.adrift.remove(&gotten.id))
        else {
            panic!("{}: nobody put {gotten:?}, or it was deleted", self.queue);
        };
        assert_eq!(gotten.text, known.text);
        assert_eq!(gotten.inserted, known.inserted, "{gotten:?}");
        assert_eq!(gotten.expires, known.expires, "{gotten:?}");
        let counts = known.count + 1..=known.count + 1 + maybe_given_out;
        assert!(counts.contains(&gotten.count), "{gotten:?} after {known:?}");
        self.known.insert(gotten.id.clone(), gotten);
    }

    /// Compares all that the server remembers with the notes.
    fn check(&mut self, account: &mut Account) {
        let queue = self.queue.clone();
        let mut under_way = self.under_way.take();
        if !self.is_begun {
            let queues = account.queues();
            let exists = queues.contains(&queue);
            assert!(!exists || matches!(under_way, Some(UnderWay::Create)));
            self.is_begun = exists;
            return;
        }
        let request = account.request("GET", &format!("/{queue}?comp=metadata"));
        let response = account.expect(200, request);
        let note: u32 = response.header("x-ms-meta-note").unwrap().parse().unwrap();
        match under_way {
            Some(UnderWay::Note(new)) if note == new => self.note = new,
            _ => assert_eq!(note, self.note),
        }
        let count = response.header("x-ms-approximate-messages-count").unwrap();
        let count: usize = count.parse().unwrap();
        if let Some(UnderWay::Get { seconds, .. }) = under_way {
            // Whatever has come back since it went adrift may have been given out once more.
            for adrift in self.adrift.values_mut() {
                adrift.maybe_given_out += 1;
                adrift.seconds = adrift.seconds.max(seconds);
            }
        }
        self.check_receipts(account, under_way.as_ref());

        let mut expected: Vec<_> = self.known.keys().cloned().collect();
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let gotten = account.get(&queue, 32, LONG);
            let is_over = gotten.is_empty();
            for message in gotten {
                expected.retain(|id| *id != message.id);
                let id = &message.id;
                let is_known = self.known.contains_key(id) || self.adrift.contains_key(id);
                match &under_way {
                    Some(UnderWay::Put { text }) if !is_known && *text == message.text => {
                        assert_eq!(message.count, 1);
                        self.known.insert(message.id.clone(), message);
                        under_way = None;
                    }
                    _ => self.note_gotten(message),
                }
            }
            if is_over {
                break;
            }
            assert!(Instant::now() < deadline, "messages come for ever");
        }
        assert_eq!(expected, [""; 0], "{queue}: lost after {under_way:?}");
        let here = self.known.len() + self.adrift.len();
        assert_eq!(count, here, "{queue}: after {under_way:?}");
    }

    /// Every message yields to its receipt and becomes visible, except what was under way.
    fn check_receipts(&mut self, account: &mut Account, under_way: Option<&UnderWay>) {
        let mut touched = 0;
        for (id, mut message) in std::mem::take(&mut self.known) {
            let request = account.update_request(&self.queue, &message, None, 0);
            let response = account.send(request).unwrap();
            if response.status == 204 {
                message.updated(&response, None);
                self.known.insert(id, message);
                continue;
            }
            let what = format!("{message:?} after {under_way:?}: {}", response.text());
            assert_eq!(response.status, 404, "{what}");
            match under_way {
                Some(UnderWay::Get { most, seconds }) => {
                    touched += 1;
                    assert!(touched <= *most, "{what}");
                    message.count += 1;
                    self.adrift.insert(id, Adrift::new(message, *seconds));
                }
                Some(UnderWay::Update {
                    id: updated,
                    text,
                    seconds,
                }) if *updated == id => {
                    message.text = text.clone().unwrap_or(message.text);
                    self.adrift.insert(id, Adrift::new(message, *seconds));
                }
                Some(UnderWay::Delete { id: deleted }) if *deleted == id => {}
                _ => panic!("{what}"),
            }
        }
    }

    /// Messages that an unacknowledged request hid for a short time come back.
    fn wait_for_the_adrift(&mut self, account: &mut Account) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while self.adrift.values().any(|adrift| adrift.seconds < LONG) {
            assert!(Instant::now() < deadline, "{:?} are lost", self.adrift);
            for message in account.get(&self.queue, 32, LONG) {
                self.note_gotten(message);
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn any_known(&mut self) -> Option<Message> {
        let at = self.below(self.known.len().max(1));
        self.known.values().nth(at).cloned()
    }

    /// A text that no other message ever had, of any length.
    fn text(&mut self) -> String {
        self.texts += 1;
        let length = match self.below(20) {
            0 => 60_000,
            1..4 => 5_000,
            _ => self.below(200),
        };
        format!("{}-{}-{}", self.queue, self.texts, "x".repeat(length))
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.chance.next_number() % limit as u64).unwrap()
    }
}
