//! The canonicalized headers and the canonicalized resource. REST page "Authorize with Shared
//! Key".

use std::borrow::Cow;
use std::cmp::Ordering;

use http::HeaderMap;

use crate::headers::{self, X_MS_PREFIX};
use crate::query::Plus;
use crate::resource::SECONDARY;
use crate::{Head, ServiceVersion};

/// One way to understand the rules for signing. Clients differ where the rules are vague, and a
/// signature that fits any reading is as good: under each of them it covers the whole request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Reading {
    order: HeaderOrder,
    white_space: WhiteSpace,
    secondary: Secondary,
    plus: Plus,
}

/// How the canonicalized headers are sorted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum HeaderOrder {
    /// As the service does: see [`culture_order`].
    Culture,
    /// By bytes, as the Go SDK does.
    Bytes,
}

/// What happens to white space within the value of a header.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum WhiteSpace {
    /// Each run of it becomes one space, except between quotation marks: the documented rule.
    Folded,
    /// Nothing, as the SDKs have it.
    AsSent,
}

/// What happens to the `-secondary` behind an account in the path.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Secondary {
    /// Nothing, as the current SDKs have it.
    AsSent,
    /// It is left out, as older ones have it.
    Stripped,
}

impl Reading {
    /// Every reading; first the one that the server names when no signature fits.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..16_u8).map(|number| Self {
            order: choice(number, 1, HeaderOrder::Culture, HeaderOrder::Bytes),
            white_space: choice(number, 2, WhiteSpace::Folded, WhiteSpace::AsSent),
            secondary: choice(number, 4, Secondary::AsSent, Secondary::Stripped),
            plus: choice(number, 8, Plus::Space, Plus::Literal),
        })
    }

    /// What it takes a plus sign in the query for.
    pub(crate) const fn plus(self) -> Plus {
        self.plus
    }
}

/// The canonicalized headers: all that begin with `x-ms-`, sorted, a line for each.
pub(crate) fn canonicalized_headers(
    headers: &HeaderMap,
    version: ServiceVersion,
    reading: Reading,
) -> String {
    let mut names: Vec<_> = headers
        .keys()
        .filter(|name| name.as_str().starts_with(X_MS_PREFIX))
        .collect();
    names.sort_by(|a, b| match reading.order {
        HeaderOrder::Culture => culture_order(a.as_str(), b.as_str()),
        HeaderOrder::Bytes => a.as_str().cmp(b.as_str()),
    });

    let mut lines = String::with_capacity(HEADERS_BYTES);
    for name in names {
        let value = headers::joined(headers, name).unwrap_or_default();
        if value.is_empty() && !version.signs_empty_headers() {
            continue;
        }
        let value = match reading.white_space {
            WhiteSpace::Folded => folded(value),
            WhiteSpace::AsSent => value,
        };
        lines.extend([name.as_str(), ":", &value, "\n"]);
    }
    lines
}

/// The canonicalized resource of `SharedKey`: the account, the path as it was sent, and a line
/// for each parameter of the query.
pub(crate) fn canonicalized_resource(head: &Head, reading: Reading) -> String {
    let mut parameters: Vec<_> = head.query.read_with(reading.plus).collect();
    parameters.sort_unstable();
    let mut resource = account_and_path(head, reading);
    let mut last = None;
    for (name, value) in parameters {
        if last.replace(name) == Some(name) {
            resource.extend([",", value]);
        } else {
            resource.extend(["\n", name, ":", value]);
        }
    }
    resource
}

/// The canonicalized resource of `SharedKeyLite`: the account, the path as it was sent, and of
/// the query only `comp`.
pub(crate) fn canonicalized_resource_lite(head: &Head, reading: Reading) -> String {
    let mut resource = account_and_path(head, reading);
    let mut query = head.query.read_with(reading.plus);
    if let Some((name, comp)) = query.find(|(name, _)| *name == "comp") {
        resource.extend(["?", name, "=", comp]);
    }
    resource
}

