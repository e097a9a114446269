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
    Circumstances, CommonHeaders, Credential, Head, HeadError, HeadOptions, Preflight, RequestId,
    Response, ResponseContext, SERVER, SERVER_FRONT_END, ServiceVersion, Verified, WireError,
    check_framing, common_headers, error_response, parse_command, respond, share, verify,
};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::accounts::Accounts;
use crate::ambient::{random_bytes, wall_clock};
use crate::answer_body::AnswerBody;
use crate::authorize::authorize;
use crate::config::Scheme;
use crate::fault::Fault;
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
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) head_options: HeadOptions,
    /// Whether any address may use a signature that names some.
    pub(crate) loose: bool,
    pub(crate) access_log: bool,
    pub(crate) limits: Limits,
    pub(crate) memory: Memory,
}

/// What is known of the connection that a request came on.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) remote: SocketAddr,
    pub(crate) scheme: Scheme,
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
        } else {
            let request_id = RequestId::from_random(random_bytes());
            let span = tracing::debug_span!("request", request_id = %request_id);
            self.answer(&parts, body, &seen.names, request_id, connection)
                .instrument(span)
                .await
        };
        if self.access_log {
            access_log::write(&access_log::Entry {
                remote: connection.remote.ip(),
                at: wall_clock(),
                method: &parts.method,
                url: parts.uri.path_and_query().map_or("", |url| url.as_str()),
                version: parts.version,
                status: response.status,
                length: Some(response.body.len() as u64),
            });
        }
        let names = response.spelled_names.iter();
        connection
            .spellings
            .restore(names.map(|name| name.as_str().into()));
        let deadline = Instant::now() + self.limits.answer_time;
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
        let accounts = self.accounts.current();
        let is_served = |name: &str| accounts.serves(name);
        let head = Head::parse(
            &parts.method,
            &parts.uri,
            &parts.headers,
            self.head_options,
            &is_served,
        );
        let (result, version, client_request_id) = match &head {
            Ok(head) => {
                let result = self.serve(head, parts, body, spelled, connection).await;
                (
                    result,
                    Some(head.version),
                    head.client_request_id.as_deref(),
                )
            }
            Err(HeadError {
                error,
                version,
                client_request_id,
            }) => {
                let fault =
                    Fault::of_request(error.clone(), version.unwrap_or(ServiceVersion::NEWEST));
                (Err(fault), *version, client_request_id.as_deref())
            }
        };
        let is_front_end = result.as_ref().is_err_and(|fault| fault.is_front_end);
        let (mut response, held) = result.unwrap_or_else(|fault| {
            tracing::debug!(
                code = fault.code.name(),
                details = %without_signatures(&format!("{:?}", fault.details)),
                "refused"
            );
            let is_head = parts.method == Method::HEAD;
            let response = explain(fault, request_id, version, is_head);
            (response, Share::default())
        });
        let common = CommonHeaders {
            request_id,
            date: wall_clock(),
            version,
            tells_version: !is_front_end,
            server: if is_front_end {
                SERVER_FRONT_END
            } else {
                SERVER
            },
            client_request_id,
        };
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
        let mut done = self.execute(head, parts, body, spelled, connection).await?;
        let host = head.host.as_deref().unwrap_or_default();
        let context = ResponseContext {
            version: head.version,
            method_is_head: head.method == Method::HEAD,
            account: &head.resource.account,
            service_endpoint: &head
                .resource
                .service_endpoint(connection.scheme.name(), host),
            list: done.list.as_ref(),
        };
        let response = respond(&context, &done.outcome);
        self.memory.fit(&mut done.share, response.body.len());
        Ok((response, done.share))
    }

    /// The one request that needs no credential: a browser asks what it may send.
    fn preflight(&self, head: &Head, parts: &Parts) -> Result<Response, Fault> {
        let preflight = Preflight::read(&parts.headers).map_err(Fault::of_preflight_header)?;
        let rules = self.service.cors_rules(&head.resource.account);
        preflight.answer(&rules).ok_or_else(Fault::of_preflight)
    }

    /// Believes, reads, permits and carries out a request, in this order: a wrong signature
    /// hides every other mistake, and a mistake in the request hides the state of the queues.
    async fn execute(
        &self,
        head: &Head,
        parts: &Parts,
        body: &mut Incoming,
        spelled: &Names,
        connection: &Connection,
    ) -> Result<Done, Fault> {
        let refuse = |error| Fault::of_request(error, head.version);
        let verified = self.authenticate(head, parts, connection).map_err(refuse)?;
        check_framing(&parts.method, &parts.headers).map_err(refuse)?;
        let (body, _share_of_body) = request_body::read(body, self.limits.body_time, &self.memory)
            .await
            .map_err(|error| Fault::of_body(error, head.version))?;
        let command = parse_command(head, &parts.headers, spelled, &body).map_err(refuse)?;
        tracing::debug!(operation = command.operation.name(), account = %command.account, "parsed");
        let list = match &command.operation {
            Operation::ListQueues(list) => Some(list.clone()),
            _ => None,
        };
        let command = authorize(verified, head, command, self.head_options.strict)
            .map_err(Fault::of_authorization)?;
        let share = self
            .memory
            .take(expected_bytes(&command.command().operation))
            .await
            .map_err(Fault::of_memory)?;
        let outcome = self.service.execute(command).await.map_err(|error| {
            Fault::of_service(
                error,
                head.query.get("visibilitytimeout").unwrap_or_default(),
            )
        })?;
        Ok(Done {
            outcome,
            list,
            share,
        })
    }

    fn authenticate(
        &self,
        head: &Head,
        parts: &Parts,
        connection: &Connection,
    ) -> Result<Verified, WireError> {
        let credential = Credential::read(&parts.headers, &head.query)?;
        let accounts = self.accounts.current();
        let keys = accounts
            .keys(&head.resource.account)
            .ok_or(WireError::UnknownAccount)?;
        let circumstances = Circumstances {
            now: wall_clock(),
            source: connection.remote.ip(),
            is_https: connection.scheme == Scheme::Https,
            strict: self.head_options.strict,
            any_version: self.head_options.any_version,
            any_source: self.loose,
        };
        let verified = verify(head, &parts.headers, &credential, keys, &circumstances)?;
        let string_to_sign = format!("{:?}", verified.string_to_sign);
        tracing::debug!(
            string_to_sign = %without_signatures(&string_to_sign),
            "the signature fits"
        );
        Ok(verified)
    }
}

struct Done {
    outcome: Outcome<MessageText>,
    /// The parameters of List Queues, which its answer repeats.
    list: Option<ListQueues>,
    /// The memory that was taken for the answer.
    share: Share,
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
fn explain(
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
        response.set(name, value);
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
