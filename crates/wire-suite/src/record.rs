//! What went over the wire, as text in which nothing is secret and nothing differs from run to
//! run: two recordings, of two runs or of two servers, can be compared with `diff`.

use std::fmt::Write as _;
use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use percent_encoding::percent_decode_str;
use queuerite_testkit::{Request, Response};
use sha2::{Digest as _, Sha256};

use crate::settings::Settings;

/// Writes down requests and answers, scenario by scenario.
#[derive(Clone, Debug)]
pub struct Recorder {
    text: String,
    /// What stands for an account, an endpoint and a run, and must not be seen.
    fixed: Vec<(String, &'static str)>,
    path: String,
    /// What was seen in this scenario, and what stands for it.
    seen: Vec<(String, String)>,
}

impl Recorder {
    /// A recorder of a run with these settings.
    pub fn new(settings: &Settings) -> Self {
        let (endpoint, account) = (&settings.endpoint, &settings.account);
        let own = |text: &str| text.to_owned();
        let mut fixed = vec![
            (own(&settings.key), "{key}"),
            (own(&endpoint.url), "{endpoint}"),
            (own(&endpoint.authority), "{host}"),
            (own(&settings.prefix), "c{run}-"),
        ];
        // In path style a string to sign names the account twice.
        if !endpoint.path.is_empty() {
            fixed.push((format!("/{account}{}", endpoint.path), "/{account}"));
        }
        fixed.push((own(account), "{account}"));
        Self {
            text: String::new(),
            fixed,
            path: endpoint.path.clone(),
            seen: Vec::new(),
        }
    }

    /// Begins a scenario. What is numbered is numbered anew.
    pub fn begin(&mut self, title: &str) {
        self.seen.clear();
        let _ = write!(self.text, "## {title}\n\n");
    }

    /// Writes down a request and its answer, if one came.
    pub fn note(&mut self, request: &Request, response: Option<&Response>) {
        for (name, value) in &request.headers {
            if name.eq_ignore_ascii_case("authorization") {
                let signature = value.rsplit([':', ' ']).next().unwrap_or_default();
                self.see(signature, "{signature}");
            }
        }
        let target = self.target(&request.target);
        self.line('>', &format!("{} {target}", request.method));
        for (name, value) in &request.headers {
            if !name.eq_ignore_ascii_case("host") {
                let value = self.masked(value);
                self.line('>', &format!("{name}: {value}"));
            }
        }
        self.body('>', &request.body);
        match response {
            Some(response) => self.answer(response),
            None => self.line('<', "no answer"),
        }
        self.text.push('\n');
    }

    /// All that was written down.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn answer(&mut self, response: &Response) {
        let reason = self.masked(&response.reason);
        self.line('<', &format!("{} {reason}", response.status));
        let mut headers = response.headers.clone();
        headers.sort_by_key(|(name, _)| name.to_lowercase());
        for (name, value) in &headers {
            let value = match &*name.to_lowercase() {
                "x-ms-request-id" => self.numbered(value, "request"),
                "x-ms-popreceipt" => self.numbered(value, "receipt"),
                // Names of accounts and hosts differ in length.
                "content-length" if value != "0" => "{length}".to_owned(),
                _ => self.masked(value),
            };
            self.line('<', &format!("{name}: {value}"));
        }
        let body = String::from_utf8_lossy(&response.body).into_owned();
        for (start, end, kind) in [
            ("<MessageId>", "</MessageId>", "id"),
            ("<PopReceipt>", "</PopReceipt>", "receipt"),
            ("\nRequestId:", "\n", "request"),
        ] {
            for part in body.split(start).skip(1) {
                if let Some((value, _)) = part.split_once(end) {
                    self.numbered(value, kind);
                }
            }
        }
        self.body('<', &response.body);
    }

