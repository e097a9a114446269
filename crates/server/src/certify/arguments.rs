//! The command line of `queuerite cert`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Parser;
use clap::error::ErrorKind;

use super::Certification;
use super::name::Name;
use crate::config::{UsageError, usage_in_one_line};
use crate::tls::Password;

/// Make a certificate for HTTPS, and an authority that clients can trust.
///
/// Writes ca.pem, the certificate of the authority; ca-key.pem, its key; cert.pem, the
/// certificate of the server; key.pem, its key; and cert.pfx, the last two as PKCS#12. Prints the
/// commands that start a server with them and that make clients trust it.
///
/// An authority that is there already is used again, so that what trusts it goes on to do so; the
/// server's certificate is made anew.
#[derive(Parser, Debug)]
#[command(
    name = "queuerite cert",
    bin_name = "queuerite cert",
    max_term_width = 100
)]
struct Arguments {
    /// More names and addresses of the server
    #[arg(
        help = "Names and addresses of the server, besides localhost, 127.0.0.1, ::1, \
                  host.docker.internal and *.queue.localhost"
    )]
    names: Vec<String>,
    /// Folder for the files
    #[arg(short, long, value_name = "DIR", default_value = "certs")]
    directory: PathBuf,
    /// Password of cert.pfx; may be empty
    #[arg(long, value_name = "PASSWORD", default_value = PASSWORD_DEFAULT,
          allow_hyphen_values = true)]
    pwd: String,
    /// Replace files that are there and were not made here, and an authority that cannot be used
    #[arg(long)]
    force: bool,
}

/// What `queuerite cert` is asked for.
pub(crate) enum Asked {
    /// To do this.
    Run(Certification),
    /// To print this text.
    Print(String),
}

/// Reads the words after `queuerite cert`.
pub(crate) fn parse(words: &[OsString]) -> Result<Asked, UsageError> {
    let name = OsString::from("queuerite cert");
    let arguments = match Arguments::try_parse_from(std::iter::once(&name).chain(words)) {
        Ok(arguments) => arguments,
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            return Ok(Asked::Print(error.to_string().trim_end().into()));
        }
        Err(error) => return Err(UsageError::new(usage_in_one_line(&error))),
    };
    let name = |text: &String| {
        Name::parse(text).map_err(|reason| UsageError::new(format!("'{text}': {reason}")))
    };
    Ok(Asked::Run(Certification {
        directory: arguments.directory,
        names: arguments.names.iter().map(name).collect::<Result<_, _>>()?,
        password: Password::new(arguments.pwd),
        force: arguments.force,
    }))
}

/// It guards nothing, since the key lies beside in plain text; but keystores want one.
const PASSWORD_DEFAULT: &str = "queuerite";

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Asked, UsageError> {
        let words: Vec<_> = words.iter().map(OsString::from).collect();
        parse(&words)
    }

    #[track_caller]
    fn run(words: &[&str]) -> Certification {
        match read(words) {
            Ok(Asked::Run(certification)) => certification,
            Ok(Asked::Print(text)) => panic!("{text}"),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn everything_has_a_default() {
        assert_eq!(
            run(&[]),
            Certification {
                directory: "certs".into(),
                names: Vec::new(),
                password: Password::new("queuerite"),
                force: false,
            }
        );
        assert_eq!(
            run(&["queues", "-d", "x", "10.0.0.7", "--force", "--pwd", "-0123"]),
            Certification {
                directory: "x".into(),
                names: vec![Name::Dns("queues".into()), Name::Ip([10, 0, 0, 7].into())],
                password: Password::new("-0123"),
                force: true,
            }
        );
        assert_eq!(run(&["--pwd", ""]).password, Password::new(""));
    }

    #[test]
    fn what_is_wrong_is_said_in_one_line() {
        for (words, expected) in [
            (
                &["ok", "https://x"][..],
                "'https://x': a name or an address",
            ),
            (&["--directry", "x"], "did you mean '--directory'?"),
            (&["--directory"], "--directory needs a value"),
            (&["--directory", ""], "--directory needs a value"),
        ] {
            let error = match read(words) {
                Err(error) => error.to_string(),
                Ok(_) => panic!("{words:?} was understood"),
            };
            assert!(error.contains(expected), "{words:?}: {error}");
            assert_eq!(error.lines().count(), 1, "{words:?}: {error}");
        }
    }

    #[test]
    fn help_names_the_files_and_the_options() {
        let Ok(Asked::Print(help)) = read(&["--help"]) else {
            panic!("no help");
        };
        for word in [
            "ca.pem",
            "ca-key.pem",
            "cert.pem",
            "key.pem",
            "cert.pfx",
            "[NAMES]...",
            "--directory <DIR>",
            "--pwd <PASSWORD>",
            "--force",
            "[default: certs]",
        ] {
            assert!(help.contains(word), "{word}\n{help}");
        }
    }
}