/// The account, and after it the path as it was sent: an account in the path appears twice.
fn account_and_path(head: &Head, reading: Reading) -> String {
    let account = head.resource.account.as_str();
    let path = match head.raw_path.as_str() {
        "" => "/",
        path => path,
    };
    let stripped = match reading.secondary {
        Secondary::AsSent => None,
        Secondary::Stripped => path.strip_prefix(&format!("/{account}{SECONDARY}")),
    };
    match stripped {
        Some(rest) => ["/", account, "/", account, rest].concat(),
        None => ["/", account, path].concat(),
    }
}

/// How .NET compares header names in the culture en-US, which is how the service sorts them:
/// at first without `-` and `'`, symbols before digits before letters; names that are alike but
/// for those two compare by what stands first where they differ, anything else before `'`
/// before `-`.
fn culture_order(a: &str, b: &str) -> Ordering {
    let first_level = |byte: &u8| !matches!(byte, b'-' | b'\'');
    let tie_break = |byte| match byte {
        b'-' => 2,
        b'\'' => 1,
        _ => 0,
    };
    let ranks = |name| str::bytes(name).filter(first_level).map(rank);
    let ties = |name| str::bytes(name).map(tie_break);
    ranks(a).cmp(ranks(b)).then_with(|| ties(a).cmp(ties(b)))
}

/// The place of a character of header names in the order of en-US.
fn rank(byte: u8) -> usize {
    match byte {
        // As in ASCII.
        b'0'..=b'9' | b'a'..=b'z' => SYMBOLS_IN_ORDER.len() + usize::from(byte),
        _ => SYMBOLS_IN_ORDER
            .bytes()
            .position(|symbol| symbol == byte)
            .unwrap_or(usize::MAX),
    }
}

