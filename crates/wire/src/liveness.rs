//! The calls by which tools see that blob and table services live, and answers to them as of
//! services that have nothing. REST pages "List Containers", "Get Account Information", "Get Blob
//! Service Properties", "Query Tables", "Get Table Service Properties".

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};

use crate::resource::ResourcePath;
use crate::xml::{container_list, service_properties};
use crate::{Head, Response, StorageService};

/// A call that a service without data can answer truly.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LivenessCall {
    /// All containers: none.
    ListContainers,
    /// The kind of the account.
    GetAccountInformation,
    /// The properties of the blob or the table service.
    GetServiceProperties(StorageService),
    /// All tables: none.
    QueryTables,
}

impl LivenessCall {
    /// The call that a request to a service is, if it is one of them.
    pub fn of(service: StorageService, head: &Head) -> Option<Self> {
        let is = |name, value| head.query.is(name, value);
        let is_read = matches!(head.method, Method::GET | Method::HEAD);
        let is_get = head.method == Method::GET;
        match (service, &head.resource.path) {
            (StorageService::Blob, ResourcePath::Service) if is_get && is("comp", "list") => {
                Some(Self::ListContainers)
            }
            (StorageService::Blob, ResourcePath::Service)
                if is_read && is("restype", "account") && is("comp", "properties") =>
            {
                Some(Self::GetAccountInformation)
            }
            (StorageService::Blob | StorageService::Table, ResourcePath::Service)
                if is_get && is("restype", "service") && is("comp", "properties") =>
            {
                Some(Self::GetServiceProperties(service))
            }
            (StorageService::Table, ResourcePath::Queue { queue: name })
                if is_get && matches!(name.as_str(), "Tables" | "Tables()") =>
            {
                Some(Self::QueryTables)
            }
            _ => None,
        }
    }

    /// The `srt` letters of an account SAS of which it needs one, and the `sp` letters of which it
    /// needs one, if any.
    pub const fn needs(self) -> (&'static str, &'static str) {
        match self {
            Self::ListContainers => ("s", "l"),
            Self::GetAccountInformation => ("sco", ""),
            Self::GetServiceProperties(_) => ("s", "r"),
            Self::QueryTables => ("c", "rl"),
        }
    }

    /// The answer, but for its common headers. `endpoint` is the URL of the service as the client
    /// knows it, ending in a slash.
    pub fn respond(self, head: &Head, headers: &HeaderMap, endpoint: &str) -> Response {
        let mut response = match self {
            Self::ListContainers => Response::document(
                StatusCode::OK,
                container_list::write_empty(&head.query, endpoint),
            ),
            Self::GetServiceProperties(service) => {
                let document = service_properties::write_default(service, head.version);
                Response::document(StatusCode::OK, document)
            }
            Self::GetAccountInformation => {
                let mut response = Response::empty(StatusCode::OK);
                response.set("x-ms-sku-name", "Standard_RAGRS");
                response.set("x-ms-account-kind", "StorageV2");
                response.set("x-ms-is-hns-enabled", "false");
                response
            }
            Self::QueryTables => no_tables(headers, endpoint),
        };
        response.set(header::CACHE_CONTROL, "no-cache");
        response
    }
}

/// A page of no tables, with as much metadata as is asked for: none, or the usual.
fn no_tables(headers: &HeaderMap, endpoint: &str) -> Response {
    let accept = headers.get(header::ACCEPT);
    let accept = accept
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    let (metadata, body) = if accept.contains("odata=nometadata") {
        ("nometadata", r#"{"value":[]}"#.to_owned())
    } else {
        // Account names and hosts have nothing that JSON escapes: they came in a URL.
        let context = format!("{endpoint}$metadata#Tables").replace(['"', '\\'], "");
        let body = format!(r#"{{"odata.metadata":"{context}","value":[]}}"#);
        ("minimalmetadata", body)
    };
    let mut response = Response::empty(StatusCode::OK);
    let content_type = format!("application/json;odata={metadata};streaming=true;charset=utf-8");
    response.set(header::CONTENT_TYPE, content_type);
    response.body = Bytes::from(body);
    response
}
