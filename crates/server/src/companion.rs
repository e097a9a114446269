//! What answers on the blob and table ports when started as `azurite`.
//!
//! Tools that start Azurite wait for all three services. These two do no work: they tell
//! whoever asks that this is a queue service, in a form that every storage client shows.

use http::Request;
use hyper::body::Incoming;
use queuerite_wire::{RequestId, StorageErrorCode, error_response};

use crate::ambient::{random_bytes, wall_clock};
use crate::answer_body::AnswerBody;
use crate::config::Service;
use crate::handle::{Connection, into_http};
use crate::listen::Answer;
use crate::refusal_page;

/// The stand-in for one of the services that this server does not have.
#[derive(Debug)]
pub(crate) struct Companion(pub(crate) Service);

impl Answer for Companion {
    async fn answer(
        &self,
        request: Request<&mut Incoming>,
        connection: &Connection,
    ) -> http::Response<AnswerBody> {
        if connection.spellings.of_next_request().is_ambiguous {
            return into_http(refusal_page::ambiguous(), AnswerBody::from);
        }
        let text = format!(
            "This is queuerite, which serves queues only. \
             For the {} service start Azurite on this port instead.",
            self.0
        );
        let id = RequestId::from_random(random_bytes()).to_string();
        let is_head = request.method() == http::Method::HEAD;
        let code = StorageErrorCode::NotImplemented;
        let mut response = error_response(code, &text, &[], &id, wall_clock(), None, is_head);
        response.set("x-ms-request-id", id);
        into_http(response, AnswerBody::from)
    }
}
