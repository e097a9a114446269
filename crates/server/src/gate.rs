//! What every port asks of a request before it looks at what is wanted: whose account it names, and
//! under which circumstances its credential is judged.

use std::sync::Arc;

use http::request::Parts;
use queuerite_wire::{
    Circumstances, CommonHeaders, Head, HeadError, HeadOptions, RequestId, SERVER_FRONT_END,
    ServiceVersion, StorageService,
};

use crate::accounts::Accounts;
use crate::ambient::wall_clock;
use crate::config::Scheme;
use crate::handle::Connection;

/// The accounts that are served, and how indulgently requests to them are judged.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) head_options: HeadOptions,
    /// Whether any address may use a signature that names some.
    pub(crate) loose: bool,
    /// Whether bearer tokens are taken, their signatures unverified.
    pub(crate) takes_tokens: bool,
}

impl Gate {
    /// Reads the head of a request to an account that is served.
    pub(crate) fn head(&self, parts: &Parts) -> Result<Head, HeadError> {
        let accounts = self.accounts.current();
        let is_served = |name: &str| accounts.serves(name);
        Head::parse(
            &parts.method,
            &parts.uri,
            &parts.headers,
            self.head_options,
            &is_served,
        )
    }

    /// Where and when a request arrives, which is now.
    pub(crate) fn circumstances(
        &self,
        service: StorageService,
        connection: &Connection,
    ) -> Circumstances {
        Circumstances {
            service,
            now: wall_clock(),
            source: connection.remote.ip(),
            is_https: connection.scheme == Scheme::Https,
            takes_tokens: self.takes_tokens,
            strict: self.head_options.strict,
            any_version: self.head_options.any_version,
            any_source: self.loose,
        }
    }
}

/// What an answer repeats of its request, whether that could be read or not.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Echo<'a> {
    pub(crate) version: Option<ServiceVersion>,
    client_request_id: Option<&'a str>,
}

impl<'a> Echo<'a> {
    pub(crate) fn of(head: &'a Result<Head, HeadError>) -> Self {
        match head {
            Ok(head) => Self {
                version: Some(head.version),
                client_request_id: head.client_request_id.as_deref(),
            },
            Err(error) => Self {
                version: error.version,
                client_request_id: error.client_request_id.as_deref(),
            },
        }
    }

    /// The headers of every answer, by the server that is named or by the front end before it.
    pub(crate) fn common_headers(
        self,
        request_id: RequestId,
        server: &'static str,
        is_front_end: bool,
    ) -> CommonHeaders<'a> {
        CommonHeaders {
            request_id,
            date: wall_clock(),
            version: self.version,
            tells_version: !is_front_end,
            server: if is_front_end {
                SERVER_FRONT_END
            } else {
                server
            },
            client_request_id: self.client_request_id,
        }
    }
}
