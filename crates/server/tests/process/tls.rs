//! HTTPS: what is spoken through TLS, what is refused, and the certificates for it.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use queuerite_server::limits::{HANDSHAKE_TIME_MAX, STOP_TIME_MAX};
use queuerite_testkit::{
    ACCOUNT, Client, KEY, Process, ProtocolVersion, Request, TLS12, TLS13, Trust, encoded, run,
    sign,
};
use tempfile::TempDir;

use crate::account::{Account, messages};
use crate::{PROGRAM, VERSION, in_memory};

/// A folder with a certificate of `queuerite cert`.
pub(crate) struct Certified {
    folder: TempDir,
}

impl Certified {
    pub(crate) fn new(arguments: &[&str]) -> Self {
        let certified = Self {
            folder: TempDir::new().unwrap(),
        };
        let output = certified.certify(arguments);
        assert!(output.status.success(), "{}", text(&output.stderr));
        certified
    }

    /// Runs `queuerite cert` once more.
    fn certify(&self, arguments: &[&str]) -> Output {
        let usual = ["cert", "--directory", self.folder.path().to_str().unwrap()];
        run(PROGRAM, usual.iter().chain(arguments))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap()
    }

    /// The options of a server with this certificate.
    pub(crate) fn options(&self) -> Vec<String> {
        let [cert, key] = ["cert.pem", "key.pem"].map(|name| self.path(name));
        let [cert, key] = [cert, key].map(|path| path.to_str().unwrap().to_owned());
        ["--cert".to_owned(), cert, "--key".to_owned(), key].into()
    }

