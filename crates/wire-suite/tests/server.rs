//! The whole suite against the server, on an account whose name and key are looked for in what
//! it has recorded.

#![expect(clippy::unwrap_used, reason = "in a test a wrong value may end it")]

use std::ffi::OsString;
use std::time::Duration;

use queuerite_server::Server;
use queuerite_server::config::{Config, Parsed};
use queuerite_wire_suite::settings::Endpoint;
use queuerite_wire_suite::{Settings, run};
use tempfile::TempDir;
use tokio::runtime::Runtime;

const ACCOUNT: &str = "notwellknown";
const KEY: &str =
    "S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5Sw==";

#[test]
fn the_server_passes_and_its_recording_keeps_no_secret() {
    let location = TempDir::new().unwrap();
    let location = location.path().to_str().unwrap();
    let words = [
        "queuerite",
        "--silent",
        "--queuePort",
        "0",
        "--location",
        location,
    ];
    let accounts = |name: &str| {
        let is_asked = name == "AZURITE_ACCOUNTS";
        is_asked.then(|| format!("{ACCOUNT}:{KEY}"))
    };
    let words = words.iter().map(OsString::from);
    let Ok(Parsed::Run(config)) = Config::from_arguments(words, &accounts) else {
        panic!("no configuration")
    };
    let runtime = Runtime::new().unwrap();
    let server = runtime.block_on(Server::start(&config, None)).unwrap();
    let port = server.listening()[0].address.port();

    let in_path = format!("http://127.0.0.1:{port}/{ACCOUNT}");
    let in_host = format!("http://{ACCOUNT}.queue.localhost:{port}");
    let recordings = [(in_path, "k1"), (in_host, "other2")].map(|(url, run)| record(&url, run));
    assert!(recordings[0] == recordings[1], "the recordings differ");

    let recording = &recordings[0];
    let port = port.to_string();
    for secret in [KEY, ACCOUNT, "ck1-", "cother2-", "127.0.0.1", &port] {
        assert!(!recording.contains(secret), "{secret} was recorded");
    }
    for (before, placeholder) in [
        ("sig=", "{signature}"),
        ("SharedKey ", "{account}:{signature}\n"),
        ("HTTP request '", "{signature}'"),
    ] {
        let mut after = recording.split(before).skip(1).peekable();
        assert!(after.peek().is_some(), "{before} was not recorded");
        assert!(after.all(|text| text.starts_with(placeholder)), "{before}");
    }
    assert!(runtime.block_on(server.stop()));
}

fn record(url: &str, run_id: &str) -> String {
    let settings = Settings {
        endpoint: Endpoint::parse(url, None).unwrap(),
        account: ACCOUNT.into(),
        key: KEY.into(),
        prefix: format!("c{run_id}-"),
        patience: Duration::from_secs(2),
        scenarios: Vec::new(),
        reports: "nowhere".into(),
        record: None,
    };
    let (verdicts, recording) = run(&settings, |_| {});
    let failed: Vec<_> = verdicts
        .iter()
        .filter(|verdict| verdict.outcome.is_err())
        .collect();
    assert!(failed.is_empty(), "{url}: {failed:#?}");
    assert!(!verdicts.is_empty());
    recording
}
