//! The operations on an account's queues, as a client sees them.

use queuerite_testkit::{ACCOUNT, Client, KEY, Request, Response, encoded};

use crate::VERSION;

/// A client of one account.
pub(crate) struct Account {
    pub(crate) client: Client,
    name: String,
    key: String,
}

/// A message as an answer tells of it; what an answer leaves out is empty.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) inserted: String,
    pub(crate) expires: String,
    pub(crate) receipt: String,
    pub(crate) visible: String,
    pub(crate) count: u32,
    pub(crate) text: String,
}

impl Account {
    pub(crate) fn new(client: Client) -> Self {
        Self::named(client, ACCOUNT, KEY)
    }

    pub(crate) fn named(client: Client, name: &str, key: &str) -> Self {
        let (name, key) = (name.into(), key.into());
        Self { client, name, key }
    }

    /// A signed request to a path below the account.
    pub(crate) fn request(&self, method: &str, below: &str) -> Request {
        Request::new(method, format!("/{}{below}", self.name)).header("x-ms-version", VERSION)
    }

    pub(crate) fn send(&mut self, request: Request) -> std::io::Result<Response> {
        let request = request.signed_by(&self.name, &self.key);
        self.client.send(&request)
    }

    /// Sends a request that must have this status.
    #[track_caller]
    pub(crate) fn expect(&mut self, status: u16, request: Request) -> Response {
        let shown = format!("{} {}", request.method, request.target);
        let response = self.send(request).unwrap();
        assert_eq!(response.status, status, "{shown}: {}", response.text());
        response
    }

    #[track_caller]
    pub(crate) fn create(&mut self, queue: &str) {
        let request = self.request("PUT", &format!("/{queue}"));
        self.expect(201, request);
    }

    #[track_caller]
    pub(crate) fn put(&mut self, queue: &str, text: &str) -> Message {
        self.put_with(queue, text, "")
    }

    /// Puts a message; `query` may be such as `?visibilitytimeout=5`.
    #[track_caller]
    pub(crate) fn put_with(&mut self, queue: &str, text: &str, query: &str) -> Message {
        let request = self.put_request(queue, text, query);
        let response = self.expect(201, request);
        let message = messages(&response).remove(0);
        Message {
            text: text.into(),
            ..message
        }
    }

    pub(crate) fn put_request(&self, queue: &str, text: &str, query: &str) -> Request {
        self.request("POST", &format!("/{queue}/messages{query}"))
            .body(document(text))
    }

    #[track_caller]
    pub(crate) fn get(&mut self, queue: &str, most: usize, seconds: u32) -> Vec<Message> {
        let request = self.get_request(queue, most, seconds);
        messages(&self.expect(200, request))
    }

    pub(crate) fn get_request(&self, queue: &str, most: usize, seconds: u32) -> Request {
        let query = format!("?numofmessages={most}&visibilitytimeout={seconds}");
        self.request("GET", &format!("/{queue}/messages{query}"))
    }

    #[track_caller]
    pub(crate) fn peek(&mut self, queue: &str) -> Vec<Message> {
        let query = "?peekonly=true&numofmessages=32";
        let request = self.request("GET", &format!("/{queue}/messages{query}"));
        messages(&self.expect(200, request))
    }

    /// Updates a message, with its new text if there is one, and changes it accordingly.
    #[track_caller]
    pub(crate) fn update(
        &mut self,
        queue: &str,
        message: &mut Message,
        text: Option<&str>,
        seconds: u32,
    ) {
        let request = self.update_request(queue, message, text, seconds);
        let response = self.expect(204, request);
        message.updated(&response, text);
    }

    pub(crate) fn update_request(
        &self,
        queue: &str,
        message: &Message,
        text: Option<&str>,
        seconds: u32,
    ) -> Request {
        let (id, receipt) = (&message.id, encoded(&message.receipt));
        let target = format!("/{queue}/messages/{id}?popreceipt={receipt}");
        self.request("PUT", &format!("{target}&visibilitytimeout={seconds}"))
            .body(text.map(document).unwrap_or_default())
    }

    #[track_caller]
    pub(crate) fn delete(&mut self, queue: &str, message: &Message) {
        let request = self.delete_request(queue, message);
        self.expect(204, request);
    }

    pub(crate) fn delete_request(&self, queue: &str, message: &Message) -> Request {
        let (id, receipt) = (&message.id, encoded(&message.receipt));
        let target = format!("/{queue}/messages/{id}?popreceipt={receipt}");
        self.request("DELETE", &target)
    }

    /// The approximate messages count.
    #[track_caller]
    pub(crate) fn count(&mut self, queue: &str) -> usize {
        let request = self.request("GET", &format!("/{queue}?comp=metadata"));
        let response = self.expect(200, request);
        let count = response.header("x-ms-approximate-messages-count");
        count.unwrap().parse().unwrap()
    }

    /// The names of all queues.
    #[track_caller]
    pub(crate) fn queues(&mut self) -> Vec<String> {
        let request = self.request("GET", "/?comp=list");
        let response = self.expect(200, request);
        let text = response.text();
        let names = text.split("<Name>").skip(1);
        names
            .map(|rest| rest.split_once('<').unwrap().0.to_owned())
            .collect()
    }
}

impl Message {
    /// Takes over what the answer to an update says.
    pub(crate) fn updated(&mut self, response: &Response, text: Option<&str>) {
        self.receipt = response.header("x-ms-popreceipt").unwrap().into();
        self.visible = response.header("x-ms-time-next-visible").unwrap().into();
        if let Some(text) = text {
            self.text = text.into();
        }
    }
}

/// The messages of an answer, in order. Texts stay as they are escaped.
pub(crate) fn messages(response: &Response) -> Vec<Message> {
    let text = response.text();
    let parts = text.split("<QueueMessage>").skip(1);
    parts
        .map(|part| {
            let value = |name: &str| {
                let (_, after) = part.split_once(&format!("<{name}>")).unwrap_or_default();
                after.split('<').next().unwrap_or_default().to_owned()
            };
            Message {
                id: value("MessageId"),
                inserted: value("InsertionTime"),
                expires: value("ExpirationTime"),
                receipt: value("PopReceipt"),
                visible: value("TimeNextVisible"),
                count: value("DequeueCount").parse().unwrap_or_default(),
                text: value("MessageText"),
            }
        })
        .collect()
}

fn document(text: &str) -> String {
    format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>")
}
