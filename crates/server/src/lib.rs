//! The server: sockets, threads, clock, configuration.
//!
//! [`Server::start`] opens the store and the ports; when it returns, connections are accepted.
//! The binary adds the command line and the lines that tools wait for.

mod access_log;
pub mod accounts;
mod ambient;
mod answer_body;
mod authorize;
pub mod certify;
mod companion;
pub mod config;
pub mod console;
mod executor;
mod fault;
mod forward;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gate;
mod handle;
mod heads;
pub mod healthcheck;
mod inbox;
pub mod limits;
mod listen;
pub mod logging;
pub mod maintain;
mod memory;
mod own;
mod progress;
mod refusal_page;
mod refusals;
mod request_body;
mod server;
mod service;
pub mod signals;
mod spelling;
mod storage;
pub mod tls;

pub use authorize::{Admitted, AuthorizationError, Authorized, admit};
pub use executor::{BATCH_COMMANDS_MAX, Executor, INBOX_COMMANDS_MAX};
pub use fault::Fault;
pub use server::{Listening, Server, StartError};
pub use service::{QueueService, ServiceError};
