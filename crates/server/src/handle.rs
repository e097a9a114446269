//! One request: the whole flow on one screen.

use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::ext::ReasonPhrase;
use queuerite_model::limits::{MESSAGE_TEXT_BYTES_MAX, REQUEST_BODY_BYTES_MAX};
use queuerite_model::{ListQueues, MessageText, Operation, Outcome};

use queuerite_wire::{
    CommonHeaders, Credential, Head, HeadError, HeadOptions, RequestId, Response, ResponseContext,
    SERVER, SERVER_FRONT_END, ServiceVersion, StorageErrorCode, Verified, WireError, check_framing,
    common_headers, error_response, parse_command, respond, verify,
};
use tracing::Instrument as _;

use crate::accounts::Accounts;
use crate::ambient::{random_bytes, wall_clock};
use crate::authorize::authorize;
use crate::fault::Fault;
use crate::service::QueueService;
use crate::spelling::{Names, Spellings};
use crate::{access_log, own};

/// The HTTP side of the server: everything between a request and the service.
#[derive(Debug)]
pub(crate) struct Front<Service> {
    pub(crate) service: Service,
    pub(crate) accounts: Accounts,
    pub(crate) head_options: HeadOptions,
    pub(crate) access_log: bool,
}

/// What is known of the connection that a request came on.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) remote: SocketAddr,
    pub(crate) spellings: Arc<Spellings>,
}

impl<Service: QueueService> Front<Service> {
    /// Answers a request, and writes its line in the access log.
    pub(crate) async fn handle(
        &self,
        request: Request<&mut Incoming>,
        connection: &Connection,
    ) -> http::Response<Full<Bytes>> {
        let (parts, body) = request.into_parts();
        let spelled = connection.spellings.of_next_request();
        let response = if own::is_own(parts.uri.path()) {
            own::answer(&parts, &self.service)
        } else {
            let request_id = RequestId::from_random(random_bytes());
            let span = tracing::debug_span!("request", request_id = %request_id);
            self.answer(&parts, body, &spelled, request_id)
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
        into_http(response)
    }

    async fn answer(
        &self,
        parts: &Parts,
        body: &mut Incoming,
        spelled: &Names,
        request_id: RequestId,
    ) -> Response {
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
                let result = self.execute(head, parts, body, spelled).await;
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
        let mut response = match (&head, result) {
            (Ok(head), Ok(done)) => {
                let host = head.host.as_deref().unwrap_or_default();
                let context = ResponseContext {
                    version: head.version,
                    method_is_head: parts.method == Method::HEAD,
                    account: &head.resource.account,
                    service_endpoint: &head.resource.service_endpoint("http", host),
                    list: done.list.as_ref(),
                };
                respond(&context, &done.outcome)
            }
            (_, Err(fault)) => {
                tracing::debug!(code = fault.code.name(), details = ?fault.details, "refused");
                let is_head = parts.method == Method::HEAD;
                let id = request_id.to_string();
                let Fault {
                    code,
                    text,
                    details,
                    header,
                    ..
                } = fault;
                let mut response =
                    error_response(code, &text, &details, &id, wall_clock(), version, is_head);
                if let Some((name, value)) = header {
                    response.set(name, value);
                }
                response
            }
            (Err(_), Ok(_)) => Response::empty(StorageErrorCode::InternalError.status()),
        };
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
        tracing::debug!(status = response.status.as_u16(), "answered");
        response
    }

    /// Believes, reads, permits and carries out a request, in this order: a wrong signature
    /// hides every other mistake, and a mistake in the request hides the state of the queues.
    async fn execute(
        &self,
        head: &Head,
        parts: &Parts,
        body: &mut Incoming,
        spelled: &Names,
    ) -> Result<Done, Fault> {
        let refuse = |error| Fault::of_request(error, head.version);
        if parts.method == Method::OPTIONS {
            return Err(preflight(parts));
        }
        let verified = self.authenticate(head, parts).map_err(refuse)?;
        check_framing(&parts.method, &parts.headers).map_err(refuse)?;
        let body = read_body(body).await.map_err(refuse)?;
        let command = parse_command(head, &parts.headers, spelled, &body).map_err(refuse)?;
        tracing::debug!(operation = command.operation.name(), account = %command.account, "parsed");
        let list = match &command.operation {
            Operation::ListQueues(list) => Some(list.clone()),
            _ => None,
        };
        let command = authorize(&verified, head, command, self.head_options.strict)
            .map_err(Fault::of_authorization)?;
        let outcome = self.service.execute(command).await.map_err(|error| {
            Fault::of_service(
                error,
                head.query.get("visibilitytimeout").unwrap_or_default(),
            )
        })?;
        Ok(Done { outcome, list })
    }

    fn authenticate(&self, head: &Head, parts: &Parts) -> Result<Verified, WireError> {
        let credential = Credential::read(&parts.headers, &head.query)?;
        let accounts = self.accounts.current();
        let keys = accounts
            .keys(&head.resource.account)
            .ok_or(WireError::UnknownAccount)?;
        let strict = self.head_options.strict;
        let verified = verify(
            head,
            &parts.headers,
            &credential,
            keys,
            wall_clock(),
            strict,
        )?;
        tracing::debug!(string_to_sign = ?verified.string_to_sign, "the signature fits");
        Ok(verified)
    }
}

struct Done {
    outcome: Outcome<MessageText>,
    /// The parameters of List Queues, which its answer repeats.
    list: Option<ListQueues>,
}

/// The body, up to its limit; a longer one is refused without being read to its end.
async fn read_body(body: &mut Incoming) -> Result<Bytes, WireError> {
    let too_large = WireError::BodyTooLarge {
        limit: MESSAGE_TEXT_BYTES_MAX,
    };
    if body.size_hint().lower() > REQUEST_BODY_BYTES_MAX as u64 {
        return Err(too_large);
    }
    match Limited::new(body, REQUEST_BODY_BYTES_MAX).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large),
        // The client broke off or its framing is wrong; if it still listens, it is told so.
        Err(_) => Err(WireError::InvalidHeader {
            name: "Content-Length".into(),
            value: String::new(),
        }),
    }
}

/// CORS rules are stored and returned but not applied yet, so every preflight fails as it does
/// in the cloud while CORS is off.
fn preflight(parts: &Parts) -> Fault {
    let required = [
        ("Origin", "origin"),
        (
            "Access-Control-Request-Method",
            "access-control-request-method",
        ),
    ];
    if let Some((name, _)) = required
        .iter()
        .find(|(_, header)| !parts.headers.contains_key(*header))
    {
        let text = "A required CORS header is not present.".into();
        return Fault {
            text,
            ..Fault::new(StorageErrorCode::InvalidHeaderValue)
        }
        .with(
            "MessageDetails",
            format!("Invalid required CORS header {name}"),
        );
    }
    Fault::new(StorageErrorCode::CorsPreflightFailure).with(
        "MessageDetails",
        "This version of the server does not apply CORS rules",
    )
}

pub(crate) fn into_http(response: Response) -> http::Response<Full<Bytes>> {
    let mut http = http::Response::new(Full::new(response.body));
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
