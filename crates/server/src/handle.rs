//! One request: the whole flow on one screen.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request};
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use queuerite_model::limits::{MESSAGE_TEXT_BYTES_MAX, QUEUES_PER_PAGE_MAX};
use queuerite_model::{ListQueues, MessageText, Operation, Outcome};

use queuerite_wire::{
    Head, KeyInfo, OperationKind, Preflight, RequestId, Response, ResponseContext, SERVER,
    ServiceVersion, StorageService, UserDelegationKey, WireError, check_framing, common_headers,
    error_response, parse_command, parse_key_info, respond, respond_user_delegation_key, share,
};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::ambient::{random_bytes, wall_clock};
use crate::answer_body::AnswerBody;
use crate::authorize::{Admitted, admit};
use crate::config::Scheme;
use crate::fault::Fault;
use crate::gate::{Echo, Gate};
use crate::heads::Names;
use crate::limits::Limits;
use crate::logging::without_signatures;
use crate::memory::{Memory, Share};
use crate::service::QueueService;
use crate::spelling::Spellings;
use crate::{access_log, own, refusal_page, request_body};

/// The HTTP side of the server: everything between a request and the service.
#[derive(Debug)]
pub(crate) struct Front<Service> {
    pub(crate) service: Service,
    pub(crate) gate: Gate,
    pub(crate) access_log: bool,
    pub(crate) limits: Limits,
    pub(crate) memory: Memory,
}

/// What is known of the connection that a request came on.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) remote: SocketAddr,
    pub(crate) scheme: Scheme,
    /// Whether its client speaks in clear where TLS is spoken.
    pub(crate) lacks_tls: bool,
    pub(crate) spellings: Arc<Spellings>,
}

impl<Service: QueueService> Front<Service> {
    /// Answers a request, and writes its line in the access log.
    pub(crate) async fn handle(
        &self,
        request: Request<&mut Incoming>,
        connection: &Connection,
    ) -> http::Response<AnswerBody> {
        let (parts, body) = request.into_parts();
        let seen = connection.spellings.of_next_request();
        let (response, held) = if seen.is_ambiguous {
            (refusal_page::ambiguous(), Share::default())
        } else if own::is_own(parts.uri.path()) {
            (own::answer(&parts, &self.service), Share::default())
        } else if connection.lacks_tls {
            (refusal_page::lacks_tls(), Share::default())
        } else {
            let request_id = RequestId::from_random(random_bytes());
            let span = tracing::debug_span!("request", request_id = %request_id);
            self.answer(&parts, body, &seen.names, request_id, connection)
                .instrument(span)
                .await
        };
        // A health check every other second is of no interest.
        if self.access_log && !own::is_own(parts.uri.path()) {
            access_log::write_answer(connection.remote, &parts, &response);
        }
        let names = response.spelled_names.iter();
        connection
            .spellings
            .restore(names.map(|name| name.as_str().into()));
        let deadline = || Instant::now() + self.limits.answer_time;
        into_http(response, |body| AnswerBody::new(body, held, deadline))
    }

    async fn answer(
        &self,
        parts: &Parts,
        body: &mut Incoming,
        spelled: &Names,
        request_id: RequestId,
        connection: &Connection,
    ) -> (Response, Share) {
        tracing::debug!(method = %parts.method, url = %access_log::redacted(&parts.uri.to_string()), "request");
        let head = self.gate.head(parts);
        let echo = Echo::of(&head);
        let result = match &head {
            Ok(head) => self.serve(head, parts, body, spelled, connection).await,
            Err(error) => Err(Fault::of_head(error)),
        };
        let is_front_end = result.as_ref().is_err_and(|fault| fault.is_front_end);
        let (mut response, held) = result.unwrap_or_else(|fault| {
            tracing::debug!(
                code = fault.code.name(),
                details = %without_signatures(&format!("{:?}", fault.details)),
                "refused"
            );
            let is_head = parts.method == Method::HEAD;
            let response = explain(fault, request_id, echo.version, is_head);
            (response, Share::default())
        });
        let common = echo.common_headers(request_id, SERVER, is_front_end);
        common_headers(&mut response, &common);
        if let Ok(head) = &head
            && head.version.has_cors()
            && head.method != Method::OPTIONS
        {
            let rules = self.service.cors_rules(&head.resource.account);
            share(&mut response, &rules, &head.method, &parts.headers);
        }
        tracing::debug!(status = response.status.as_u16(), "answered");
        (response, held)
    }

