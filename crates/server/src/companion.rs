//! What answers on the blob and table ports when started as `azurite`.
//!
//! Tools that start Azurite wait for all three services, and ask the blob service whether it is
//! well. The companions have no data: what asks for none they answer as a service would that is
//! empty, to whoever has a key. Everything else they refuse, in a form that storage clients show.

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request};
use hyper::body::Incoming;
use queuerite_wire::{
    Credential, Grant, Head, LivenessCall, RequestId, Response, StorageErrorCode, StorageService,
    WireError, common_headers, verify,
};

use crate::access_log;
use crate::ambient::random_bytes;
use crate::answer_body::AnswerBody;
use crate::authorize::AuthorizationError;
use crate::fault::Fault;
use crate::gate::{Echo, Gate};
use crate::handle::{Connection, explain, into_http};
use crate::refusal_page;

/// The stand-in for one of the services that this server does not have.
#[derive(Debug)]
pub(crate) struct Companion {
    pub(crate) service: StorageService,
    pub(crate) gate: Gate,
    pub(crate) access_log: bool,
}

impl Companion {
    /// Answers a request, and writes its line in the access log.
    pub(crate) fn handle(
        &self,
        request: Request<&mut Incoming>,
        connection: &Connection,
    ) -> http::Response<AnswerBody> {
        let (parts, _) = request.into_parts();
        let response = if connection.spellings.of_next_request().is_ambiguous {
            refusal_page::ambiguous()
        } else if connection.lacks_tls {
            refusal_page::lacks_tls()
        } else {
            self.answer(&parts, connection)
        };
        if self.access_log {
            access_log::write_answer(connection.remote, &parts, &response);
        }
        into_http(response, AnswerBody::from)
    }

    fn answer(&self, parts: &Parts, connection: &Connection) -> Response {
        let head = self.gate.head(parts);
        let echo = Echo::of(&head);
        let result = match &head {
            Ok(head) => self.serve(head, parts, connection),
            Err(error) => Err(Fault::of_head(error)),
        };
        let is_front_end = result.as_ref().is_err_and(|fault| fault.is_front_end);
        let request_id = RequestId::from_random(random_bytes());
        let mut response = result.unwrap_or_else(|fault| {
            let is_head = parts.method == Method::HEAD;
            if self.service == StorageService::Table && !is_head {
                table_error(&fault)
            } else {
                explain(fault, request_id, echo.version, is_head)
            }
        });
        let common = echo.common_headers(request_id, self.service.server(), is_front_end);
        common_headers(&mut response, &common);
        response
    }

    fn serve(
        &self,
        head: &Head,
        parts: &Parts,
        connection: &Connection,
    ) -> Result<Response, Fault> {
        let Some(call) = LivenessCall::of(self.service, head) else {
            return Err(self.not_here());
        };
        let refuse = |error| Fault::of_request(error, head.version);
        let accounts = self.gate.accounts.current();
        let keys = accounts.keys(&head.resource.account);
        let keys = keys.ok_or_else(|| refuse(WireError::UnknownAccount))?;
        let circumstances = self.gate.circumstances(self.service, connection);
        let credential = Credential::read(&parts.headers, &head.query).map_err(refuse)?;
        let verified = verify(head, &parts.headers, &credential, keys, &circumstances);
        permit(call, &verified.map_err(refuse)?.grant)?;
        let host = head.host.as_deref().unwrap_or_default();
        let endpoint = head
            .resource
            .service_endpoint(connection.scheme.name(), host);
        let mut response = call.respond(head, &parts.headers, &endpoint);
        if head.method == Method::HEAD {
            response.body = Bytes::new();
        }
        Ok(response)
    }

    /// What whoever wants work done is told.
    fn not_here(&self) -> Fault {
        let (service, lower) = (self.service, self.service.to_string().to_lowercase());
        let text = format!(
            "This is queuerite, which serves queues only: its {lower} port answers whether it \
             lives, and no more. For the {service} service start Azurite's on another port, and \
             queuerite with --{lower}Proxy http://HOST:PORT."
        );
        Fault {
            text: text.into(),
            ..Fault::new(StorageErrorCode::NotImplemented)
        }
    }
}

/// A queue's signature is for the queue service alone.
fn permit(call: LivenessCall, grant: &Grant) -> Result<(), Fault> {
    let refuse = |error| Err(Fault::of_authorization(error));
    let (resource_types, permissions) = call.needs();
    match grant {
        Grant::Everything | Grant::Token(_) => Ok(()),
        Grant::QueueSas(_) => refuse(AuthorizationError::OutOfReach),
        Grant::AccountSas(sas) => {
            let has = |letters: &str, needed: &str| needed.chars().any(|c| letters.contains(c));
            if !has(&sas.resource_types, resource_types) {
                refuse(AuthorizationError::ResourceTypeMismatch)
            } else if !permissions.is_empty() && !has(&sas.permissions, permissions) {
                refuse(AuthorizationError::PermissionMismatch)
            } else {
                Ok(())
            }
        }
    }
}

/// The table service tells its errors in JSON.
fn table_error(fault: &Fault) -> Response {
    let mut response = Response::empty(fault.code.status());
    let message = serde_json::json!({ "lang": "en-US", "value": fault.text });
    let error = serde_json::json!({ "code": fault.code.name(), "message": message });
    response.body = Bytes::from(serde_json::json!({ "odata.error": error }).to_string());
    response.set(
        "content-type",
        "application/json;odata=minimalmetadata;streaming=true;charset=utf-8",
    );
    response.set("x-ms-error-code", fault.code.name());
    if let Some((name, value)) = &fault.header {
        response.set(*name, value.to_string());
    }
    response.reason = Some(fault.text.to_string());
    response
}