/// Each run of white space as one space, except between quotation marks.
fn folded(value: Cow<'_, str>) -> Cow<'_, str> {
    let mut last = b'a';
    let has_run = value.bytes().any(|byte| {
        let is_run = std::mem::replace(&mut last, byte) == b' ' && byte == b' ';
        is_run || matches!(byte, b'\t' | b'\r' | b'\n')
    });
    if !has_run {
        return value;
    }
    let parts = value.split('"').count();
    let fold = |(at, part): (usize, &str)| {
        let is_quoted = at % 2 == 1 && at + 1 < parts;
        if is_quoted {
            part.to_owned()
        } else {
            fold_runs(part)
        }
    };
    let folded: Vec<String> = value.split('"').enumerate().map(fold).collect();
    folded.join("\"").into()
}

fn fold_runs(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars() {
        if !matches!(c, ' ' | '\t' | '\r' | '\n') {
            folded.push(c);
        } else if !folded.ends_with(' ') {
            folded.push(' ');
        }
    }
    folded
}

fn choice<T>(number: u8, bit: u8, first: T, second: T) -> T {
    if number & bit == 0 { first } else { second }
}

/// The length of nearly all canonicalized headers.
const HEADERS_BYTES: usize = 256;

/// The symbols of header names in the order in which en-US has them. Digits and letters follow.
const SYMBOLS_IN_ORDER: &str = "!#$%&*.^_`|~+";

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue, Method, Uri};
    use proptest::prelude::*;

    use super::*;
    use crate::HeadOptions;

    const DOCUMENTED: Reading = Reading {
        order: HeaderOrder::Culture,
        white_space: WhiteSpace::Folded,
        secondary: Secondary::AsSent,
        plus: Plus::Space,
    };

    fn head(host: &str, target: &str) -> Head {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_str(host).unwrap());
        let options = HeadOptions {
            strict: false,
            any_version: false,
            host_style: true,
        };
        let uri: Uri = target.parse().unwrap();
        Head::parse(&Method::GET, &uri, &headers, options, &|name| name == "a").unwrap()
    }

    #[track_caller]
    fn check_headers(pairs: &[(&str, &str)], version: &str, reading: Reading, expected: &str) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let version = ServiceVersion::parse(version).unwrap();
        assert_eq!(canonicalized_headers(&headers, version, reading), expected);
    }

    #[track_caller]
    fn check_resource(host: &str, target: &str, reading: Reading, expected: &str) {
        assert_eq!(
            canonicalized_resource(&head(host, target), reading),
            expected
        );
    }

    #[test]
    fn the_first_reading_is_the_documented_one_and_all_differ() {
        let all: Vec<_> = Reading::all().collect();
        assert_eq!(all[0], DOCUMENTED);
        for (at, reading) in all.iter().enumerate() {
            assert!(!all[..at].contains(reading));
        }
    }

    #[test]
    fn only_the_headers_of_the_service_are_signed_with_their_names_in_lower_case() {
        check_headers(
            &[
                ("X-MS-Version", "2026-04-06"),
                ("Accept", "application/xml"),
                ("x-ms-date", "Mon, 05 Oct 2026 12:00:00 GMT"),
                ("x-msn", "1"),
            ],
            "2026-04-06",
            DOCUMENTED,
            "x-ms-date:Mon, 05 Oct 2026 12:00:00 GMT\nx-ms-version:2026-04-06\n",
        );
    }

    #[test]
    fn a_repeated_header_is_one_line_in_the_order_of_arrival() {
        check_headers(
            &[
                ("x-ms-meta-a", "blue"),
                ("x-ms-meta-b", "1"),
                ("x-ms-meta-a", "Orange"),
                ("x-ms-meta-a", "Red"),
            ],
            "2026-04-06",
            DOCUMENTED,
            "x-ms-meta-a:blue,Orange,Red\nx-ms-meta-b:1\n",
        );
    }

    #[test]
    fn empty_headers_are_signed_since_2016_05_31() {
        let pairs = [("x-ms-meta-a", ""), ("x-ms-meta-b", "1")];
        check_headers(&pairs, "2015-12-11", DOCUMENTED, "x-ms-meta-b:1\n");
        let both = "x-ms-meta-a:\nx-ms-meta-b:1\n";
        check_headers(&pairs, "2016-05-31", DOCUMENTED, both);
    }

    #[test]
    fn white_space_is_folded_or_not() {
        let pairs = [("x-ms-meta-a", "  a \t b  \"c  d\"  \"e  f  ")];
        let folded = "x-ms-meta-a:a b \"c  d\" \"e f\n";
        check_headers(&pairs, "2026-04-06", DOCUMENTED, folded);
        let reading = Reading {
            white_space: WhiteSpace::AsSent,
            ..DOCUMENTED
        };
        let as_sent = "x-ms-meta-a:a \t b  \"c  d\"  \"e  f\n";
        check_headers(&pairs, "2026-04-06", reading, as_sent);
    }

    #[test]
    fn headers_are_sorted_by_culture_or_by_bytes() {
        let pairs = [("x-ms-meta-a1", "1"), ("x-ms-meta-a_b", "2")];
        let culture = "x-ms-meta-a_b:2\nx-ms-meta-a1:1\n";
        check_headers(&pairs, "2026-04-06", DOCUMENTED, culture);
        let reading = Reading {
            order: HeaderOrder::Bytes,
            ..DOCUMENTED
        };
        let bytes = "x-ms-meta-a1:1\nx-ms-meta-a_b:2\n";
        check_headers(&pairs, "2026-04-06", reading, bytes);
    }

    #[test]
    fn the_culture_ignores_dashes_at_first_and_has_underscores_before_digits() {
        let sorted = [
            "x-ms-meta-_",
            "x-ms-meta-1",
            "x-ms-meta-a",
            "x-ms-meta-a_b",
            "x-ms-meta-a1",
            "x-ms-meta-aa",
            "x-ms-meta-ab",
            "x-ms-meta-a-b",
            "x-ms-meta-ac",
        ];
        assert!(sorted.is_sorted_by(|a, b| culture_order(a, b) == Ordering::Less));
        let ties = ["ab", "ab-", "ab-c", "a'bc", "a-bc"];
        assert_eq!(culture_order(ties[0], ties[1]), Ordering::Less);
        assert!(ties[2..].is_sorted_by(|a, b| culture_order(a, b) == Ordering::Less));
        assert_eq!(culture_order("a-b", "a-b"), Ordering::Equal);
    }

    #[test]
    fn an_account_in_the_path_appears_twice() {
        check_resource("localhost", "/a/q", DOCUMENTED, "/a/a/q");
        check_resource("localhost", "/a", DOCUMENTED, "/a/a");
        check_resource("localhost", "/a/", DOCUMENTED, "/a/a/");
        check_resource("a.localhost", "/q", DOCUMENTED, "/a/q");
        check_resource("a.localhost", "/", DOCUMENTED, "/a/");
    }

    #[test]
    fn the_path_stays_encoded() {
        check_resource("localhost", "/a/q%2D1%20/", DOCUMENTED, "/a/a/q%2D1%20/");
    }

    #[test]
    fn the_secondary_in_the_path_is_signed_or_stripped() {
        let reading = Reading {
            secondary: Secondary::Stripped,
            ..DOCUMENTED
        };
        let target = "/a-secondary/q-secondary";
        let as_sent = "/a/a-secondary/q-secondary";
        check_resource("localhost", target, DOCUMENTED, as_sent);
        check_resource("localhost", target, reading, "/a/a/q-secondary");
        check_resource("localhost", "/a/q-secondary", reading, "/a/a/q-secondary");
        check_resource("a-secondary.localhost", "/q", DOCUMENTED, "/a/q");
    }

    #[test]
    fn parameters_are_decoded_and_sorted_and_repetitions_joined() {
        check_resource(
            "localhost",
            "/a?Timeout=30&b=2&comp=list&prefix=doc%2D&b=1&peekonly",
            DOCUMENTED,
            "/a/a\nb:1,2\ncomp:list\npeekonly:\nprefix:doc-\ntimeout:30",
        );
    }

    #[test]
    fn a_plus_sign_is_a_space_or_itself() {
        let reading = Reading {
            plus: Plus::Literal,
            ..DOCUMENTED
        };
        let target = "/a?prefix=x+y%2Bz";
        check_resource("localhost", target, DOCUMENTED, "/a/a\nprefix:x y+z");
        check_resource("localhost", target, reading, "/a/a\nprefix:x+y+z");
    }

    #[test]
    fn of_the_query_the_lite_form_has_only_comp() {
        let lite = |target| canonicalized_resource_lite(&head("localhost", target), DOCUMENTED);
        assert_eq!(lite("/a/q?timeout=3&Comp=acl"), "/a/a/q?comp=acl");
        assert_eq!(lite("/a/q?timeout=3"), "/a/a/q");
    }

    proptest! {
        #[test]
        fn the_culture_order_is_an_order(
            names in proptest::collection::vec("[-'_!~+.a-c0-2]{0,6}", 3)
        ) {
            let [a, b, c] = [&names[0], &names[1], &names[2]];
            prop_assert_eq!(culture_order(a, b), culture_order(b, a).reverse());
            prop_assert_eq!(culture_order(a, b) == Ordering::Equal, a == b);
            if culture_order(a, b).is_le() && culture_order(b, c).is_le() {
                prop_assert!(culture_order(a, c).is_le());
            }
        }

        #[test]
        fn folding_leaves_single_spaces_alone(value in "[ab\"]{0,3}( [ab\"]{1,3}){0,3}") {
            prop_assert_eq!(folded(Cow::from(&value)), value.as_str());
        }
    }
}