    /// Path and query without the account's part. A value is decoded only where there is
    /// something in it to be replaced.
    fn target(&mut self, target: &str) -> String {
        let target = target.strip_prefix(&self.path).unwrap_or(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut text = self.masked(path);
        for (at, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = percent_decode_str(value).decode_utf8_lossy().into_owned();
            if name == "sig" {
                self.see(&decoded, "{signature}");
            }
            let masked = self.masked(&decoded);
            let value = if masked == decoded { value } else { &masked };
            let separator = if at == 0 { '?' } else { '&' };
            let _ = write!(text, "{separator}{name}={value}");
        }
        text
    }

    fn body(&mut self, side: char, body: &[u8]) {
        if body.is_empty() {
            return;
        }
        let text = self.masked(&String::from_utf8_lossy(body));
        self.line(side, "");
        if text.len() <= BODY_BYTES_MAX {
            for line in text.split('\n') {
                self.line(side, line);
            }
        } else {
            let start: String = text.chars().take(100).collect();
            let sum = BASE64_STANDARD.encode(Sha256::digest(&text));
            let sum = sum.trim_end_matches('=');
            self.line(side, &format!("{start}... {{{} bytes, {sum}}}", text.len()));
        }
    }

    fn line(&mut self, side: char, line: &str) {
        self.text.push(side);
        if !line.is_empty() {
            self.text.push(' ');
        }
        for character in line.chars() {
            match character {
                '\u{feff}' => self.text.push_str("{bom}"),
                '\t' => self.text.push(character),
                _ if character.is_control() => self.text.extend(character.escape_default()),
                _ => self.text.push(character),
            }
        }
        self.text.push('\n');
    }

    /// What stands for this value of a kind; the first is number 1.
    fn numbered(&mut self, value: &str, kind: &str) -> String {
        if value.is_empty() {
            return String::new();
        }
        if let Some((_, placeholder)) = self.seen.iter().find(|(seen, _)| seen == value) {
            return placeholder.clone();
        }
        let start = format!("{{{kind}-");
        let known = self.seen.iter().filter(|(_, of)| of.starts_with(&start));
        let placeholder = format!("{start}{}}}", known.count() + 1);
        self.see(value, &placeholder);
        placeholder
    }

    fn see(&mut self, value: &str, placeholder: &str) {
        // What is shorter is no signature, and would be found anywhere.
        if value.len() >= SEEN_BYTES_MIN && self.seen.iter().all(|(seen, _)| seen != value) {
            self.seen.push((value.to_owned(), placeholder.to_owned()));
        }
    }

    fn masked(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (value, placeholder) in &self.seen {
            text = text.replace(value, placeholder);
        }
        for (value, placeholder) in &self.fixed {
            text = replaced(&text, value, placeholder);
        }
        without_signatures(&without_times(&text, SystemTime::now().into()))
    }
}

/// Longer bodies are told by their length and a sum.
const BODY_BYTES_MAX: usize = 4096;
/// A receipt has 28 characters, an id 36.
const SEEN_BYTES_MIN: usize = 16;

/// Replaces a value wherever it is not a part of a longer word.
fn replaced(text: &str, value: &str, placeholder: &str) -> String {
    let is_word = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(value) {
        result.push_str(before);
        let begins_within = is_word(result.chars().last()) && is_word(value.chars().next());
        let ends_within = is_word(value.chars().last()) && is_word(after.chars().next());
        result.push_str(if begins_within || ends_within {
            value
        } else {
            placeholder
        });
        rest = after;
    }
    result + rest
}

/// Replaces the times of this run. Those that scenarios name are in other years.
fn without_times(text: &str, now: DateTime<Utc>) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let time = time_at(rest).filter(|(time, _)| (*time - now).abs() < THIS_RUN);
        let length = if let Some((_, length)) = time {
            result.push_str("{time}");
            length
        } else {
            result.push(first);
            first.len_utf8()
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    result
}

/// A message lives for seven days unless it is told otherwise.
const THIS_RUN: TimeDelta = TimeDelta::days(8);

/// The time that a text begins with, and its length.
fn time_at(text: &str) -> Option<(DateTime<Utc>, usize)> {
    const HTTP: &str = "Mon, 05 Oct 2026 12:00:00 GMT";
    if let Some(start) = text
        .get(..HTTP.len())
        .filter(|start| start.ends_with("GMT"))
    {
        let time = NaiveDateTime::parse_from_str(start, "%a, %d %b %Y %H:%M:%S GMT").ok()?;
        return Some((time.and_utc(), HTTP.len()));
    }
    if !text.get(..11).is_some_and(|start| start.ends_with('T')) {
        return None;
    }
    let length = text.find('Z')? + 1;
    let time = text
        .get(..length)
        .filter(|_| length <= "2026-10-05T12:00:00.1234567Z".len())?;
    Some((DateTime::parse_from_rfc3339(time).ok()?.to_utc(), length))
}

/// Replaces whatever looks like a signature or a key, whoever made it: 32 or 64 bytes in
/// Base64.
fn without_signatures(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let mut result = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        let bytes = BASE64_STANDARD.decode(word).map(|bytes| bytes.len());
        result.push_str(match bytes {
            Ok(32) if word.ends_with('=') => "{signature}",
            Ok(64) if word.ends_with('=') => "{key}",
            _ => word,
        });
        let mut characters = after.chars();
        result.extend(characters.next());
        rest = characters.as_str();
    }
    result
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use queuerite_testkit::http_date;

