//! A page that puts a message from a browser: what it asks first, what it sends, what it may read.

use queuerite_testkit::{ACCOUNT, Client, KEY, Request, Response, encoded, sign};

use crate::account::Account;
use crate::{VERSION, in_memory};

const ORIGIN: &str = "https://app.example:8443";

/// What a browser adds to every request of a page.
fn of_a_page(method: &str, target: &str, origin: &str) -> Request {
    Request::new(method, target)
        .header("Connection", "keep-alive")
        .header("Accept", "*/*")
        .header("Origin", origin)
        .header(
            "User-Agent",
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36",
        )
        .header("Sec-Fetch-Mode", "cors")
        .header("Sec-Fetch-Site", "cross-site")
        .header("Sec-Fetch-Dest", "empty")
        .header("Referer", format!("{origin}/"))
        .header("Accept-Encoding", "gzip, deflate, br, zstd")
        .header("Accept-Language", "en-US,en;q=0.9")
}

fn preflight(client: &mut Client, target: &str, origin: &str, headers: &str) -> Response {
    let request = of_a_page("OPTIONS", target, origin)
        .header("Access-Control-Request-Method", "POST")
        .header("Access-Control-Request-Headers", headers);
    client.send(&request).unwrap()
}

#[test]
fn a_page_asks_puts_and_reads_the_answer() {
    let server = in_memory(&[]);
    let mut account = Account::new(server.client());
    account.create("page");
    let rules = format!(
        "<StorageServiceProperties><Cors><CorsRule><AllowedOrigins>{ORIGIN}</AllowedOrigins>\
         <AllowedMethods>POST</AllowedMethods><AllowedHeaders>content-type,x-ms-*</AllowedHeaders>\
         <ExposedHeaders>x-ms-*</ExposedHeaders><MaxAgeInSeconds>600</MaxAgeInSeconds></CorsRule>\
         </Cors></StorageServiceProperties>"
    );
    let set = account.request("PUT", "?restype=service&comp=properties");
    account.expect(202, set.body(rules));

    let fields = [
        "a",
        "",
        "2099-01-01",
        "/queue/devstoreaccount1/page",
        "",
        "",
        "",
        VERSION,
    ];
    let signature = encoded(&sign(KEY, &fields.join("\n")));
    let query = format!("sp=a&se=2099-01-01&sv={VERSION}&sig={signature}");
    let target = format!("/{ACCOUNT}/page/messages?{query}");
    let mut client = server.client();
    let headers = "content-type,x-ms-client-request-id,x-ms-version";
    let allowed = preflight(&mut client, &target, ORIGIN, headers);
    assert_eq!(allowed.status, 200);
    for (name, value) in [
        ("access-control-allow-origin", ORIGIN),
        ("access-control-allow-methods", "POST"),
        ("access-control-allow-headers", headers),
        ("access-control-max-age", "600"),
        ("access-control-allow-credentials", "true"),
    ] {
        assert_eq!(allowed.header(name), Some(value), "{name}");
    }

    let body = "<QueueMessage><MessageText>from a page</MessageText></QueueMessage>";
    let put = of_a_page("POST", &target, ORIGIN)
        .header("Content-Type", "application/xml")
        .header("Content-Length", body.len().to_string())
        .header("x-ms-version", VERSION)
        .header("x-ms-client-request-id", "page-1");
    let answer = client.send(&put.body(body)).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.header("access-control-allow-origin"), Some(ORIGIN));
    let exposed = answer.header("access-control-expose-headers").unwrap();
    assert!(exposed.contains("x-ms-request-id"), "{exposed}");
    assert_eq!(account.get("page", 1, 60)[0].text, "from a page");

    // The error of a page can be read by it as well.
    let refused = client.send(
        &of_a_page("POST", &format!("/{ACCOUNT}/page/messages"), ORIGIN)
            .header("Content-Length", "0"),
    );
    let refused = refused.unwrap();
    assert!(refused.status >= 400);
    assert_eq!(refused.header("access-control-allow-origin"), Some(ORIGIN));

    // Another page, a plain one of the same name, and a header that no rule names.
    for (origin, headers) in [
        ("https://evil.example", headers),
        ("https://app.example", headers),
        ("http://app.example:8443", headers),
        ("null", headers),
        (ORIGIN, "x-secret"),
    ] {
        let refused = preflight(&mut client, &target, origin, headers);
        assert_eq!(refused.status, 403, "{origin} {headers}");
        let code = refused.header("x-ms-error-code");
        assert_eq!(code, Some("CorsPreflightFailure"));
        assert_eq!(refused.header("access-control-allow-origin"), None);
    }
}
