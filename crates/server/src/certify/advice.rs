//! What was made, and what to do with it.

use std::fmt::Write as _;
use std::path::Path;

use queuerite_model::Timestamp;
use queuerite_wire::iso8601_seven;

use super::authority::Authority;
use super::folder::Folder;
use super::leaf::Leaf;
use super::name::Name;
use crate::tls::Password;

/// The report on stdout.
pub(super) fn report(
    folder: &Folder,
    authority: &Authority,
    is_kept: bool,
    leaf: &Leaf,
    names: &[Name],
    password: &Password,
) -> String {
    let mut text = String::new();
    let state = if is_kept { "kept" } else { "new" };
    let made = [
        (
            &folder.authority,
            format!(
                "certificate of the authority, to be trusted; {state}, until {}",
                day(authority.expires)
            ),
        ),
        (
            &folder.authority_key,
            format!(
                "its key; {state}. Whoever has it can pretend to be any server: share it with nobody"
            ),
        ),
        (
            &folder.certificate,
            format!(
                "certificate of the server, and the authority's; new, until {}",
                day(leaf.expires)
            ),
        ),
        (&folder.key, "its key; new".to_owned()),
        (
            &folder.pkcs12,
            format!(
                "both as PKCS#12 (PFX) with the password {}; new",
                quoted(password.as_str())
            ),
        ),
    ];
    let width = made.iter().map(|(path, _)| shown(path).chars().count());
    let width = width.max().unwrap_or_default();
    for (path, what) in &made {
        line(&mut text, &format!("{:width$}  {what}", shown(path)));
    }
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    line(&mut text, &format!("For {}", names.join(", ")));

    let (certificate, key) = (quoted_path(&folder.certificate), quoted_path(&folder.key));
    line(&mut text, "\nStart the server with");
    line(
        &mut text,
        &format!("  queuerite --cert {certificate} --key {key}"),
    );
    line(
        &mut text,
        "and connect to https://localhost:10001/devstoreaccount1",
    );

    // Commands and variables are used in other folders too.
    let ca = std::path::absolute(&folder.authority);
    let ca = quoted_path(ca.as_deref().unwrap_or(&folder.authority));
    line(&mut text, "\nTrust the authority, for every program");
    for (system, command) in [
        (
            "Linux",
            format!(
                "sudo cp {ca} /usr/local/share/ca-certificates/queuerite.crt && \
                 sudo update-ca-certificates"
            ),
        ),
        (
            "macOS",
            format!(
                "sudo security add-trusted-cert -d -r trustRoot \
                 -k /Library/Keychains/System.keychain {ca}"
            ),
        ),
        ("Windows", format!("certutil -addstore -user Root {ca}")),
        (
            "Java",
            format!(
                "keytool -importcert -noprompt -cacerts -storepass changeit -alias queuerite \
                 -file {ca}"
            ),
        ),
    ] {
        line(&mut text, &format!("  {system:7}  {command}"));
    }
    line(&mut text, "or for those that are started with a variable");
    for (program, variable) in [
        ("Python", "REQUESTS_CA_BUNDLE"),
        ("Node", "NODE_EXTRA_CA_CERTS"),
        ("others", "SSL_CERT_FILE"),
    ] {
        line(&mut text, &format!("  {program:7}  export {variable}={ca}"));
    }
    line(
        &mut text,
        "           SSL_CERT_FILE: Go, .NET on Linux, aiohttp; curl has --cacert",
    );
    let _ = write!(
        text,
        "Its name in the lists of certificates is {}",
        quoted(&authority.name)
    );
    text
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// As a shell reads it.
fn quoted_path(path: &Path) -> String {
    let path = shown(path);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:@%,\\".contains(&byte);
    if !path.is_empty() && path.bytes().all(is_plain) {
        path
    } else {
        quoted(&path)
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

fn day(time: Timestamp) -> String {
    let time = iso8601_seven(time);
    time.split('T').next().unwrap_or(&time).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_in_commands_are_quoted_where_a_shell_would_stumble() {
        for (path, expected) in [
            ("certs/ca.pem", "certs/ca.pem"),
            ("/home/me/my certs/ca.pem", "'/home/me/my certs/ca.pem'"),
            ("it's/ca.pem", r"'it'\''s/ca.pem'"),
            ("$HOME/ca.pem", "'$HOME/ca.pem'"),
        ] {
            assert_eq!(quoted_path(Path::new(path)), expected);
        }
    }
}