    async fn serve(
        &self,
        head: &Head,
        parts: &Parts,
        body: &mut Incoming,
        spelled: &Names,
        connection: &Connection,
    ) -> Result<(Response, Share), Fault> {
        if head.method == Method::OPTIONS {
            return Ok((self.preflight(head, parts)?, Share::default()));
        }
        let (outcome, list, mut share) =
            match self.execute(head, parts, body, spelled, connection).await? {
                Done::Command {
                    outcome,
                    list,
                    share,
                } => (outcome, list, share),
                Done::UserDelegationKey(key) => {
                    return Ok((respond_user_delegation_key(&key), Share::default()));
                }
            };
        // Only the list of queues tells it.
        let service_endpoint = list.as_ref().map(|_| {
            let host = head.host.as_deref().unwrap_or_default();
            let scheme = connection.scheme.name();
            head.resource.service_endpoint(scheme, host)
        });
        let context = ResponseContext {
            version: head.version,
            method_is_head: head.method == Method::HEAD,
            account: &head.resource.account,
            service_endpoint: service_endpoint.as_deref().unwrap_or_default(),
            list: list.as_ref(),
        };
        let response = respond(&context, &outcome);
        self.memory.fit(&mut share, response.body.len());
        Ok((response, share))
    }

    /// The one request that needs no credential: a browser asks what it may send.
    fn preflight(&self, head: &Head, parts: &Parts) -> Result<Response, Fault> {
        let preflight = Preflight::read(&parts.headers).map_err(Fault::of_preflight_header)?;
        let rules = self.service.cors_rules(&head.resource.account);
        preflight.answer(&rules).ok_or_else(Fault::of_preflight)
    }

    /// Believes, permits, reads and carries out a request, in this order: a credential that is
    /// not good enough hides every other mistake, and a mistake in the request hides the state
    /// of the queues.
    async fn execute(
        &self,
        head: &Head,
        parts: &Parts,
        body: &mut Incoming,
        spelled: &Names,
        connection: &Connection,
    ) -> Result<Done, Fault> {
        let refuse = |error| Fault::of_request(error, head.version);
        let admitted = self.admit(head, parts, connection)?;
        check_framing(&parts.method, &parts.headers).map_err(refuse)?;
        let (body, _share_of_body) = request_body::read(body, self.limits.body_time, &self.memory)
            .await
            .map_err(|error| Fault::of_body(error, head.version))?;
        let head = admitted.head();
        if admitted.operation() == OperationKind::GetUserDelegationKey {
            let info = parse_key_info(head, &parts.headers, &body, admitted.at());
            let key = info.and_then(|info| self.user_delegation_key(&admitted, &info));
            return key.map(Done::UserDelegationKey).map_err(refuse);
        }
        let command = parse_command(head, &parts.headers, spelled, &body).map_err(refuse)?;
        tracing::debug!(operation = command.operation.name(), account = %command.account, "parsed");
        let list = match &command.operation {
            Operation::ListQueues(list) => Some(list.clone()),
            _ => None,
        };
        let visibility_timeout = head.query.get("visibilitytimeout").unwrap_or_default();
        let visibility_timeout = visibility_timeout.to_owned();
        let command = admitted
            .authorize(command)
            .map_err(Fault::of_authorization)?;
        let share = self
            .memory
            .take(expected_bytes(&command.command().operation))
            .await
            .map_err(Fault::of_memory)?;
        let outcome = self
            .service
            .execute(command)
            .await
            .map_err(|error| Fault::of_service(error, &visibility_timeout))?;
        Ok(Done::Command {
            outcome,
            list,
            share,
        })
    }

