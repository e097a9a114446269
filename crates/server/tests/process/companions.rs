//! The blob and table ports of `azurite`: what tools ask them, what else they are asked, and
//! where they are forwarded.

use std::net::SocketAddr;
use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use queuerite_testkit::{
    ACCOUNT, Client, KEY, Process, Request, Response, encoded, http_date, sign,
};

use super::{PROGRAM, VERSION};

/// A server with companions, which can be asked.
struct Companions {
    server: Process,
    blob: SocketAddr,
    table: SocketAddr,
}

impl Companions {
    fn start(more: &[&str]) -> Self {
        let ports = ["--blobPort", "0", "--queuePort", "0", "--tablePort", "0"];
        let arguments = ["azurite", "--silent", "--inMemoryPersistence"];
        let arguments = arguments.iter().chain(&ports).chain(more);
        let mut server = Process::start(PROGRAM, arguments);
        server.line_with("Table service is successfully listening");
        let address = |service| {
            let start = format!("Azurite {service} service is successfully listening at http://");
            let mut lines = server.lines.iter();
            let line = lines.find_map(|line| line.strip_prefix(&start));
            line.unwrap().parse().unwrap()
        };
        let (blob, table) = (address("Blob"), address("Table"));
        Self {
            server,
            blob,
            table,
        }
    }
}

fn send(address: SocketAddr, request: &Request) -> Response {
    Client::new(address).send(request).unwrap()
}

/// A query with an account SAS for a service.
fn account_sas(services: &str, resource_types: &str, permissions: &str) -> String {
    let (version, expiry) = ("2021-12-02", "2099-01-01T00:00:00Z");
    let lines = [
        ACCOUNT,
        permissions,
        services,
        resource_types,
        "",
        expiry,
        "",
        "",
        version,
        "",
    ];
    let string = lines.join("\n") + "\n";
    let signature = encoded(&sign(KEY, &string));
    format!(
        "sv={version}&ss={services}&srt={resource_types}&sp={permissions}&se={expiry}&sig={signature}"
    )
}

/// A request to the table service, signed as that one has it.
fn table_request(method: &str, path: &str, key: &str) -> Request {
    let date = http_date(SystemTime::now());
    let string = format!("{method}\n\n\n{date}\n/{ACCOUNT}{path}");
    let signature = sign(key, &string);
    Request::new(method, path)
        .header("x-ms-date", &date)
        .header("x-ms-version", VERSION)
        .header("authorization", format!("SharedKey {ACCOUNT}:{signature}"))
}

#[test]
fn the_blob_service_lists_no_containers_to_whoever_has_a_key() {
    let companions = Companions::start(&[]);
    let list = format!("/{ACCOUNT}?comp=list&maxresults=1&prefix=a");
    let response = send(companions.blob, &Request::new("GET", &list).signed(VERSION));
    assert_eq!(response.status, 200);
    assert_eq!(response.header("content-type"), Some("application/xml"));
    let server = response.header("server").unwrap();
    assert!(server.starts_with("Windows-Azure-Blob/"), "{server}");
    let expected = format!(
        "<EnumerationResults ServiceEndpoint=\"http://{}/{ACCOUNT}/\"><Prefix>a</Prefix>\
         <MaxResults>1</MaxResults><Containers /><NextMarker /></EnumerationResults>",
        companions.blob
    );
    assert!(response.text().ends_with(&expected), "{}", response.text());

    let by_host =
        Request::new("GET", "/?comp=list").header("host", format!("{ACCOUNT}.blob.localhost"));
    assert_eq!(send(companions.blob, &by_host.signed(VERSION)).status, 200);

    let wrong_key = BASE64_STANDARD.encode("wrong");
    let signed = Request::new("GET", &list)
        .header("x-ms-version", VERSION)
        .signed_by(ACCOUNT, &wrong_key);
    let response = send(companions.blob, &signed);
    assert_eq!(response.status, 403);
    assert_eq!(
        response.header("x-ms-error-code").unwrap(),
        "AuthenticationFailed"
    );
    let anonymous = Request::new("GET", &list).header("x-ms-version", VERSION);
    assert_eq!(send(companions.blob, &anonymous).status, 401);
}

#[test]
fn the_blob_service_tells_of_its_account_and_properties() {
    let companions = Companions::start(&[]);
    for method in ["GET", "HEAD"] {
        let target = format!("/{ACCOUNT}/?restype=account&comp=properties");
        let response = send(
            companions.blob,
            &Request::new(method, target).signed(VERSION),
        );
        assert_eq!(response.status, 200);
        assert_eq!(response.header("x-ms-sku-name"), Some("Standard_RAGRS"));
        assert_eq!(response.header("x-ms-account-kind"), Some("StorageV2"));
    }
    let target = format!("/{ACCOUNT}?restype=service&comp=properties");
    for (address, has_retention) in [(companions.blob, true), (companions.table, false)] {
        let query = account_sas("bt", "s", "r");
        let response = send(address, &Request::new("GET", format!("{target}&{query}")));
        assert_eq!(response.status, 200);
        let text = response.text();
        assert!(
            text.contains("<StorageServiceProperties><Logging>"),
            "{text}"
        );
        assert_eq!(text.contains("<DeleteRetentionPolicy>"), has_retention);
    }
}

