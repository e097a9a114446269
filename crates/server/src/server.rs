//! A running server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use queuerite_store::StoreError;
use queuerite_wire::HeadOptions;
use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::accounts::{Accounts, AccountsError};
use crate::ambient::{SystemClock, SystemEntropy};
use crate::answer_body::AnswerBody;
use crate::companion::Companion;
use crate::config::{Config, Endpoint, Scheme, Service, Storage};
use crate::executor::{Executor, Running};
use crate::forward::Forward;
use crate::gate::Gate;
use crate::handle::{Connection, Front};
use crate::listen::{self, Answer, Http, Terms};
use crate::memory::Memory;
use crate::storage;
use crate::tls::Tls;

/// A server that accepts connections.
#[derive(Debug)]
pub struct Server {
    listening: Vec<Listening>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
    executor: Running,
}

/// A service, and the address that it got.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Listening {
    /// Which one.
    pub service: Service,
    /// Where.
    pub address: SocketAddr,
}

impl Server {
    /// Opens the ports first and the store second, so that a server that cannot have its port
    /// has touched nothing. When this returns, connections are accepted, and spoken to through
    /// TLS if there is any.
    pub async fn start(config: &Config, tls: Option<&Tls>) -> Result<Self, StartError> {
        let accounts = Arc::new(Accounts::open(config.accounts.clone())?);
        let mut listeners = Vec::new();
        for (service, endpoint) in config.services() {
            listeners.push((service, bind(service, endpoint).await?));
        }
        let listening = listeners
            .iter()
            .map(|(service, listener)| {
                let address = listener.local_addr().map_err(StartError::Socket)?;
                Ok(Listening {
                    service: *service,
                    address,
                })
            })
            .collect::<Result<_, StartError>>()?;

        let opened = storage::open(config).map_err(|source| StartError::store(config, source))?;
        let clock = SystemClock::new(opened.last_commit);
        let (service, executor) =
            Executor::start(opened.engine, clock, SystemEntropy).map_err(StartError::Thread)?;
        let gate = Gate {
            accounts: Arc::clone(&accounts),
            head_options: HeadOptions {
                strict: config.strict,
                any_version: config.any_version,
                host_style: config.host_style,
            },
            loose: config.loose,
            takes_tokens: config.takes_tokens,
        };
        let front = Box::new(Front {
            service,
            gate: gate.clone(),
            access_log: config.access_log,
            limits: config.limits,
            memory: Memory::new(config.limits.memory_bytes, config.limits.memory_wait),
        });

        if config.takes_tokens && config.scheme() == Scheme::Http {
            tracing::warn!(
                "--oauth without --cert: tokens are taken over HTTPS only, so none will be"
            );
        }
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let mut queue = Some(Answerer::Queue(front));
        for (service, listener) in listeners {
            let terms = Terms {
                keep_alive: config.keep_alive,
                limits: config.limits,
                tls: tls.cloned(),
                stop: stop.clone(),
            };
            if let Some(target) = config.proxy(service).cloned() {
                let forward = Arc::new(Forward { service, target });
                tasks.spawn(listen::serve(listener, forward, terms));
                continue;
            }
            let companion = || {
                Answerer::Companion(Companion {
                    service,
                    gate: gate.clone(),
                    access_log: config.access_log,
                })
            };
            let answerer = match service {
                Service::Queue => queue.take().unwrap_or_else(companion),
                Service::Blob | Service::Table => companion(),
            };
            let http = Arc::new(Http(Arc::new(answerer)));
            tasks.spawn(listen::serve(listener, http, terms));
        }
        if accounts.is_reloadable() {
            tasks.spawn(reload_accounts(accounts, stop.clone()));
        }
        Ok(Self {
            listening,
            stop,
            tasks,
            executor,
        })
    }

    /// The services, in the order in which Azurite tells of them.
    pub fn listening(&self) -> &[Listening] {
        &self.listening
    }

    /// Stops accepting, answers what is under way for at most
    /// [`STOP_TIME_MAX`](crate::limits::STOP_TIME_MAX), and closes the store. Says whether it is closed:
    /// a store that does not return is not waited for.
    pub async fn stop(mut self) -> bool {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
        // The last handle to the executor went with the tasks, so it finishes and ends.
        self.executor.ended().await
    }
}

/// Who answers on a port: one type for all, so that speaking HTTP is compiled once.
#[derive(Debug)]
enum Answerer {
    Queue(Box<Front<Executor>>),
    Companion(Companion),
}

impl Answer for Answerer {
    async fn answer(
        &self,
        request: Request<&mut Incoming>,
        connection: &Connection,
    ) -> http::Response<AnswerBody> {
        match self {
            Self::Queue(front) => front.handle(request, connection).await,
            Self::Companion(companion) => companion.handle(request, connection),
        }
    }
}

async fn bind(service: Service, endpoint: &Endpoint) -> Result<TcpListener, StartError> {
    listen::bind(&endpoint.host, endpoint.port)
        .await
        .map_err(|source| StartError::Listen {
            service,
            host: endpoint.host.clone(),
            port: endpoint.port,
            source,
        })
}

/// How often a file of accounts is read again; as often as Azurite does with its variable.
const ACCOUNTS_RELOAD_INTERVAL: Duration = Duration::from_mins(1);

async fn reload_accounts(accounts: Arc<Accounts>, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(ACCOUNTS_RELOAD_INTERVAL) => {}
            () = stop.cancelled() => break,
        }
        // A file system that hangs must hold up neither this task nor a stop.
        let accounts = Arc::clone(&accounts);
        let reload = tokio::task::spawn_blocking(move || accounts.reload());
        tokio::select! {
            _ = reload => {}
            () = stop.cancelled() => break,
        }
    }
}

/// Why a server does not start. Displays as one line.
#[derive(Debug, Error)]
pub enum StartError {
    /// The accounts cannot be read.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// A port cannot be had.
    #[error("the {service} service cannot listen on {host}:{port}: {source}")]
    Listen {
        /// Which service.
        service: Service,
        /// The host as it was asked for.
        host: String,
        /// The port as it was asked for.
        port: u16,
        /// Why.
        source: std::io::Error,
    },
    /// A socket does not know its address.
    #[error("a listening socket has no address: {0}")]
    Socket(std::io::Error),
    /// A thread cannot be started.
    #[error("cannot start the executor's thread: {0}")]
    Thread(std::io::Error),
    /// The location cannot be used.
    #[error("cannot use the location {}: {}", location.display(), chain(source))]
    Store {
        /// The location as it was asked for.
        location: PathBuf,
        /// Why.
        source: StoreError,
    },
}

impl StartError {
    fn store(config: &Config, source: StoreError) -> Self {
        let location = match &config.storage {
            Storage::Disk { location, .. } => location.clone(),
            Storage::Memory { .. } => PathBuf::new(),
        };
        Self::Store { location, source }
    }
}

/// An error and its causes in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |line, cause| format!("{line}: {cause}"))
}
