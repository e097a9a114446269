//! What a scenario works with: a connection, queues of its own, and a recorder that looks on.

use std::thread;
use std::time::{Duration, Instant};

use queuerite_testkit::{Client, Request, Response};

use crate::answer::Answer;
use crate::outcome::{Outcome, Stop};
use crate::record::Recorder;
use crate::settings::Settings;

/// The version of requests that say no other.
pub const VERSION: &str = "2026-04-06";

/// A scenario's way to the server.
#[derive(Debug)]
pub struct Wire {
    /// Which server, and which account.
    pub settings: Settings,
    client: Client,
    recorder: Recorder,
    is_recording: bool,
    /// What the names of this scenario's queues begin with.
    prefix: String,
    queues: Vec<String>,
    /// The service properties before the scenario changed them.
    properties: Option<String>,
}

impl Wire {
    /// A way for the scenario of this number, such as `S300`.
    pub fn begin(settings: &Settings, number: &str, recorder: Recorder) -> Outcome<Self> {
        Ok(Self {
            settings: settings.clone(),
            client: settings.endpoint.client()?,
            recorder,
            is_recording: true,
            prefix: format!("{}{}", settings.prefix, number.to_lowercase()),
            queues: Vec::new(),
            properties: None,
        })
    }

    /// The name of a queue that nobody else has, and that is deleted in the end.
    pub fn name(&mut self, suffix: &str) -> String {
        let name = format!("{}{suffix}", self.prefix);
        if !self.queues.contains(&name) {
            self.queues.push(name.clone());
        }
        name
    }

    /// A new queue, by its path.
    pub fn queue(&mut self) -> Outcome<String> {
        let path = format!("/{}", self.name(""));
        self.put(&path, "")?.succeeded(201)?;
        Ok(path)
    }

    /// A request for a path after the account's, without a signature.
    pub fn request(&self, method: &str, path: &str) -> Request {
        let endpoint = &self.settings.endpoint;
        Request::new(method, format!("{}{path}", endpoint.path)).header("Host", &endpoint.authority)
    }

    /// The same with the account's signature, at [`VERSION`] unless it says another.
    pub fn signed(&self, request: Request) -> Request {
        let request = versioned(request);
        request.signed_by(&self.settings.account, &self.settings.key)
    }

    /// Signed, sent and answered.
    pub fn call(&mut self, request: Request) -> Outcome<Answer> {
        let request = self.signed(request);
        self.send(&request)
    }

    /// A signed GET.
    pub fn get(&mut self, path: &str) -> Outcome<Answer> {
        self.call(self.request("GET", path))
    }

    /// A signed HEAD.
    pub fn head(&mut self, path: &str) -> Outcome<Answer> {
        self.call(self.request("HEAD", path))
    }

    /// A signed PUT.
    pub fn put(&mut self, path: &str, body: impl Into<Vec<u8>>) -> Outcome<Answer> {
        self.call(self.request("PUT", path).body(body))
    }

    /// A signed POST.
    pub fn post(&mut self, path: &str, body: impl Into<Vec<u8>>) -> Outcome<Answer> {
        self.call(self.request("POST", path).body(body))
    }

    /// A signed DELETE.
    pub fn delete(&mut self, path: &str) -> Outcome<Answer> {
        self.call(self.request("DELETE", path))
    }

    /// A signed request at a version, with or without a body.
    pub fn at(&mut self, version: &str, method: &str, path: &str, body: &str) -> Outcome<Answer> {
        let request = self.request(method, path).header("x-ms-version", version);
        self.call(request.body(body))
    }

    /// Puts a message; the answer has its id and receipt.
    pub fn message(&mut self, queue: &str, text: &str) -> Outcome<Answer> {
        let answer = self.post(&format!("{queue}/messages"), message(text))?;
        answer.succeeded(201)
    }

    /// Sends a request as it is.
    pub fn send(&mut self, request: &Request) -> Outcome<Answer> {
        let response = self.client.send(request);
        self.note(request, response.as_ref().ok());
        Ok(answer_to(request, response?))
    }

    /// Sends a request after which nothing more comes. If there is an answer, this is it.
    pub fn send_and_finish(&mut self, request: &Request) -> Outcome<Option<Answer>> {
        // A server that has seen enough may have closed before it got all.
        let written = self.client.write(&request.to_bytes(self.client.address()));
        let _ = written.and_then(|()| self.client.finish());
        let response = self.client.read(false).ok();
        self.note(request, response.as_ref());
        Ok(response.map(|response| answer_to(request, response)))
    }

    /// Whether the server closes the connection of the last answer.
    pub fn is_closed(&mut self) -> bool {
        self.client.is_closed()
    }

    /// Tries until it works, or patience ends. Only the last time is recorded.
    pub fn eventually<T>(&mut self, attempt: impl Fn(&mut Self) -> Outcome<T>) -> Outcome<T> {
        let deadline = Instant::now() + self.settings.patience;
        loop {
            let before = self.recorder.clone();
            match attempt(self) {
                Err(Stop::Failed(_)) if Instant::now() < deadline => self.recorder = before,
                outcome => return outcome,
            }
            thread::sleep(PAUSE);
        }
    }

    /// Sets service properties. In the end they are as they were before.
    pub fn set_properties(&mut self, document: &str) -> Outcome<Answer> {
        if self.properties.is_none() {
            let before = self
                .unrecorded(|wire| wire.get(PROPERTIES))?
                .succeeded(200)?;
            self.properties = Some(before.response.text());
        }
        self.put(PROPERTIES, document)?.succeeded(202)
    }

    /// Leaves the account as it was before the scenario, and gives back the recorder.
    pub fn end(mut self) -> (Outcome, Recorder) {
        self.is_recording = false;
        let mut outcome = match self.properties.take() {
            Some(body) => self
                .put(PROPERTIES, body)
                .and_then(|answer| answer.has_status(202)),
            None => Ok(()),
        };
        for name in std::mem::take(&mut self.queues) {
            let deleted = self.delete(&format!("/{name}"));
            let deleted = deleted.and_then(|answer| match answer.response.status {
                204 | 404 => Ok(()),
                _ => answer.has_status(204),
            });
            outcome = outcome.and(deleted);
        }
        (outcome, self.recorder)
    }

    fn unrecorded<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let was_recording = std::mem::replace(&mut self.is_recording, false);
        let result = work(self);
        self.is_recording = was_recording;
        result
    }

    fn note(&mut self, request: &Request, response: Option<&Response>) {
        if self.is_recording {
            self.recorder.note(request, response);
        }
    }
}

/// Where the service properties are.
pub const PROPERTIES: &str = "/?restype=service&comp=properties";
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(200);

/// A request with [`VERSION`], unless it has another.
pub fn versioned(request: Request) -> Request {
    match request.value("x-ms-version") {
        Some(_) => request,
        None => request.header("x-ms-version", VERSION),
    }
}

/// The body that puts this text; it is not escaped.
pub fn message(text: &str) -> String {
    format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>")
}

fn answer_to(request: &Request, response: Response) -> Answer {
    Answer {
        response,
        version: request.value("x-ms-version").map(Into::into),
        request: format!("{} {}", request.method, request.target),
        is_head: request.method == "HEAD",
    }
}