    /// The one operation that does not concern the queues: a key is made of the account's keys
    /// and of what is asked.
    fn user_delegation_key(
        &self,
        admitted: &Admitted<'_>,
        info: &KeyInfo,
    ) -> Result<UserDelegationKey, WireError> {
        let holder = admitted.token_holder();
        let holder = holder.ok_or(WireError::OperationNeedsBearerToken)?;
        let Head {
            resource, version, ..
        } = admitted.head();
        let account = &resource.account;
        let accounts = self.gate.accounts.current();
        let keys = accounts.keys(account).ok_or(WireError::UnknownAccount)?;
        UserDelegationKey::issue(info, holder, account, keys, *version, admitted.at())
    }

    fn admit<'a>(
        &self,
        head: &'a Head,
        parts: &Parts,
        connection: &Connection,
    ) -> Result<Admitted<'a>, Fault> {
        let accounts = self.gate.accounts.current();
        let keys = accounts.keys(&head.resource.account);
        let keys =
            keys.ok_or_else(|| Fault::of_request(WireError::UnknownAccount, head.version))?;
        let circumstances = self.gate.circumstances(StorageService::Queue, connection);
        let admitted = admit(head, &parts.headers, keys, &circumstances)?;
        if admitted.token_holder().is_some() {
            tracing::debug!("the token is accepted; its signature is not verified");
        } else if tracing::enabled!(tracing::Level::DEBUG) {
            let string_to_sign = format!("{:?}", admitted.string_to_sign());
            tracing::debug!(
                string_to_sign = %without_signatures(&string_to_sign),
                "the signature fits"
            );
        }
        Ok(admitted)
    }
}

/// What came of a request.
enum Done {
    Command {
        outcome: Outcome<MessageText>,
        /// The parameters of List Queues, which its answer repeats.
        list: Option<ListQueues>,
        /// The memory that was taken for the answer.
        share: Share,
    },
    UserDelegationKey(UserDelegationKey),
}

/// About how long the answer may be. It may be up to five times as long, if its texts are full of
/// characters that are written as entities.
fn expected_bytes(operation: &Operation) -> usize {
    let (items, bytes_each) = match operation {
        Operation::GetMessages { count, .. } | Operation::PeekMessages { count, .. } => {
            (*count, MESSAGE_TEXT_BYTES_MAX + MESSAGE_BYTES)
        }
        Operation::ListQueues(list) => {
            (list.max_results.unwrap_or(QUEUES_PER_PAGE_MAX), QUEUE_BYTES)
        }
        _ => (0, 0),
    };
    usize::try_from(items)
        .unwrap_or(usize::MAX)
        .saturating_mul(bytes_each)
}

/// What a message takes in a list beside its text.
const MESSAGE_BYTES: usize = 512;
/// What a queue without metadata takes in a list.
const QUEUE_BYTES: usize = 128;

/// The document of an error.
pub(crate) fn explain(
    fault: Fault,
    request_id: RequestId,
    version: Option<ServiceVersion>,
    is_head: bool,
) -> Response {
    let Fault {
        code,
        text,
        details,
        header,
        ..
    } = fault;
    let id = request_id.to_string();
    let mut response = error_response(code, &text, &details, &id, wall_clock(), version, is_head);
    if let Some((name, value)) = header {
        response.set(name, value.into_owned());
    }
    response
}

pub(crate) fn into_http(
    response: Response,
    body: impl FnOnce(Bytes) -> AnswerBody,
) -> http::Response<AnswerBody> {
    let mut http = http::Response::new(body(response.body));
    *http.status_mut() = response.status;
    *http.headers_mut() = response.headers;
    if let Some(reason) = response
        .reason
        .and_then(|text| ReasonPhrase::try_from(text).ok())
    {
        http.extensions_mut().insert(reason);
    }
    http
}
