//! What is measured: one table.

use serde::Serialize;

use crate::request::Credential;
use crate::script::Workload;

/// What is driven.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Server {
    /// Hyper alone, answering a constant.
    Floor,
    /// This server with `--durability fsync`.
    Fsync,
    /// This server with `--durability flush`.
    Flush,
    /// This server with `--durability none`.
    None,
    /// This server with `--inMemoryPersistence`.
    Memory,
    /// Azurite's queue service.
    Azurite,
}

impl Server {
    /// As the tables call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Fsync => "fsync",
            Self::Flush => "flush",
            Self::None => "none",
            Self::Memory => "memory",
            Self::Azurite => "Azurite",
        }
    }
}

/// What is done with a server.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Setup {
    /// Which server.
    pub server: Server,
    /// What clients do.
    pub workload: Workload,
    /// How many there are, with a connection each.
    pub connections: usize,
    /// How long a text is.
    pub bytes: usize,
    /// How many messages are in the queues at first.
    pub depth: u64,
    /// How many are in a queue that nobody uses.
    pub backlog: u64,
    /// How many queues are used.
    pub queues: usize,
    /// How requests are permitted.
    pub credential: Credential,
    /// Whether connections are encrypted.
    pub tls: bool,
    /// The requests that are due in a second, in an open loop.
    pub per_second: Option<f64>,
}

impl Setup {
    /// Nothing at all.
    pub const IDLE: Self = PUT;

    /// In words, without the server.
    pub fn details(&self) -> String {
        let mut words = vec![format!("{:?}", self.workload)];
        words.push(match self.connections {
            1 => "1 connection".into(),
            more => format!("{more} connections"),
        });
        words.push(match self.bytes {
            bytes if bytes >= 1024 => format!("{} KiB", bytes / 1024),
            bytes => format!("{bytes} B"),
        });
        if self.depth > 0 {
            words.push(format!("depth {}", self.depth));
        }
        if self.backlog > 0 {
            words.push(format!("beside a backlog of {}", self.backlog));
        }
        if self.queues > 1 {
            words.push(format!("{} queues", self.queues));
        }
        if self.credential == Credential::Sas {
            words.push("SAS".into());
        }
        if self.tls {
            words.push("TLS".into());
        }
        if let Some(per_second) = self.per_second {
            words.push(format!("{per_second} due in a second"));
        }
        words.join(", ")
    }

    /// Whether filling the queues takes so long that a server is kept for all its rounds.
    pub(crate) const fn is_deep(&self) -> bool {
        (self.depth > DEPTH_FRESH_MAX || self.backlog > DEPTH_FRESH_MAX)
            && !matches!(self.workload, Workload::Get32)
    }

    /// The same, small enough for a short run that only shows that everything works.
    fn shrunk(self) -> Self {
        Self {
            depth: self.depth.min(3_200),
            backlog: self.backlog.min(3_200),
            queues: self.queues.min(100),
            ..self
        }
    }
}

const DEPTH_FRESH_MAX: u64 = 40_000;

/// What is measured in turn, and compared.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is called.
    pub name: String,
    /// A row each in the table.
    pub rows: Vec<Setup>,
    /// How often each row is measured.
    pub rounds: usize,
    /// For how long.
    pub seconds: f64,
    /// Whether each round also asks the disk itself.
    pub times_disk: bool,
}

/// How much is measured.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extent {
    /// Everything once and briefly, to show that it works.
    Quick,
    /// What the README tells.
    Default,
    /// Curves over everything.
    Full,
}

/// Rounds, and seconds of each.
type Effort = (usize, f64);

const GLANCE: Effort = (1, 0.2);
const SHORT: Effort = (3, 1.0);
const LONG: Effort = (5, 1.5);

struct Line {
    name: &'static str,
    servers: &'static [Server],
    setups: &'static [Setup],
    quick: Effort,
    default: Effort,
}

const ALL: &[Server] = &[
    Server::Floor,
    Server::Fsync,
    Server::Flush,
    Server::None,
    Server::Memory,
    Server::Azurite,
];
const MAIN: &[Server] = &[
    Server::Floor,
    Server::Fsync,
    Server::Memory,
    Server::Azurite,
];
/// Where the floor has nothing to compare, and Azurite would take too long.
const OWN: &[Server] = &[Server::Fsync];