#[test]
fn the_table_service_has_no_tables() {
    let companions = Companions::start(&[]);
    let path = format!("/{ACCOUNT}/Tables");
    let response = send(companions.table, &table_request("GET", &path, KEY));
    assert_eq!(response.status, 200);
    let expected = format!(
        "{{\"odata.metadata\":\"http://{}/{ACCOUNT}/$metadata#Tables\",\"value\":[]}}",
        companions.table
    );
    assert_eq!(response.text(), expected);
    let plain =
        table_request("GET", &path, KEY).header("accept", "application/json;odata=nometadata");
    assert_eq!(send(companions.table, &plain).text(), "{\"value\":[]}");

    let wrong = table_request("GET", &path, &BASE64_STANDARD.encode("wrong"));
    let response = send(companions.table, &wrong);
    assert_eq!(response.status, 403);
    assert!(
        response
            .text()
            .starts_with("{\"odata.error\":{\"code\":\"AuthenticationFailed\"")
    );
}

#[test]
fn a_signature_opens_the_service_that_it_is_for() {
    let companions = Companions::start(&[]);
    for (services, types, permissions, status, code) in [
        ("b", "s", "l", 200, ""),
        ("q", "s", "l", 403, "AuthorizationServiceMismatch"),
        ("b", "o", "l", 403, "AuthorizationResourceTypeMismatch"),
        ("b", "s", "r", 403, "AuthorizationPermissionMismatch"),
    ] {
        let query = account_sas(services, types, permissions);
        let list = Request::new("GET", format!("/{ACCOUNT}?comp=list&{query}"));
        let response = send(companions.blob, &list);
        assert_eq!(response.status, status, "{services} {types} {permissions}");
        if status != 200 {
            assert_eq!(response.header("x-ms-error-code").unwrap(), code);
        }
    }
}

#[test]
fn real_work_is_refused_in_words() {
    let companions = Companions::start(&[]);
    for (service, address) in [("Blob", companions.blob), ("Table", companions.table)] {
        let mut client = Client::new(address);
        for length in [0, 10, 1_000_000] {
            let request = Request::new("PUT", format!("/{ACCOUNT}/thing")).body("x".repeat(length));
            let response = client.send(&request.signed(VERSION)).unwrap();
            assert_eq!(response.status, 501);
            let text = response.text();
            assert!(text.contains("NotImplemented"), "{text}");
            assert!(
                text.contains("queuerite, which serves queues only"),
                "{text}"
            );
            assert!(text.contains(&format!("{service} service")), "{text}");
        }
    }
    // The queues are served beside it.
    let queue = Request::new("PUT", format!("/{ACCOUNT}/queue")).signed(VERSION);
    let mut client = companions.server.client();
    assert_eq!(client.send(&queue).unwrap().status, 201);
}

#[test]
fn a_port_is_forwarded_untouched_to_a_real_server() {
    // Another queue server stands for the real one: what arrives there signed is untouched.
    let arguments = ["--silent", "--inMemoryPersistence", "--queuePort", "0"];
    let target = Process::start(PROGRAM, arguments);
    let url = format!("http://{}", target.address);
    let companions = Companions::start(&["--blobProxy", &url, "--tableProxy", &format!("{url}/")]);
    let queue = Request::new("PUT", format!("/{ACCOUNT}/queue")).signed(VERSION);
    assert_eq!(send(companions.blob, &queue).status, 201);
    let mut client = Client::new(companions.table);
    let text = "x".repeat(60_000);
    let body = format!("<QueueMessage><MessageText>{text}</MessageText></QueueMessage>");
    for _ in 0..3 {
        let put = Request::new("POST", format!("/{ACCOUNT}/queue/messages")).body(&*body);
        assert_eq!(client.send(&put.signed(VERSION)).unwrap().status, 201);
        assert!(client.is_connected(), "the connection is kept");
    }
    let get = format!("/{ACCOUNT}/queue/messages?numofmessages=3");
    let response = send(target.address, &Request::new("GET", get).signed(VERSION));
    assert_eq!(response.text().matches(&text).count(), 3);

    let nobody = target.address;
    target.kill();
    let response = send(companions.blob, &queue);
    assert_eq!(response.status, 502);
    let said = response.text();
    assert!(
        said.contains(&format!("Blob service at {nobody}")),
        "{said}"
    );
}
