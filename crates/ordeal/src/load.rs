//! Many clients at once, and what they find.

use std::net::SocketAddr;
use std::thread;

use crate::findings::{Ends, Finding, Kind, Report};
use crate::worker::{End, Worker};

/// Clients with their ledgers. They outlive the server that they work on.
pub struct Load {
    workers: Vec<Worker>,
    /// How many of them work at present.
    at_work: usize,
    checks: u32,
    report: Report,
}

impl Load {
    /// So many clients, that do what the seed says. What becomes of it is up to the scheduler.
    pub fn new(clients: usize, seed: u64) -> Self {
        Self {
            workers: (0..clients).map(|n| Worker::new(n, seed)).collect(),
            at_work: clients,
            checks: 0,
            report: Report::default(),
        }
    }

    /// From now on so many clients work, all of them unless told otherwise. If they work heavily,
    /// they write much that is soon dead, between messages that stay: so a server has to move
    /// these when it wants its space back.
    pub fn vary(&mut self, clients: usize, is_heavy: bool) {
        self.at_work = clients;
        for worker in &mut self.workers {
            worker.is_heavy = is_heavy;
        }
    }

    /// Lets every client work until it loses the server at this address or is refused, which
    /// `meanwhile` has to bring about. Returns how each client ended.
    pub fn work<T>(&mut self, address: SocketAddr, meanwhile: impl FnOnce() -> T) -> (T, Vec<End>) {
        let (result, ends) = thread::scope(|scope| {
            let threads: Vec<_> = self
                .workers
                .iter_mut()
                .take(self.at_work)
                .map(|worker| scope.spawn(move || worker.work(address)))
                .collect();
            let result = meanwhile();
            let ends = threads.into_iter().map(|thread| thread.join().unwrap());
            (result, ends.collect())
        });
        for worker in &mut self.workers {
            self.report.under_way += u64::from(worker.under_way.is_some());
            self.report.acknowledged += std::mem::take(&mut worker.acknowledged);
            self.report.text_bytes += std::mem::take(&mut worker.text_bytes);
        }
        (result, ends)
    }

    /// Compares all that the server at this address remembers with the ledgers.
    pub fn check(&mut self, address: SocketAddr) {
        let round = self.checks;
        self.checks += 1;
        self.report.rounds = round;
        self.each(|worker| {
            worker.round = round;
            worker.check(address);
        });
    }

    /// Gets and deletes all that can be gotten, comparing it with the ledgers.
    pub fn drain(&mut self, address: SocketAddr) {
        self.each(|worker| worker.drain(address));
    }

    /// Adds a finding of somebody else.
    pub fn find(&mut self, kind: Kind, what: impl Into<String>) {
        let (round, what) = (self.report.rounds, what.into());
        self.report.findings.push(Finding {
            round,
            kind,
            count: 1,
            what,
        });
    }

    /// Takes every end for a finding but that of a closed connection.
    pub fn expect_closed(&mut self, ends: &[End]) {
        for end in ends {
            match end {
                End::Closed => {}
                End::Refused(status) => self.find(Kind::Refused, format!("status {status}")),
                End::NotAnswered => self.find(Kind::NotAnswered, "no answer, for ever"),
            }
        }
    }

    /// Forgets everything, as the server has.
    pub fn begin_anew(&mut self) {
        for worker in &mut self.workers {
            worker.under_way = None;
            for place in 0..worker.queues.len() {
                worker.abandon(place);
            }
        }
    }

    /// Where the ways are counted in which the server ended.
    pub(crate) const fn ends(&mut self) -> &mut Ends {
        &mut self.report.ends
    }

    /// What was done and found so far.
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// The same, and panics with it if anything was found, or if nothing was done.
    pub fn expect_no_losses(&self) -> &Report {
        assert!(self.report.findings.is_empty(), "{}", self.report);
        assert!(self.report.acknowledged > 0, "nothing happened");
        &self.report
    }

    fn each(&mut self, work: impl Fn(&mut Worker) + Sync) {
        thread::scope(|scope| {
            for worker in &mut self.workers {
                scope.spawn(|| work(worker));
            }
        });
        self.collect();
    }

    fn collect(&mut self) {
        for worker in &mut self.workers {
            self.report.findings.append(&mut worker.findings);
        }
    }
}