const PUT: Setup = Setup {
    server: Server::Fsync,
    workload: Workload::Put,
    connections: 64,
    bytes: 1024,
    depth: 0,
    backlog: 0,
    queues: 1,
    credential: Credential::SharedKey,
    tls: false,
    per_second: None,
};
const CYCLE: Setup = Setup {
    workload: Workload::Cycle,
    depth: 1_000,
    ..PUT
};
const GET: Setup = Setup {
    workload: Workload::Get,
    ..CYCLE
};

/// The names that the findings look for.
pub(crate) mod names {
    pub(crate) const PUT: &str = "put";
    pub(crate) const CYCLE: &str = "cycle";
    pub(crate) const PUT_1: &str = "put, 1 connection";
    pub(crate) const DEPTHS: &str = "get by depth";
    pub(crate) const EMPTY: &str = "gets beside a backlog";
    pub(crate) const BESIDE: &str = "cycle beside a backlog";
    pub(crate) const TLS: &str = "TLS";
}

const TABLE: &[Line] = &[
    Line {
        name: names::PUT,
        servers: ALL,
        setups: &[PUT],
        quick: SHORT,
        default: LONG,
    },
    Line {
        name: names::CYCLE,
        servers: ALL,
        setups: &[CYCLE],
        quick: SHORT,
        default: LONG,
    },
    Line {
        name: names::PUT_1,
        servers: MAIN,
        setups: &[Setup {
            connections: 1,
            ..PUT
        }],
        quick: GLANCE,
        default: LONG,
    },
    Line {
        name: "put, 16 connections",
        servers: MAIN,
        setups: &[Setup {
            connections: 16,
            ..PUT
        }],
        quick: GLANCE,
        default: SHORT,
    },
    Line {
        name: "put, 512 connections",
        servers: MAIN,
        setups: &[Setup {
            connections: 512,
            ..PUT
        }],
        quick: GLANCE,
        default: SHORT,
    },
    Line {
        name: "put, 100 B",
        servers: MAIN,
        setups: &[Setup { bytes: 100, ..PUT }],
        quick: GLANCE,
        default: SHORT,
    },
    Line {
        name: "put, 64 KiB",
        servers: MAIN,
        setups: &[Setup {
            bytes: 64 * 1024,
            ..PUT
        }],
        quick: GLANCE,
        default: SHORT,
    },
    Line {
        name: names::DEPTHS,
        servers: OWN,
        setups: &[
            GET,
            Setup {
                depth: 100_000,
                ..GET
            },
            Setup {
                depth: 1_000_000,
                ..GET
            },
        ],
        quick: GLANCE,
        default: LONG,
    },
    Line {
        name: names::EMPTY,
        servers: OWN,
        setups: &[
            Setup {
                workload: Workload::GetNothing,
                ..PUT
            },
            Setup {
                workload: Workload::GetNothing,
                backlog: 100_000,
                ..PUT
            },
        ],
        quick: GLANCE,
        default: LONG,
    },
    Line {
        name: names::BESIDE,
        servers: OWN,
        setups: &[
            Setup { depth: 0, ..CYCLE },
            Setup {
                depth: 0,
                backlog: 100_000,
                ..CYCLE
            },
        ],
        quick: GLANCE,
        default: LONG,
    },
    Line {
        name: "get of 1",
        servers: MAIN,
        setups: &[GET],
        quick: GLANCE,
        default: SHORT,
    },
    Line {
        name: "get of 32",
        servers: &[Server::Floor, Server::Fsync, Server::Memory],
        setups: &[Setup {
            workload: Workload::Get32,
            depth: 40_000,
            ..PUT
        }],
        quick: GLANCE,
        default: SHORT,
    },
    Line {
        name: "peek",
        servers: MAIN,
        setups: &[Setup {
            workload: Workload::Peek,
            ..CYCLE
        }],
        quick: GLANCE,
        default: SHORT,
    },
    Line {
        name: "peek at 32",
        servers: MAIN,
        setups: &[Setup {
            workload: Workload::Peek32,
            ..CYCLE
        }],
        quick: GLANCE,
        default: SHORT,
    },
    Line {
        name: "update",
        servers: MAIN,
        setups: &[Setup {
            workload: Workload::Update,
            ..PUT
        }],
        quick: GLANCE,
        default: SHORT,
    },
    Line {
        name: "mixed",
        servers: MAIN,
        setups: &[Setup {
            workload: Workload::Mixed,
            ..CYCLE
        }],
        quick: GLANCE,
        default: SHORT,
    },
    Line {
        name: "list",
        servers: &[Server::Fsync, Server::Azurite],
        setups: &[Setup {
            workload: Workload::List,
            queues: 50,
            ..PUT
        }],
        quick: GLANCE,
        default: SHORT,
    },
    Line {
        name: "queues",
        servers: OWN,
        setups: &[
            CYCLE,
            Setup {
                queues: 1_000,
                ..CYCLE
            },
        ],
        quick: GLANCE,
        default: SHORT,
    },
    Line {
        name: names::TLS,
        servers: &[Server::Fsync, Server::Memory],
        setups: &[PUT, Setup { tls: true, ..PUT }],
        quick: GLANCE,
        default: LONG,
    },
    Line {
        name: "SAS",
        servers: OWN,
        setups: &[
            PUT,
            Setup {
                credential: Credential::Sas,
                ..PUT
            },
        ],
        quick: GLANCE,
        default: SHORT,
    },
    Line {
        name: "open loop, 500/s",
        servers: MAIN,
        setups: &[Setup {
            depth: 100,
            per_second: Some(500.0),
            ..CYCLE
        }],
        quick: GLANCE,
        default: SHORT,
    },
    Line {
        name: "open loop, 5000/s",
        servers: &[Server::Floor, Server::Fsync, Server::Memory],
        setups: &[Setup {
            per_second: Some(5_000.0),
            ..CYCLE
        }],
        quick: GLANCE,
        default: SHORT,
    },
];

