use super::*;
use crate::tls::Password;

/// Reads a command line as a shell would, without quotes.
fn read(line: &str) -> Result<Parsed, UsageError> {
    read_with(line.split_whitespace(), &[])
}

fn read_with<'a>(
    words: impl IntoIterator<Item = &'a str>,
    environment: &[(&str, &str)],
) -> Result<Parsed, UsageError> {
    let env = |name: &str| {
        let found = environment.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Config::from_arguments(words.into_iter().map(OsString::from), &env)
}

fn run(line: &str) -> Config {
    match read(line) {
        Ok(Parsed::Run(config)) => *config,
        other => panic!("{line}: {other:?}"),
    }
}

fn run_with(line: &str, environment: &[(&str, &str)]) -> Config {
    match read_with(line.split_whitespace(), environment) {
        Ok(Parsed::Run(config)) => *config,
        other => panic!("{line}: {other:?}"),
    }
}

fn print(line: &str) -> String {
    match read(line) {
        Ok(Parsed::Print(text)) => text,
        other => panic!("{line}: {other:?}"),
    }
}

fn error(line: &str) -> String {
    match read(line) {
        Err(error) => error.to_string(),
        Ok(parsed) => panic!("{line}: {parsed:?}"),
    }
}

fn endpoint(host: &str, port: u16) -> Endpoint {
    Endpoint {
        host: host.to_owned(),
        port,
    }
}

fn memory_limit(config: &Config) -> u64 {
    match config.storage {
        Storage::Memory { limit_bytes, .. } => limit_bytes,
        Storage::Disk { .. } => panic!("on disk"),
    }
}

fn location(config: &Config) -> &Path {
    match &config.storage {
        Storage::Disk { location, .. } => location,
        Storage::Memory { .. } => panic!("in memory"),
    }
}

#[test]
fn without_options_it_listens_on_loopback_and_keeps_queues_here() {
    for (command, dialect) in [
        ("queuerite", Dialect::Queuerite),
        ("azurite-queue", Dialect::AzuriteQueue),
    ] {
        let config = run(command);
        assert_eq!(config.dialect, dialect);
        assert_eq!(config.queue, endpoint("127.0.0.1", 10001));
        assert_eq!(config.blob, None);
        assert_eq!(config.table, None);
        assert_eq!(config.keep_alive, KEEP_ALIVE_DEFAULT);
        assert_eq!(
            config.storage,
            Storage::Disk {
                location: PathBuf::from("."),
                durability: Durability::Fsync
            }
        );
        assert!(!config.strict);
        assert!(!config.loose);
        assert!(config.host_style);
        assert!(!config.any_version);
        assert!(config.access_log);
        assert_eq!(config.debug_log, None);
    }
}

#[test]
fn azurite_also_opens_the_ports_of_its_other_services() {
    let config = run("azurite");
    assert_eq!(config.blob, Some(endpoint("127.0.0.1", 10000)));
    assert_eq!(config.table, Some(endpoint("127.0.0.1", 10002)));
    let services: Vec<_> = config.services().collect();
    assert_eq!(
        services,
        [
            (Service::Blob, &endpoint("127.0.0.1", 10000)),
            (Service::Queue, &endpoint("127.0.0.1", 10001)),
            (Service::Table, &endpoint("127.0.0.1", 10002)),
        ]
    );
    let alone = run("azurite-queue");
    let services: Vec<_> = alone.services().map(|(service, _)| service).collect();
    assert_eq!(services, [Service::Queue]);
}

#[test]
fn a_companions_port_may_be_forwarded() {
    let config = run("azurite --blobProxy http://127.0.0.1:20000 --tableProxy http://tables/");
    assert_eq!(config.blob_proxy, Some(endpoint("127.0.0.1", 20000)));
    assert_eq!(config.table_proxy, Some(endpoint("tables", 80)));
    let variables = [
        ("QUEUERITE_BLOB_PROXY", "http://[::1]:1"),
        ("QUEUERITE_TABLE_PROXY", ""),
    ];
    let config = run_with("azurite", &variables);
    assert_eq!(config.blob_proxy, Some(endpoint("::1", 1)));
    assert_eq!(config.table_proxy, None);
    // They may be set for all commands, and concern one of them.
    let config = run_with("azurite-queue", &variables);
    assert_eq!(config.blob_proxy, None);
    assert_eq!(
        error("azurite-queue --blobProxy http://127.0.0.1:20000"),
        "--blobProxy is for the command azurite: azurite-queue has no such port"
    );
    for (url, what) in [
        ("127.0.0.1:20000", "a URL is expected"),
        ("https://blobs", "to an http:// URL alone"),
        ("http://blobs/account", "no path"),
        ("http://user@blobs", "no user"),
        ("http://blobs:0", "port 0"),
    ] {
        let line = error(&format!("azurite --tableProxy {url}"));
        assert!(line.starts_with("--tableProxy '"), "{line}");
        assert!(line.contains(what), "{line}");
    }
}

#[test]
fn the_dialect_is_that_of_the_commands_name() {
    for (command, expected) in [
        ("azurite", Dialect::Azurite),
        ("/usr/local/bin/azurite", Dialect::Azurite),
        ("azurite.exe", Dialect::Azurite),
        ("Azurite.EXE", Dialect::Azurite),
        ("./azurite-queue", Dialect::AzuriteQueue),
        ("bin/azurite-queue.exe", Dialect::AzuriteQueue),
        ("queuerite", Dialect::Queuerite),
        ("queuerite.exe", Dialect::Queuerite),
        ("renamed", Dialect::Queuerite),
        ("azurite-blob", Dialect::Queuerite),
        ("queuerite azurite", Dialect::Azurite),
        ("queuerite azurite-queue", Dialect::AzuriteQueue),
        (
            "/opt/queuerite azurite-queue --silent",
            Dialect::AzuriteQueue,
        ),
    ] {
        assert_eq!(run(command).dialect, expected, "{command}");
    }
    let Ok(Parsed::Run(config)) = read_with([], &[]) else {
        panic!("no name at all");
    };
    assert_eq!(config.dialect, Dialect::Queuerite);
}

#[test]
fn a_dialect_is_named_once_and_first() {
    assert_eq!(
        error("queuerite --silent azurite"),
        "unexpected word 'azurite'; --help lists the options"
    );
    assert_eq!(
        error("queuerite queuerite"),
        "unexpected word 'queuerite'; --help lists the options"
    );
    // Under Azurite's names it is a word like any other.
    assert_eq!(run("azurite-queue azurite").dialect, Dialect::AzuriteQueue);
}

#[test]
fn every_option_is_accepted_under_every_command() {
    let every_option = "--queueHost 0.0.0.0 --queuePort 1 --queueKeepAliveTimeout 30 \
         --blobHost 0.0.0.0 --blobPort 2 --blobKeepAliveTimeout 6 \
         --tableHost 0.0.0.0 --tablePort 3 --tableKeepAliveTimeout 7 \
         --silent --loose --debug log --skipApiVersionCheck --disableProductStyleUrl \
         --disableTelemetry --inMemoryPersistence --extentMemoryLimit 64";
    for command in ["queuerite", "azurite-queue", "azurite"] {
        let config = run(&format!("{command} {every_option}"));
        assert_eq!(config.queue, endpoint("0.0.0.0", 1));
        let companions = command == "azurite";
        assert_eq!(config.blob, companions.then(|| endpoint("0.0.0.0", 2)));
        assert_eq!(config.table, companions.then(|| endpoint("0.0.0.0", 3)));
        assert_eq!(config.keep_alive, Duration::from_secs(30));
        assert!(!config.access_log);
        assert!(config.loose);
        assert_eq!(config.debug_log, Some(PathBuf::from("log")));
        assert!(config.any_version);
        assert!(!config.host_style);
        assert_eq!(memory_limit(&config), 64 * 1024 * 1024);
    }
}

#[test]
fn command_lines_in_use_are_understood() {
    // Testcontainers for Node.
    let config = run(
        "azurite --blobHost 0.0.0.0 --blobPort 10000 --queueHost 0.0.0.0 \
         --queuePort 10001 --tableHost 0.0.0.0 --tablePort 10002 --inMemoryPersistence \
         --extentMemoryLimit 64 --skipApiVersionCheck",
    );
    assert_eq!(config.dialect, Dialect::Azurite);
    assert_eq!(config.queue, endpoint("0.0.0.0", 10001));
    assert_eq!(memory_limit(&config), 67_108_864);
    assert!(config.any_version);

    // Testcontainers for Java, .NET, Go, Python and Rust.
    let config = run(
        "azurite --blobHost 0.0.0.0 --queueHost 0.0.0.0 --tableHost 0.0.0.0 \
         --inMemoryPersistence --extentMemoryLimit 64.000000",
    );
    assert_eq!(config.blob, Some(endpoint("0.0.0.0", 10000)));
    assert_eq!(memory_limit(&config), 67_108_864);
    let config = run("azurite-queue --queueHost 0.0.0.0 --skipApiVersionCheck");
    assert_eq!(config.queue, endpoint("0.0.0.0", 10001));

    // Aspire, and the image's own command but for the last word.
    let config = run("azurite -l /data --blobHost 0.0.0.0 --queueHost 0.0.0.0 \
         --tableHost 0.0.0.0 --skipApiVersionCheck");
    assert_eq!(location(&config), Path::new("/data"));
    assert_eq!(config.table, Some(endpoint("0.0.0.0", 10002)));

    // The continuous integration of DurableTask.
    let config = run("azurite --silent --blobPort 10000 --queuePort 10001 --tablePort 10002");
    assert!(!config.access_log);

    // vscode-azurestorage asks for the version, then starts the bare command.
    assert_eq!(print("azurite -v"), env!("CARGO_PKG_VERSION"));
    assert_eq!(run("azurite-queue").queue, endpoint("127.0.0.1", 10001));

    // Scripts.
    let config = run("azurite-queue --skipApiVersionCheck --inMemoryPersistence --queuePort 10001");
    assert!(matches!(config.storage, Storage::Memory { .. }));
    let config =
        run("azurite-queue --queueHost 0.0.0.0 --queuePort 10001 --loose --location /data");
    assert!(config.loose);
    let config = run("azurite --silent --location c:\\azurite --debug c:\\azurite\\debug.log");
    assert_eq!(location(&config), Path::new("c:\\azurite"));
    assert_eq!(
        config.debug_log,
        Some(PathBuf::from("c:\\azurite\\debug.log"))
    );
}

#[test]
fn short_and_long_names_and_both_ways_to_write_a_value() {
    for line in [
        "queuerite --location data --silent --loose --debug log",
        "queuerite --location=data --silent --loose --debug=log",
        "queuerite -l data -s -L -d log",
        "queuerite -sL -ldata -d=log",
        "queuerite -sLl data -dlog",
        "queuerite --silent=true --loose=true --location data --debug log",
    ] {
        let config = run(line);
        assert_eq!(location(&config), Path::new("data"), "{line}");
        assert!(!config.access_log, "{line}");
        assert!(config.loose, "{line}");
        assert_eq!(config.debug_log, Some(PathBuf::from("log")), "{line}");
    }
}

#[test]
fn every_flag_takes_true_and_false_after_an_equals_sign() {
    type IsOn = fn(&Config) -> bool;
    let flags: [(&str, IsOn); 6] = [
        ("--silent", |config| !config.access_log),
        ("--loose", |config| config.loose),
        ("--strict", |config| config.strict),
        ("--skipApiVersionCheck", |config| config.any_version),
        ("--disableProductStyleUrl", |config| !config.host_style),
        ("--inMemoryPersistence", |config| {
            matches!(config.storage, Storage::Memory { .. })
        }),
    ];
    for (flag, is_on) in flags {
        assert!(!is_on(&run("queuerite")), "{flag}");
        assert!(is_on(&run(&format!("queuerite {flag}"))), "{flag}");
        assert!(is_on(&run(&format!("queuerite {flag}=true"))), "{flag}");
        assert!(!is_on(&run(&format!("queuerite {flag}=false"))), "{flag}");
        assert!(
            !is_on(&run(&format!("queuerite {flag} {flag}=false"))),
            "{flag}"
        );
        assert_eq!(
            error(&format!("queuerite {flag}=perhaps")),
            format!("{flag} 'perhaps': true or false is expected")
        );
    }
    run("queuerite --disableTelemetry --disableTelemetry=false");
}

#[test]
fn a_word_after_a_flag_is_not_its_value() {
    for command in ["azurite", "azurite-queue"] {
        let config = run(&format!("{command} --silent false"));
        assert!(!config.access_log, "{command}");
        run(&format!("{command} foo -s bar"));
    }
    assert_eq!(
        error("queuerite --silent false"),
        "unexpected word 'false'; a flag takes its value after '=', as in --silent=false"
    );
    assert_eq!(
        error("queuerite foo"),
        "unexpected word 'foo'; --help lists the options"
    );
}

#[test]
fn the_last_of_several_values_counts() {
    let config = run("queuerite --queuePort 1 --queueHost a --queuePort=2 --queueHost b");
    assert_eq!(config.queue, endpoint("b", 2));
}

#[test]
fn an_empty_host_or_location_is_the_default_one() {
    let words = [
        "azurite",
        "--queueHost",
        "",
        "--blobHost=",
        "--location",
        "",
    ];
    let Ok(Parsed::Run(config)) = read_with(words, &[]) else {
        panic!("refused");
    };
    assert_eq!(config.queue.host, "127.0.0.1");
    assert_eq!(config.blob.as_ref().unwrap().host, "127.0.0.1");
    assert_eq!(location(&config), Path::new("."));
    let words = ["azurite", "--inMemoryPersistence", "--location", ""];
    assert!(read_with(words, &[]).is_ok());
}

#[test]
fn an_ipv6_host_may_have_brackets() {
    assert_eq!(run("queuerite --queueHost ::1").queue.host, "::1");
    assert_eq!(run("queuerite --queueHost [::1]").queue.host, "::1");
}

#[test]
fn ports_are_whole_numbers_however_programs_print_them() {
    assert_eq!(run("queuerite --queuePort 0").queue.port, 0);
    assert_eq!(run("queuerite --queuePort 65535").queue.port, 65535);
    assert_eq!(run("queuerite --queuePort=10001.000000").queue.port, 10001);
    let reason = "a port is a whole number from 0 to 65535";
    for value in ["-1", "65536", "abc", "10001.5"] {
        for option in ["--queuePort", "--blobPort", "--tablePort"] {
            let expected = format!("{option} '{value}': {reason}");
            assert_eq!(error(&format!("azurite {option} {value}")), expected);
            assert_eq!(error(&format!("azurite {option}={value}")), expected);
        }
    }
}

#[test]
fn idle_connections_outlive_the_pools_of_the_sdks() {
    let keep_alive =
        |value: &str| run(&format!("azurite --queueKeepAliveTimeout {value}")).keep_alive;
    assert!(KEEP_ALIVE_DEFAULT > Duration::from_secs(90));
    assert_eq!(keep_alive("5"), Duration::from_secs(5));
    assert_eq!(keep_alive("2.5"), Duration::from_millis(2500));
    assert_eq!(keep_alive("0"), KEEP_ALIVE_DEFAULT);
    assert_eq!(keep_alive("-1"), KEEP_ALIVE_DEFAULT);
    assert_eq!(keep_alive("999999999999"), KEEP_ALIVE_MAX);
    assert_eq!(
        error("azurite --tableKeepAliveTimeout soon"),
        "--tableKeepAliveTimeout 'soon': a number of seconds is expected, such as 30 or 0.5"
    );
}

#[test]
fn the_limit_in_memory_is_in_megabytes() {
    let limit = |value: &str| {
        memory_limit(&run(&format!(
            "azurite --inMemoryPersistence --extentMemoryLimit {value}"
        )))
    };
    assert_eq!(limit("64"), 67_108_864);
    assert_eq!(limit("64.000000"), 67_108_864);
    assert_eq!(limit("64,5"), 67_633_152);
    for value in ["-5", "-1"] {
        assert_eq!(
            error(&format!(
                "azurite --inMemoryPersistence --extentMemoryLimit {value}"
            )),
            format!(
                "--extentMemoryLimit '{value}': a negative value is not allowed for the extent \
                 memory limit"
            )
        );
    }
    assert_eq!(
        error("azurite --inMemoryPersistence --extentMemoryLimit lots"),
        "--extentMemoryLimit 'lots': a number of megabytes is expected, such as 64 or 64.5"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn the_default_limit_in_memory_is_half_of_it() {
    let Storage::Memory {
        limit_bytes,
        percent_of_memory,
    } = run("queuerite --inMemoryPersistence").storage
    else {
        panic!("on disk");
    };
    assert!(limit_bytes > 0);
    assert_eq!(percent_of_memory, Some(50));
}

#[test]
fn durability_has_three_levels() {
    let durability = |line: &str| match run(line).storage {
        Storage::Disk { durability, .. } => durability,
        Storage::Memory { .. } => panic!("in memory"),
    };
    assert_eq!(
        durability("queuerite --durability fsync"),
        Durability::Fsync
    );
    assert_eq!(
        durability("queuerite --durability=flush"),
        Durability::Flush
    );
    assert_eq!(durability("azurite --durability none"), Durability::None);
    assert_eq!(
        error("queuerite --durability some"),
        "--durability 'some': fsync or flush or none is expected"
    );
}

#[test]
fn options_that_exclude_each_other_are_refused() {
    for (options, expected) in [
        (
            "--inMemoryPersistence --location x",
            "The --inMemoryPersistence option is not supported when the --location option is set.",
        ),
        (
            "--extentMemoryLimit 64",
            "The --extentMemoryLimit option is only supported when the --inMemoryPersistence \
             option is set.",
        ),
        (
            "--extentMemoryLimit 64 --inMemoryPersistence=false",
            "The --extentMemoryLimit option is only supported when the --inMemoryPersistence \
             option is set.",
        ),
        (
            "--inMemoryPersistence --durability fsync",
            "The --durability option is not supported when the --inMemoryPersistence option is \
             set.",
        ),
        (
            "--strict --loose",
            "--strict and --loose exclude each other",
        ),
    ] {
        for command in ["queuerite", "azurite-queue", "azurite"] {
            assert_eq!(error(&format!("{command} {options}")), expected);
        }
    }
}

#[test]
fn a_debug_log_needs_a_file() {
    for options in ["-d", "--debug", "--debug=", "-d -s", "--debug --silent"] {
        assert_eq!(
            error(&format!("azurite-queue {options}")),
            "Must provide a debug log file path for parameter -d or --debug",
            "{options}"
        );
    }
}

#[test]
fn a_certificate_is_pem_with_a_key_or_pkcs12_with_a_password_or_stands_alone() {
    let pem = Some(CertificateSource::Pem {
        certificate: "c".into(),
        key: "k".into(),
    });
    let pkcs12 = |password: &str| {
        Some(CertificateSource::Pkcs12 {
            file: "c".into(),
            password: Password::new(password),
        })
    };
    for (options, expected) in [
        ("", None),
        ("--cert c --key k", pem.clone()),
        ("--key=k --cert=c", pem.clone()),
        ("--cert c --key k --pwd w", pem),
        ("--cert c --pwd w", pkcs12("w")),
        // A text, and not a number; nor an option.
        ("--cert c --pwd 0123", pkcs12("0123")),
        ("--cert c --pwd -0123", pkcs12("-0123")),
        ("--cert c --pwd --silent", pkcs12("--silent")),
        ("--cert c --pwd=", pkcs12("")),
        ("--cert c", Some(CertificateSource::Alone("c".into()))),
    ] {
        let config = run(&format!("azurite {options}"));
        assert_eq!(config.certificate, expected, "{options}");
        let scheme = if expected.is_some() {
            Scheme::Https
        } else {
            Scheme::Http
        };
        assert_eq!(config.scheme(), scheme, "{options}");
    }
    let config = run("azurite --cert c --pwd hunter2");
    assert!(!format!("{config:?}").contains("hunter2"));
}

#[test]
fn what_only_guards_together_is_refused_alone() {
    for (options, expected) in [
        ("--key k", "--key needs --cert, the certificate it is of"),
        (
            "--key k --pwd w",
            "--key needs --cert, the certificate it is of",
        ),
        ("--pwd w", "--pwd needs --cert, the file that it opens"),
        ("--pwd=", "--pwd needs --cert, the file that it opens"),
        ("--cert", "--cert needs a value"),
        ("--cert=", "--cert needs a value"),
        ("--cert --key k", "--cert needs a value"),
        ("--cert c --key", "--key needs a value"),
        ("--cert c --key=", "--key needs a value"),
        ("--cert c --pwd", "--pwd needs a value"),
    ] {
        for command in ["queuerite", "azurite-queue", "azurite"] {
            assert_eq!(error(&format!("{command} {options}")), expected);
        }
    }
}

#[test]
fn a_certificate_is_made_by_a_command_of_queuerite_alone() {
    assert!(matches!(
        read("queuerite cert -d x"),
        Ok(Parsed::Certify(_))
    ));
    assert!(print("queuerite cert --help").contains("ca.pem"));
    // For Azurite it is a word that means nothing.
    assert_eq!(run("azurite-queue cert").certificate, None);
}

#[test]
fn oauth_has_one_level_in_any_case_and_others_are_not_ignored() {
    assert!(!run("azurite-queue").takes_tokens);
    for options in ["--oauth basic", "--oauth=basic", "--oauth BASIC"] {
        assert!(run(&format!("azurite-queue {options}")).takes_tokens);
    }
    for value in ["full", "none", "true", "basic,full"] {
        assert_eq!(
            error(&format!("azurite-queue --oauth {value}")),
            format!("--oauth '{value}': basic is expected")
        );
    }
    assert_eq!(error("azurite-queue --oauth="), "--oauth needs a value");
}

#[test]
fn an_unknown_option_is_named_with_the_one_that_was_meant() {
    for (options, expected) in [
        (
            "--queueport 1",
            "unknown option '--queueport'; did you mean '--queuePort'?",
        ),
        (
            "--queue-port=1",
            "unknown option '--queue-port'; did you mean '--queuePort'?",
        ),
        (
            "--slient",
            "unknown option '--slient'; did you mean '--silent'?",
        ),
        ("-x", "unknown option '-x'; --help lists the known ones"),
        ("-V", "unknown option '-V'; --help lists the known ones"),
        ("-1", "unknown option '-1'; --help lists the known ones"),
        (
            "--zzz=secret",
            "unknown option '--zzz'; --help lists the known ones",
        ),
    ] {
        assert_eq!(error(&format!("azurite {options}")), expected);
    }
}

#[test]
fn an_option_without_its_value_is_refused() {
    for option in [
        "--queueHost",
        "--queuePort",
        "--queueKeepAliveTimeout",
        "--blobHost",
        "--blobPort",
        "--blobKeepAliveTimeout",
        "--tableHost",
        "--tablePort",
        "--tableKeepAliveTimeout",
        "--location",
        "--extentMemoryLimit",
        "--durability",
        "--oauth",
    ] {
        let expected = format!("{option} needs a value");
        assert_eq!(error(&format!("azurite {option}")), expected);
        assert_eq!(error(&format!("azurite {option} --silent")), expected);
    }
    assert_eq!(error("azurite -l"), "--location needs a value");
}

#[test]
fn every_error_is_one_line() {
    for line in [
        "azurite --queuePort",
        "azurite --bogus",
        "azurite --durability x",
        "azurite --silent=x",
        "azurite --queuePort x",
        "queuerite word",
        "azurite --pwd",
        "azurite -d",
    ] {
        let line = error(line);
        assert!(!line.is_empty() && !line.contains('\n'), "{line}");
        assert!(!line.starts_with("error"), "{line}");
    }
}

#[test]
fn the_version_is_printed_bare() {
    for line in [
        "queuerite --version",
        "queuerite -v",
        "queuerite version",
        "azurite --version",
        "azurite-queue version",
        "queuerite azurite version",
        "azurite --silent version",
    ] {
        assert_eq!(print(line), env!("CARGO_PKG_VERSION"), "{line}");
    }
}

#[test]
fn the_help_names_every_option_and_every_default() {
    for line in [
        "queuerite --help",
        "queuerite -h",
        "queuerite help",
        "azurite --help",
        "azurite help",
        "azurite-queue -h",
        "queuerite azurite-queue help",
        "azurite --bogus=1 -h",
    ] {
        if line.contains("bogus") {
            assert!(read(line).is_err());
            continue;
        }
        let help = print(line);
        let command = line.split(' ').find(|word| word.starts_with("azurite"));
        let usage = format!("Usage: {} [OPTIONS]\n", command.unwrap_or("queuerite"));
        assert!(help.contains(&usage), "{help}");
        for option in [
            "--queueHost <HOST>",
            "--queuePort <PORT>",
            "--queueKeepAliveTimeout <SECONDS>",
            "--blobHost <HOST>",
            "--blobPort <PORT>",
            "--blobKeepAliveTimeout <SECONDS>",
            "--tableHost <HOST>",
            "--tablePort <PORT>",
            "--tableKeepAliveTimeout <SECONDS>",
            "-l, --location <FOLDER>",
            "-s, --silent",
            "-L, --loose",
            "-d, --debug <FILE>",
            "--skipApiVersionCheck",
            "--disableProductStyleUrl",
            "--inMemoryPersistence",
            "--extentMemoryLimit <MB>",
            "--disableTelemetry",
            "--strict",
            "--durability <LEVEL>",
            "--oauth <LEVEL>",
            "-v, --version",
            "-h, --help",
            "--cert <FILE>",
            "--key <FILE>",
            "--pwd <PASSWORD>",
            "AZURITE_ACCOUNTS",
            "AZURITE_SKIP_API_VERSION_CHECK",
            "QUEUERITE_LOG",
            "[default: 127.0.0.1]",
            "[default: 10001]",
            "[default: 10000]",
            "[default: 10002]",
            "[default: fsync]",
            "[default: 120]",
        ] {
            assert!(help.contains(option), "{option}\n{help}");
        }
        assert!(!help.contains("=<"), "{help}");
        assert!(!help.ends_with('\n'));
    }
}

#[test]
fn the_version_check_is_skipped_by_flag_or_exactly_by_true() {
    let any_version =
        |value: &str| run_with("azurite", &[("AZURITE_SKIP_API_VERSION_CHECK", value)]).any_version;
    assert!(any_version("true"));
    for value in ["True", "1", "", "false", "true "] {
        assert!(!any_version(value), "{value:?}");
    }
}

#[test]
fn accounts_come_from_the_environment() {
    let config = run_with("azurite", &[("AZURITE_ACCOUNTS", "acc1:a2V5MQ==")]);
    let AccountsSource::Fixed(table) = &config.accounts else {
        panic!("a file");
    };
    let names: Vec<_> = table.names().map(ToString::to_string).collect();
    assert_eq!(names, ["acc1"]);
    assert!(!format!("{config:?}").contains("a2V5MQ"));

    let config = run_with("azurite", &[("AZURITE_ACCOUNTS", "@/run/secrets/accounts")]);
    let AccountsSource::File(path) = &config.accounts else {
        panic!("no file");
    };
    assert_eq!(path, Path::new("/run/secrets/accounts"));

    let error = read_with(["azurite"], &[("AZURITE_ACCOUNTS", "acc1:a2V5MQ==!")]);
    assert_eq!(
        error.unwrap_err().to_string(),
        "AZURITE_ACCOUNTS, item 1 (acc1): key 1 is not base64"
    );
}

#[cfg(unix)]
#[test]
fn a_location_need_not_be_utf8() {
    use std::os::unix::ffi::OsStringExt;
    let odd = OsString::from_vec(vec![b'd', 0xff]);
    let args = ["azurite".into(), "-l".into(), odd.clone()];
    let Ok(Parsed::Run(config)) = Config::from_arguments(args.into_iter(), &|_| None) else {
        panic!("refused");
    };
    assert_eq!(location(&config), Path::new(&odd));
    let args = ["azurite".into(), "--queueHost".into(), odd];
    let error = Config::from_arguments(args.into_iter(), &|_| None).unwrap_err();
    assert_eq!(error.to_string(), "the command line is not UTF-8");
}