    pub(crate) fn start(&self) -> Process {
        let options = self.options();
        in_memory(&options.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// A client that trusts the authority in the folder.
    pub(crate) fn client(&self, server: &Process) -> Client {
        server.client().over_tls(&Trust::of(&self.path("ca.pem")))
    }

    fn account(&self, server: &Process) -> Account {
        Account::new(self.client(server))
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_client_that_trusts_the_authority_is_served_at_both_versions() {
    let certified = Certified::new(&[]);
    let server = certified.start();
    for (version, expected) in [
        (&TLS12, ProtocolVersion::TLSv1_2),
        (&TLS13, ProtocolVersion::TLSv1_3),
    ] {
        let trust = Trust::at_versions(&certified.path("ca.pem"), &[version]);
        let mut account = Account::new(server.client().over_tls(&trust));
        account.create("secure");
        assert_eq!(account.client.tls_version(), Some(expected));
        account.put("secure", "text");
        assert_eq!(account.get("secure", 1, 60)[0].text, "text");
        let request = account.request("GET", "/?comp=list");
        let list = account.expect(200, request).text();
        let endpoint = format!("ServiceEndpoint=\"https://{}/{ACCOUNT}/\"", server.address);
        assert!(list.contains(&endpoint), "{list}");
        let request = account.request("DELETE", "/secure");
        account.expect(204, request);
        assert!(account.client.is_connected());
    }
}

#[test]
fn a_client_that_offers_http_2_too_gets_http_1_1() {
    let certified = Certified::new(&[]);
    let server = certified.start();
    let request = Request::new("GET", "/_queuerite/health");
    let send = |protocols: &[&str]| {
        let trust = Trust::of(&certified.path("ca.pem")).offering(protocols);
        server.client().over_tls(&trust).send(&request)
    };
    for protocols in [&["h2", "http/1.1"][..], &["http/1.0"], &[]] {
        assert_eq!(send(protocols).unwrap().status, 200, "{protocols:?}");
    }
    let error = send(&["h2"]).unwrap_err().to_string();
    assert!(error.contains("NoApplicationProtocol"), "{error}");
}

#[test]
fn tls_1_1_is_refused() {
    let certified = Certified::new(&[]);
    let server = certified.start();
    let answer = |version| {
        let mut stream = connect(server.address);
        stream.write_all(&client_hello(version)).unwrap();
        let mut answer = [0; 7];
        stream.read_exact(&mut answer).unwrap();
        answer
    };
    // A fatal alert of an unsupported version.
    for version in [[3, 1], [3, 2]] {
        let [kind, _, _, rest @ ..] = answer(version);
        assert_eq!((kind, rest), (21, [0, 2, 2, 70]), "{version:?}");
    }
    // The same message of a client that knows 1.2 is answered by the server's part of the
    // handshake.
    let [kind, _, _, _, _, message, _] = answer([3, 3]);
    assert_eq!((kind, message), (22, 2));
}

/// The first message of a client whose newest version is this.
fn client_hello(version: [u8; 2]) -> Vec<u8> {
    let mut hello = version.to_vec();
    hello.extend([7; 32]);
    // No session; ECDHE-ECDSA-AES128-GCM-SHA256; no compression.
    hello.extend([0, 0, 2, 0xc0, 0x2b, 1, 0]);
    // P-256, points uncompressed, ECDSA with SHA-256.
    hello.extend([0, 22, 0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0]);
    hello.extend([0, 13, 0, 4, 0, 2, 4, 3]);
    let length = u8::try_from(hello.len()).unwrap();
    [vec![22, 3, 1, 0, length + 4, 1, 0, 0, length], hello].concat()
}

#[test]
fn plain_http_is_told_what_is_missing_and_harms_nobody() {
    let certified = Certified::new(&[]);
    let server = certified.start();
    let request = Request::new("GET", format!("/{ACCOUNT}?comp=list")).signed(VERSION);
    assert_eq!(server.client().send(&request).unwrap().status, 400);
    assert_eq!(
        certified.client(&server).send(&request).unwrap().status,
        200
    );
    // Nor does TLS get anything from a server of plain HTTP.
    let plain = in_memory(&[]);
    assert!(certified.client(&plain).send(&request).is_err());
    assert_eq!(plain.client().send(&request).unwrap().status, 200);
}

#[test]
fn a_client_that_trusts_another_authority_leaves() {
    let [one, other] = [Certified::new(&[]), Certified::new(&[])];
    let server = one.start();
    let request = Request::new("GET", format!("/{ACCOUNT}?comp=list")).signed(VERSION);
    let error = other.client(&server).send(&request).unwrap_err();
    assert!(
        error.to_string().contains("invalid peer certificate"),
        "{error}"
    );
    assert_eq!(one.client(&server).send(&request).unwrap().status, 200);
}

#[test]
fn a_signature_for_https_alone_opens_https_alone() {
    let certified = Certified::new(&[]);
    let (secure, plain) = (certified.start(), in_memory(&[]));
    for (protocols, over_http) in [("https", 403), ("https,http", 200)] {
        let expiry = "2099-01-01T00:00:00Z";
        let fields = [
            ACCOUNT, "rl", "q", "s", "", expiry, "", protocols, VERSION, "",
        ];
        let signature = sign(KEY, &fields.map(|field| format!("{field}\n")).concat());
        let target = format!(
            "/{ACCOUNT}?comp=list&sv={VERSION}&ss=q&srt=s&sp=rl&se={expiry}&spr={protocols}&sig={}",
            encoded(&signature)
        );
        let request = Request::new("GET", target);
        let response = certified.client(&secure).send(&request).unwrap();
        assert_eq!(response.status, 200, "{}", response.text());
        let response = plain.client().send(&request).unwrap();
        assert_eq!(response.status, over_http, "{}", response.text());
        if over_http == 403 {
            let code = response.element("Code");
            assert_eq!(code.as_deref(), Some("AuthorizationProtocolMismatch"));
        }
    }
}

#[test]
fn the_lines_tell_of_https_and_every_port_speaks_it() {
    let certified = Certified::new(&[]);
    let server = certified.start();
    let ready = format!("successfully listens on https://{}", server.address);
    assert!(
        server.lines.iter().any(|line| line.ends_with(&ready)),
        "{:?}",
        server.lines
    );

    let ports = ["--blobPort", "0", "--queuePort", "0", "--tablePort", "0"];
    let arguments = ["azurite", "--silent", "--inMemoryPersistence"]
        .iter()
        .chain(&ports);
    let arguments = arguments
        .map(ToString::to_string)
        .chain(certified.options());
    let mut server = Process::start(PROGRAM, arguments);
    server.line_with("Table service is successfully listening at https://127.0.0.1:");
    let starting = "Azurite Queue service is starting at https://127.0.0.1:0";
    assert!(
        server.lines.iter().any(|line| line == starting),
        "{:?}",
        server.lines
    );
    for service in ["Blob", "Table"] {
        let start = format!("Azurite {service} service is successfully listening at https://");
        let mut lines = server.lines.iter();
        let address = lines.find_map(|line| line.strip_prefix(&start)).unwrap();
        let trust = Trust::of(&certified.path("ca.pem"));
        let mut client = Client::new(address.parse().unwrap()).over_tls(&trust);
        let response = client
            .send(&Request::new("GET", "/devstoreaccount1/box").signed(VERSION))
            .unwrap();
        assert_eq!(response.status, 501);
    }
    certified.account(&server).create("queue");
}

#[test]
fn metadata_names_keep_their_capitals() {
    let certified = Certified::new(&[]);
    let server = certified.start();
    let mut account = certified.account(&server);
    let mut bytes = Vec::new();
    for name in ["MyKey", "mykey", "MYKEY"] {
        let request = account
            .request("PUT", &format!("/que-{}", bytes.len()))
            .header(&format!("x-ms-meta-{name}"), "1");
        let target = request.target.clone();
        bytes.extend(request.signed_by(ACCOUNT, KEY).to_bytes(server.address));
        let request = Request::new("GET", format!("{target}?comp=metadata"));
        bytes.extend(request.signed(VERSION).to_bytes(server.address));
    }
    account.client.write(&bytes).unwrap();
    for name in ["MyKey", "mykey", "MYKEY"] {
        assert_eq!(account.client.read(false).unwrap().status, 201);
        let response = account.client.read(false).unwrap();
        let wanted = format!("x-ms-meta-{name}");
        assert!(
            response.headers.iter().any(|(name, _)| *name == wanted),
            "{response:?}"
        );
    }
}

#[test]
fn large_requests_in_a_row_are_answered_in_order() {
    let certified = Certified::new(&[]);
    let server = certified.start();
    let mut account = certified.account(&server);
    account.create("large");
    // More than any buffer on the way holds, and many records of TLS.
    let text_of = |number: usize| format!("{number:02}").repeat(30_000);
    let mut bytes = Vec::new();
    for number in 0..32 {
        let request = account.put_request("large", &text_of(number), "");
        bytes.extend(request.signed_by(ACCOUNT, KEY).to_bytes(server.address));
    }
    let request = account.get_request("large", 32, 60);
    bytes.extend(request.signed_by(ACCOUNT, KEY).to_bytes(server.address));
    account.client.write(&bytes).unwrap();
    for _ in 0..32 {
        assert_eq!(account.client.read(false).unwrap().status, 201);
    }
    let found = messages(&account.client.read(false).unwrap());
    assert_eq!(found.len(), 32);
    for (number, message) in found.iter().enumerate() {
        assert!(message.text == text_of(number), "{number}");
    }
}

#[test]
fn a_body_that_is_refused_early_does_not_take_the_answer_with_it() {
    let certified = Certified::new(&[]);
    let server = certified.start();
    let mut account = certified.account(&server);
    account.create("early");
    let request = account
        .request("POST", "/early/messages")
        .body(vec![b'x'; 3_000_000]);
    let response = account.send(request).unwrap();
    assert_eq!(response.status, 413);
    assert_eq!(response.header("connection"), Some("close"));
    account.create("next");
}

#[test]
fn a_connection_that_idles_is_closed_with_a_farewell() {
    let certified = Certified::new(&[]);
    let mut options = certified.options();
    options.extend(["--queueKeepAliveTimeout".to_owned(), "0.2".to_owned()]);
    let server = in_memory(&options.iter().map(String::as_str).collect::<Vec<_>>());
    let mut account = certified.account(&server);
    account.create("idle");
    assert!(account.client.is_connected() && account.client.is_closed());
}

#[test]
fn a_client_that_never_shakes_hands_is_let_go() {
    let certified = Certified::new(&[]);
    let server = certified.start();
    let mut stream = connect(server.address);
    // The first byte of a handshake, and no more.
    stream.write_all(&[22]).unwrap();
    stream
        .set_read_timeout(Some(6 * HANDSHAKE_TIME_MAX))
        .unwrap();
    assert_eq!(stream.read(&mut [0; 16]).unwrap(), 0);
    certified.account(&server).create("others");
}

#[test]
fn stopping_waits_for_no_handshake_and_closes_what_idles() {
    let certified = Certified::new(&[]);
    let server = certified.start();
    let mut silent = connect(server.address);
    silent.write_all(&[22]).unwrap();
    let mut account = certified.account(&server);
    account.create("idle");
    let start = Instant::now();
    let (status, lines) = server.terminate();
    assert!(start.elapsed() < STOP_TIME_MAX, "something was waited for");
    assert!(status.success());
    assert!(lines.last().unwrap().ends_with("successfully closed"));
    assert!(account.client.is_closed());
    assert_eq!(silent.read(&mut [0; 16]).unwrap_or(0), 0);
}

#[test]
fn a_request_under_way_is_answered_while_stopping() {
    let certified = Certified::new(&[]);
    let mut server = certified.start();
    let mut account = certified.account(&server);
    account.create("under-way");
    let request = account.put_request("under-way", "text", "");
    let bytes = request.signed_by(ACCOUNT, KEY).to_bytes(server.address);
    let (most, last) = bytes.split_at(bytes.len() - 1);
    account.client.write(most).unwrap();
    // Answered on another connection, so the first has been read.
    assert_eq!(certified.account(&server).count("under-way"), 0);
    server.signal("TERM");
    server.line_with("service is closing...");
    account.client.write(last).unwrap();
    assert_eq!(account.client.read(false).unwrap().status, 201);
    assert!(account.client.is_closed());
    assert!(server.wait().status.success());
}

#[test]
fn what_is_wrong_with_a_certificate_is_told_before_anything_starts() {
    let [one, other] = [Certified::new(&[]), Certified::new(&[])];
    let path = |certified: &Certified, name| certified.path(name).to_str().unwrap().to_owned();
    let (cert, key, pfx) = (
        path(&one, "cert.pem"),
        path(&one, "key.pem"),
        path(&one, "cert.pfx"),
    );
    let other_key = path(&other, "key.pem");
    let location = TempDir::new().unwrap();
    for (options, code, expected) in [
        (
            vec!["--cert", "/nowhere/cert.pem", "--key", &key],
            1,
            "queuerite: cannot read /nowhere/cert.pem: No such file or directory (os error 2)"
                .to_owned(),
        ),
        (
            vec!["--cert", &cert, "--key", "/nowhere/key.pem"],
            1,
            "queuerite: cannot read /nowhere/key.pem: No such file or directory (os error 2)"
                .to_owned(),
        ),
        (
            vec!["--cert", &cert, "--key", &other_key],
            1,
            format!(
                "queuerite: the key in {other_key} does not belong to the certificate in {cert}"
            ),
        ),
        (
            vec!["--cert", &cert],
            1,
            format!(
                "queuerite: --cert {cert} holds a certificate without its key; give the key with --key"
            ),
        ),
        (
            vec!["--cert", &pfx],
            1,
            format!("queuerite: --cert {pfx} does not open without a password; give it with --pwd"),
        ),
        (
            vec!["--cert", &pfx, "--pwd", "hunter2"],
            1,
            format!("queuerite: --pwd is not the password of {pfx}"),
        ),
        (
            vec!["--key", &key],
            2,
            "queuerite: --key needs --cert, the certificate it is of".to_owned(),
        ),
        (
            vec!["--pwd", "hunter2"],
            2,
            "queuerite: --pwd needs --cert, the file that it opens".to_owned(),
        ),
    ] {
        for command in ["azurite", "azurite-queue"] {
            let usual = [command, "--queuePort", "0", "--location"].map(ToOwned::to_owned);
            let usual =
                usual
                    .into_iter()
                    .chain([location.path().join("new").display().to_string()]);
            let output = run(
                PROGRAM,
                usual.chain(options.iter().map(ToString::to_string)),
            );
            assert_eq!(text(&output.stderr), format!("{expected}\n"));
            assert_eq!(output.status.code(), Some(code), "{expected}");
            assert_eq!(text(&output.stdout), "");
        }
    }
    assert!(!location.path().join("new").exists());
}

#[test]
fn a_certificate_that_is_out_of_date_is_served_and_told() {
    for (begin, end, expected) in [
        (2019, 2020, "the certificate has expired on 2020-01-01T"),
        (
            2098,
            2099,
            "the certificate is not valid before 2098-01-01T",
        ),
    ] {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(begin, 1, 1);
        params.not_after = rcgen::date_time_ymd(end, 1, 1);
        let certificate = params.self_signed(&key).unwrap().pem();
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("all.pem");
        fs::write(&file, certificate + &key.serialize_pem()).unwrap();
        let mut server = in_memory(&["--cert", file.to_str().unwrap()]);
        server.error_with(expected);
        let trust = Trust::of(&file).named("localhost");
        let request = Request::new("GET", "/_queuerite/health");
        let error = server.client().over_tls(&trust).send(&request).unwrap_err();
        assert!(
            error.to_string().contains("invalid peer certificate"),
            "{error}"
        );
    }
}

#[test]
fn a_certificate_is_served_from_every_kind_of_file() {
    let certified = Certified::new(&["--pwd", "0123"]);
    let all = certified.path("all.pem");
    fs::write(
        &all,
        [certified.read("key.pem"), certified.read("cert.pem")].concat(),
    )
    .unwrap();
    let file = |path: &Path| path.to_str().unwrap().to_owned();
    let (cert, key) = (
        file(&certified.path("cert.pem")),
        file(&certified.path("key.pem")),
    );
    let (pfx, all) = (file(&certified.path("cert.pfx")), file(&all));
    for options in [
        vec!["--cert", &pfx, "--pwd", "0123"],
        vec!["--cert", &all],
        // The password is of no use to PEM, which wins.
        vec!["--cert", &cert, "--key", &key, "--pwd", "hunter2"],
    ] {
        let server = in_memory(&options);
        certified.account(&server).create("served");
    }
}

#[test]
fn a_certificate_is_for_the_usual_names_and_for_those_given() {
    let certified = Certified::new(&["Queues.Example", "*.queues.example", "10.0.0.7"]);
    let server = certified.start();
    let request = Request::new("GET", format!("/{ACCOUNT}?comp=list")).signed(VERSION);
    let send = |name: &str| {
        let trust = Trust::of(&certified.path("ca.pem")).named(name);
        server.client().over_tls(&trust).send(&request)
    };
    for name in [
        "localhost",
        "127.0.0.1",
        "::1",
        "host.docker.internal",
        "devstoreaccount1.queue.localhost",
        "devstoreaccount1-secondary.queue.localhost",
        "another.queue.localhost",
        "queues.example",
        "mine.queues.example",
        "10.0.0.7",
    ] {
        assert_eq!(send(name).unwrap().status, 200, "{name}");
    }
    for name in ["example", "10.0.0.8", "a.b.queues.example"] {
        let error = send(name).unwrap_err().to_string();
        assert!(error.contains("not valid for name"), "{name}: {error}");
    }
    // The account in the name of the host.
    let mut client = certified.client(&server);
    let host = format!("{ACCOUNT}.queue.localhost:{}", server.address.port());
    let request = Request::new("GET", "/?comp=list").header("Host", &host);
    let list = client.send(&request.signed(VERSION)).unwrap().text();
    assert!(
        list.contains(&format!("ServiceEndpoint=\"https://{host}/\"")),
        "{list}"
    );
}

#[test]
fn an_authority_is_kept_and_its_certificates_go_on_to_be_trusted() {
    let certified = Certified::new(&[]);
    let names = ["ca.pem", "ca-key.pem", "cert.pem", "key.pem", "cert.pfx"];
    let before = names.map(|name| certified.read(name));
    let output = certified.certify(&["more.example"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let after = names.map(|name| certified.read(name));
    assert_eq!(before[..2], after[..2]);
    for (name, (before, after)) in names.iter().zip(before.iter().zip(&after)).skip(2) {
        assert_ne!(before, after, "{name}");
    }

    let mut files: Vec<_> = fs::read_dir(certified.folder.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                entry.metadata().unwrap(),
            )
        })
        .map(|(name, file)| (name, file.permissions().mode() & 0o077))
        .collect();
    files.sort();
    let secret = |name: &str| matches!(name, "ca-key.pem" | "key.pem" | "cert.pfx");
    for (name, others) in &files {
        assert_eq!(*others == 0, secret(name), "{name}: {others:o}");
    }
    assert_eq!(files.len(), names.len(), "{files:?}");

    let server = certified.start();
    certified.account(&server).create("again");
}

#[test]
fn the_report_tells_what_was_made_and_how_to_use_it() {
    let certified = Certified::new(&[]);
    let folder = certified.folder.path().display().to_string();
    let output = certified.certify(&["queues"]);
    let report = text(&output.stdout);
    assert_eq!(text(&output.stderr), "");
    for line in [
        format!("{folder}/ca.pem      certificate of the authority, to be trusted; kept, until "),
        format!("{folder}/key.pem     its key; new"),
        "For localhost, 127.0.0.1, ::1, host.docker.internal, devstoreaccount1.queue.localhost, \
         *.queue.localhost, queues\n"
            .to_owned(),
        format!("  queuerite --cert {folder}/cert.pem --key {folder}/key.pem\n"),
        "update-ca-certificates\n".to_owned(),
        "security add-trusted-cert".to_owned(),
        format!("certutil -addstore -user Root {folder}/ca.pem\n"),
        "keytool -importcert".to_owned(),
        format!("export REQUESTS_CA_BUNDLE={folder}/ca.pem\n"),
        format!("export NODE_EXTRA_CA_CERTS={folder}/ca.pem\n"),
        format!("export SSL_CERT_FILE={folder}/ca.pem\n"),
    ] {
        assert!(report.contains(&line), "{line}\n{report}");
    }
    assert!(!report.contains("PRIVATE KEY"));
}

#[test]
fn a_key_that_was_not_made_here_is_not_replaced_unasked() {
    let stranger = Certified::new(&[]);
    for (replaced, told) in [
        (&["key.pem"][..], "key.pem"),
        (&["key.pem", "cert.pem"], "key.pem"),
        // The two no longer fit, and it is the key that would be lost.
        (&["cert.pem"], "key.pem"),
        (&["cert.pfx"], "cert.pfx"),
    ] {
        let certified = Certified::new(&[]);
        for name in replaced {
            fs::write(certified.path(name), stranger.read(name)).unwrap();
        }
        let names = ["ca.pem", "ca-key.pem", "cert.pem", "key.pem", "cert.pfx"];
        let before = names.map(|name| certified.read(name));
        let output = certified.certify(&[]);
        let path = certified.path(told);
        assert_eq!(
            text(&output.stderr),
            format!(
                "queuerite: {} is there and was not made here; --force replaces it\n",
                path.display()
            )
        );
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(text(&output.stdout), "");
        assert_eq!(names.map(|name| certified.read(name)), before);

        assert!(certified.certify(&["--force"]).status.success());
        assert_eq!(
            certified.read("ca.pem"),
            before[0],
            "the authority was usable"
        );
        let server = certified.start();
        certified.account(&server).create("forced");
    }
    // Where there is no authority, everything is somebody else's.
    let certified = Certified::new(&[]);
    for name in ["ca.pem", "ca-key.pem"] {
        fs::remove_file(certified.path(name)).unwrap();
    }
    let output = certified.certify(&[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("key.pem is there and was not made here"));
    assert!(!certified.path("ca.pem").exists());
}

#[test]
fn an_authority_that_cannot_be_used_is_not_replaced_unasked() {
    let stranger = Certified::new(&[]);
    let breakages: [(&str, Vec<u8>, &str); 4] = [
        (
            "ca-key.pem",
            stranger.read("ca-key.pem"),
            "does not belong to the certificate in",
        ),
        ("ca.pem", b"nothing".to_vec(), "holds no certificate"),
        ("ca-key.pem", b"nothing".to_vec(), "holds no private key"),
        ("both", Vec::new(), "it is no authority"),
    ];
    for (name, bytes, reason) in breakages {
        let certified = Certified::new(&[]);
        if name == "both" {
            fs::copy(certified.path("cert.pem"), certified.path("ca.pem")).unwrap();
            fs::copy(certified.path("key.pem"), certified.path("ca-key.pem")).unwrap();
        } else {
            fs::write(certified.path(name), bytes).unwrap();
        }
        let before = certified.read("ca.pem");
        let output = certified.certify(&[]);
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1));
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(
            error.contains(reason) && error.contains("--force makes a new"),
            "{error}"
        );
        assert_eq!(certified.read("ca.pem"), before);
        assert!(certified.certify(&["--force"]).status.success());
        let server = certified.start();
        certified.account(&server).create("forced");
    }
}

#[test]
fn a_certificate_that_cannot_be_made_is_told_in_one_line() {
    let certified = Certified::new(&[]);
    let file = certified.path("ca.pem");
    for (arguments, code, expected) in [
        (
            &["https://x"][..],
            2,
            "'https://x': a name or an address is expected, not a URL",
        ),
        (&["--bogus"], 2, "unknown option '--bogus'"),
        (&["--directory", file.to_str().unwrap()], 1, "cannot create"),
    ] {
        let output = run(PROGRAM, ["cert"].iter().chain(arguments));
        let error = text(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{error}");
        assert_eq!(error.lines().count(), 1, "{error}");
        assert!(error.contains(expected), "{error}");
        assert_eq!(text(&output.stdout), "");
    }
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
}