/// The cases of so much, in the order in which they are measured.
pub fn plan(extent: Extent) -> Vec<Case> {
    let mut cases: Vec<_> = TABLE.iter().map(|line| line.case(extent)).collect();
    if extent == Extent::Full {
        cases.extend(curves());
    }
    cases
}

impl Line {
    fn case(&self, extent: Extent) -> Case {
        let (rounds, seconds) = match extent {
            Extent::Quick => self.quick,
            Extent::Default | Extent::Full => self.default,
        };
        let mut rows = Vec::new();
        for &server in self.servers {
            if extent == Extent::Quick && matches!(server, Server::Flush | Server::None) {
                continue;
            }
            for &setup in self.setups {
                let setup = Setup { server, ..setup };
                let setup = match extent {
                    Extent::Quick => setup.shrunk(),
                    Extent::Default | Extent::Full => setup,
                };
                if !rows.contains(&setup) {
                    rows.push(setup);
                }
            }
        }
        Case {
            name: self.name.into(),
            rows,
            rounds,
            seconds,
            times_disk: self.name == names::PUT_1,
        }
    }
}

/// One dimension at a time.
fn curves() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: String, servers: &[Server], setup: Setup| {
        let rows = servers.iter().map(|&server| Setup { server, ..setup });
        cases.push(Case {
            name,
            rows: rows.collect(),
            rounds: SHORT.0,
            seconds: SHORT.1,
            times_disk: false,
        });
    };
    for connections in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512] {
        for (what, setup) in [("put", PUT), ("cycle", CYCLE)] {
            let setup = Setup {
                connections,
                ..setup
            };
            add(
                format!("curve: {what}, {connections} connections"),
                ALL,
                setup,
            );
        }
    }
    for bytes in [100, 1024, 4 * 1024, 16 * 1024, 64 * 1024] {
        for (what, setup) in [("put", PUT), ("cycle", CYCLE)] {
            let setup = Setup { bytes, ..setup };
            add(format!("curve: {what}, {bytes} bytes"), ALL, setup);
        }
    }
    for depth in [1_000, 10_000, 100_000, 1_000_000] {
        for (what, workload) in [
            ("get", Workload::Get),
            ("peek", Workload::Peek),
            ("cycle", Workload::Cycle),
        ] {
            let setup = Setup {
                workload,
                depth,
                ..CYCLE
            };
            let servers = [Server::Fsync, Server::Memory];
            add(format!("curve: {what}, depth {depth}"), &servers, setup);
        }
    }
    cases
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_workload_credential_and_pace_is_in_every_plan() {
        for extent in [Extent::Quick, Extent::Default, Extent::Full] {
            let cases = plan(extent);
            let rows: Vec<_> = cases.iter().flat_map(|case| &case.rows).collect();
            let workloads: HashSet<_> = rows.iter().map(|row| row.workload).collect();
            assert_eq!(workloads.len(), Workload::ALL.len());
            assert!(rows.iter().any(|row| row.credential == Credential::Sas));
            assert!(rows.iter().any(|row| row.tls));
            assert!(rows.iter().any(|row| row.per_second.is_some()));
        }
    }

    #[test]
    fn names_are_unique() {
        let cases = plan(Extent::Full);
        let names: HashSet<_> = cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names.len(), cases.len());
    }
}