    use super::*;
    use crate::sas;
    use crate::settings::Endpoint;

    const ACCOUNT: &str = "secretaccount";
    const KEY: &str =
        "S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5S2V5Sw==";

    fn settings(url: &str) -> Settings {
        Settings {
            endpoint: Endpoint::parse(url, None).unwrap(),
            account: ACCOUNT.into(),
            key: KEY.into(),
            prefix: "c7a-".into(),
            patience: Duration::ZERO,
            scenarios: Vec::new(),
            reports: PathBuf::new(),
            record: None,
        }
    }

    fn response(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let headers = headers
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()));
        Response {
            status,
            reason: "OK".into(),
            headers: headers.collect(),
            body: body.into(),
        }
    }

    #[test]
    fn what_differs_from_run_to_run_has_a_placeholder() {
        let settings = settings("http://127.0.0.1:41234/secretaccount");
        let mut recorder = Recorder::new(&settings);
        recorder.begin("S999 A get");
        let request = Request::new("GET", "/secretaccount/c7a-s999/messages?numofmessages=2")
            .header("Host", "127.0.0.1:41234")
            .header("x-ms-version", "2021-02-12")
            .signed_by(ACCOUNT, KEY);
        let now = http_date(SystemTime::now());
        let id = "6f6c7dd0-5f5b-4a6b-9a35-0a6f6f9d9a11";
        let body = format!(
            "\u{feff}<M><MessageId>{id}</MessageId><InsertionTime>{now}</InsertionTime>\
             <ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime>\
             <PopReceipt>AgAAAAMAAAAAAAAAh3Y1DMFU3QE=</PopReceipt><Text>a\rb</Text></M>"
        );
        let headers = [
            ("x-ms-request-id", "b281f229-2003-001b-0e05-06e1b9000000"),
            ("Date", &now),
            ("content-length", "351"),
        ];
        recorder.note(&request, Some(&response(200, &headers, &body)));
        let request = Request::new(
            "DELETE",
            format!(
                "/secretaccount/c7a-s999/messages/{id}?popreceipt=AgAAAAMAAAAAAAAAh3Y1DMFU3QE%3D&x=%2F"
            ),
        );
        recorder.note(&request, None);
        assert_eq!(
            recorder.text(),
            "## S999 A get\n\
             \n\
             > GET /c{run}-s999/messages?numofmessages=2\n\
             > x-ms-version: 2021-02-12\n\
             > x-ms-date: {time}\n\
             > Authorization: SharedKey {account}:{signature}\n\
             < 200 OK\n\
             < content-length: {length}\n\
             < Date: {time}\n\
             < x-ms-request-id: {request-1}\n\
             <\n\
             < {bom}<M><MessageId>{id-1}</MessageId><InsertionTime>{time}</InsertionTime>\
             <ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime>\
             <PopReceipt>{receipt-1}</PopReceipt><Text>a\\rb</Text></M>\n\
             \n\
             > DELETE /c{run}-s999/messages/{id-1}?popreceipt={receipt-1}&x=%2F\n\
             < no answer\n\
             \n"
        );
    }

    #[test]
    fn two_styles_of_address_are_recorded_alike() {
        let record = |url: &str, path: &str, sent: &str| {
            let mut recorder = Recorder::new(&settings(url));
            let request = Request::new("GET", format!("{path}/c7a-s999?comp=metadata"));
            let detail = format!("to sign: 'GET\n/secretaccount{sent}/c7a-s999', {url}/");
            recorder.note(&request, Some(&response(403, &[], &detail)));
            recorder.text().to_owned()
        };
        let path = "/secretaccount";
        let in_path = record("http://127.0.0.1:1/secretaccount", path, path);
        let in_host = record("http://secretaccount.queue.example", "", "");
        assert_eq!(in_path, in_host);
        assert!(
            in_path.contains("'GET\n< /{account}/c{run}-s999', {endpoint}/"),
            "{in_path}"
        );
    }

    #[test]
    fn nothing_secret_is_left() {
        let settings = settings("http://127.0.0.1:41234/secretaccount");
        let mut recorder = Recorder::new(&settings);
        let signed = Request::new("PUT", "/secretaccount/c7a-s999").signed_by(ACCOUNT, KEY);
        let authorization = signed.value("authorization").unwrap();
        let (_, signature) = authorization.split_once(':').unwrap();
        let sas = sas::of_queue(&settings, "c7a-s999", "2026-04-06", "r");
        let (_, sas_signature) = sas.split_once("sig=").unwrap();
        let plain = percent_decode_str(sas_signature)
            .decode_utf8()
            .unwrap()
            .into_owned();
        let with_sas = Request::new("GET", format!("/secretaccount/c7a-s999?{sas}"));
        // A server that talks too much.
        let body = format!(
            "<D>'{signature}' is not 'QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=', nor {plain}, \
             by {KEY}</D>"
        );
        for request in [&signed, &with_sas] {
            recorder.note(request, Some(&response(403, &[("x-key", KEY)], &body)));
        }
        let text = recorder.text();
        for secret in [
            KEY,
            signature,
            sas_signature,
            &plain,
            ACCOUNT,
            "127.0.0.1:41234",
            "c7a-",
            "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=",
        ] {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
        assert_eq!(text.matches("{signature}").count(), 8, "{text}");
        assert_eq!(text.matches("{key}").count(), 4, "{text}");
    }

    #[test]
    fn a_long_body_is_told_by_its_sum() {
        let mut recorder = Recorder::new(&settings("http://127.0.0.1:1/secretaccount"));
        let request = Request::new("POST", "/secretaccount/a").body("x".repeat(5000));
        recorder.note(&request, None);
        assert!(recorder.text().len() < 400, "{}", recorder.text());
        assert!(
            recorder.text().contains("{5000 bytes, "),
            "{}",
            recorder.text()
        );
    }

    #[test]
    fn an_account_is_replaced_as_a_word_only() {
        assert_eq!(replaced("a/a?b=a&ab=ba", "a", "{x}"), "{x}/{x}?b={x}&ab=ba");
        assert_eq!(replaced("c7a-x xc7a-", "c7a-", "c{run}-"), "c{run}-x xc7a-");
    }
}
