//! Cross-origin resource sharing: what a browser may do with an answer.
//!
//! Rules are tried in stored order, and the first whose origin and method match is the only one
//! that counts. REST page "Cross-Origin Resource Sharing (CORS) support for Azure Storage".

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use queuerite_model::CorsRule;

use crate::Response;

/// What a preflight asks: may this origin send such a request?
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preflight {
    origin: String,
    method: String,
    /// The headers as they were asked for; `None` if none were.
    headers: Option<String>,
}

impl Preflight {
    /// Reads the question. The error is the name of a header that must be there.
    pub fn read(headers: &HeaderMap) -> Result<Self, &'static str> {
        let required = |name: &'static str| text(headers, name).ok_or(name);
        Ok(Self {
            origin: required("Origin")?,
            method: required("Access-Control-Request-Method")?,
            headers: text(headers, "Access-Control-Request-Headers"),
        })
    }

    /// The answer, if the rules permit it. REST page "Preflight Queue Request".
    pub fn answer(&self, rules: &[CorsRule]) -> Option<Response> {
        let rule = matching(rules, &self.origin, &self.method)?;
        let asked = items(self.headers.as_deref().unwrap_or_default());
        if !asked
            .into_iter()
            .all(|name| is_covered(name, &rule.allowed_headers))
        {
            return None;
        }
        let mut response = Response::empty(StatusCode::OK);
        response.set(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.origin.clone());
        response.set(header::ACCESS_CONTROL_ALLOW_METHODS, self.method.clone());
        if let Some(headers) = &self.headers {
            response.set(header::ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
        }
        let max_age = rule.max_age_in_seconds.to_string();
        response.set(header::ACCESS_CONTROL_MAX_AGE, max_age);
        response.set(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
        Some(response)
    }
}

/// Adds to an answer, successful or not, what the rules let a browser do with it. To be called
/// last, because the answer's own headers are among what may be exposed.
pub fn share(response: &mut Response, rules: &[CorsRule], method: &Method, headers: &HeaderMap) {
    if rules.is_empty() {
        return;
    }
    let is_read = matches!(*method, Method::GET | Method::HEAD);
    let origin = text(headers, "Origin");
    if origin.is_none() && !is_read {
        return;
    }
    // Without an origin the answer may still be kept by a cache and shown to one.
    let rule = match &origin {
        Some(origin) => matching(rules, origin, method.as_str()),
        None => matching(rules, ANY, method.as_str()),
    };
    let Some(rule) = rule else {
        if is_read {
            response.set(header::VARY, "Origin");
        }
        return;
    };
    if let Some(exposed) = exposed(response, rule) {
        response.set(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    match origin.filter(|_| !items(&rule.allowed_origins).contains(&ANY)) {
        Some(origin) => {
            response.set(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            response.set(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
            if is_read {
                response.set(header::VARY, "Origin");
            }
        }
        None => response.set(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY),
    }
}

/// Any origin, or any header.
const ANY: &str = "*";

/// The one rule that counts. Origins and methods compare exactly.
fn matching<'a>(rules: &'a [CorsRule], origin: &str, method: &str) -> Option<&'a CorsRule> {
    rules.iter().find(|rule| {
        let origins = items(&rule.allowed_origins);
        let fits = origins.contains(&ANY) || origins.contains(&origin);
        fits && items(&rule.allowed_methods).contains(&method)
    })
}

/// The answer's headers that the rule exposes, and those that are added on its way out.
fn exposed(response: &Response, rule: &CorsRule) -> Option<String> {
    let own = response.headers.keys().map(|name| spelled(name.as_str()));
    let added = ["Content-Length"]
        .into_iter()
        .filter(|_| !response.headers.contains_key(header::CONTENT_LENGTH));
    let mut names: Vec<_> = own
        .chain(added)
        .filter(|name| is_covered(name, &rule.exposed_headers))
        .collect();
    names.sort_by_key(|name| place(name));
    (!names.is_empty()).then(|| names.join(","))
}

/// Where the service was seen to list a header. Others stand between the `x-ms-` headers and
/// the rest.
fn place(name: &str) -> usize {
    const FIRST: [&str; 4] = [
        "x-ms-request-id",
        "x-ms-client-request-id",
        "Server",
        "x-ms-version",
    ];
    const LAST: [&str; 4] = ["Content-Type", "Cache-Control", "Content-Length", "Date"];
    let among = |names: &[&str]| names.iter().position(|other| *other == name);
    let last = || Some(among(&LAST)? + FIRST.len() + 1);
    among(&FIRST).or_else(last).unwrap_or(FIRST.len())
}

/// The name as the service spells it.
fn spelled(name: &str) -> &str {
    match name {
        "server" => "Server",
        "date" => "Date",
        "content-type" => "Content-Type",
        "cache-control" => "Cache-Control",
        name => name,
    }
}

/// Whether a list of headers covers this one: by name, by a prefix that ends in `*`, or by `*`.
fn is_covered(name: &str, list: &str) -> bool {
    items(list)
        .into_iter()
        .any(|item| match item.strip_suffix('*') {
            Some(prefix) => name
                .get(..prefix.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(prefix)),
            None => name.eq_ignore_ascii_case(item),
        })
}

fn items(list: &str) -> Vec<&str> {
    list.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .collect()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .map(HeaderValue::to_str)?
        .ok()
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(origins: &str, methods: &str, allowed: &str, exposed: &str) -> CorsRule {
        CorsRule {
            allowed_origins: origins.into(),
            allowed_methods: methods.into(),
            allowed_headers: allowed.into(),
            exposed_headers: exposed.into(),
            max_age_in_seconds: 200,
        }
    }

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)))
            .collect()
    }

    fn preflight(
        rules: &[CorsRule],
        origin: &'static str,
        method: &'static str,
        asked: Option<&'static str>,
    ) -> Option<Response> {
        let mut lines = vec![
            ("origin", origin),
            ("access-control-request-method", method),
        ];
        lines.extend(asked.map(|names| ("access-control-request-headers", names)));
        Preflight::read(&headers(&lines)).unwrap().answer(rules)
    }

    /// The CORS headers of an answer, sorted.
    fn shared(rules: &[CorsRule], method: &Method, origin: Option<&'static str>) -> Vec<String> {
        let mut response = Response::empty(StatusCode::OK);
        response.set("x-ms-request-id", "1");
        response.set("date", "now");
        let lines: Vec<_> = origin
            .map(|origin| ("origin", origin))
            .into_iter()
            .collect();
        share(&mut response, rules, method, &headers(&lines));
        let is_cors = |name: &str| name.starts_with("access-control") || name == "vary";
        let mut found: Vec<_> = response
            .headers
            .iter()
            .filter(|(name, _)| is_cors(name.as_str()))
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        found.sort();
        found
    }

    const SHOP: &str = "https://shop.example";
    const EXACT: [&str; 3] = [
        "access-control-allow-credentials: true",
        "access-control-allow-origin: https://shop.example",
        "access-control-expose-headers: x-ms-request-id",
    ];
    const WILD: [&str; 2] = [
        "access-control-allow-origin: *",
        "access-control-expose-headers: x-ms-request-id,Content-Length,Date",
    ];

    #[test]
    fn a_preflight_that_a_rule_permits_is_answered_in_full() {
        let rules = [rule(SHOP, "GET,PUT", "x-ms-meta-*,Content-Type", "")];
        let answer = preflight(&rules, SHOP, "PUT", Some("X-Ms-Meta-A, content-type")).unwrap();
        assert_eq!(answer.status, StatusCode::OK);
        for (name, value) in [
            ("access-control-allow-origin", SHOP),
            ("access-control-allow-methods", "PUT"),
            ("access-control-allow-headers", "X-Ms-Meta-A, content-type"),
            ("access-control-max-age", "200"),
            ("access-control-allow-credentials", "true"),
        ] {
            assert_eq!(answer.headers[name], value, "{name}");
        }
        assert!(
            preflight(&rules, SHOP, "PUT", None)
                .unwrap()
                .headers
                .get("access-control-allow-headers")
                .is_none()
        );
    }

    #[test]
    fn the_first_rule_with_origin_and_method_decides_alone() {
        let rules = [rule(SHOP, "GET", "", ""), rule("*", "GET,PUT", "*", "")];
        assert!(preflight(&rules, SHOP, "GET", Some("x-ms-date")).is_none());
        assert!(preflight(&rules, SHOP, "PUT", Some("x-ms-date")).is_some());
        assert!(preflight(&rules, "https://other.example", "GET", Some("x-ms-date")).is_some());
    }

    #[test]
    fn origins_and_methods_compare_exactly() {
        let rules = [rule(
            "https://shop.example,http://localhost:80",
            "GET",
            "*",
            "",
        )];
        assert!(preflight(&rules, "http://localhost:80", "GET", None).is_some());
        for origin in [
            "HTTPS://shop.example",
            "https://shop.example:443",
            "http://localhost",
            "null",
        ] {
            assert!(preflight(&rules, origin, "GET", None).is_none(), "{origin}");
        }
        assert!(preflight(&rules, SHOP, "get", None).is_none());
        assert!(preflight(&[], SHOP, "GET", None).is_none());
    }

    #[test]
    fn a_preflight_must_say_who_asks_and_for_what() {
        assert_eq!(Preflight::read(&HeaderMap::new()), Err("Origin"));
        let half = headers(&[("origin", SHOP)]);
        assert_eq!(Preflight::read(&half), Err("Access-Control-Request-Method"));
    }

    #[test]
    fn an_actual_answer_says_who_may_read_it() {
        let exact = [rule(SHOP, "GET,PUT", "", "x-ms-*")];
        let wild = [rule("*", "GET,PUT", "", "*")];
        let vary = ["vary: Origin".to_owned()];
        let with_vary: Vec<String> = EXACT
            .iter()
            .map(|l| (*l).to_owned())
            .chain(vary.clone())
            .collect();
        assert_eq!(shared(&exact, &Method::GET, Some(SHOP)), with_vary);
        assert_eq!(shared(&exact, &Method::PUT, Some(SHOP)), EXACT);
        assert_eq!(
            shared(&exact, &Method::GET, Some("https://other.example")),
            vary
        );
        assert_eq!(shared(&exact, &Method::GET, None), vary);
        assert!(shared(&exact, &Method::PUT, Some("https://other.example")).is_empty());
        assert!(shared(&exact, &Method::PUT, None).is_empty());
        assert_eq!(shared(&wild, &Method::GET, Some(SHOP)), WILD);
        assert_eq!(shared(&wild, &Method::PUT, Some(SHOP)), WILD);
        assert_eq!(shared(&wild, &Method::GET, None), WILD);
        assert!(shared(&wild, &Method::PUT, None).is_empty());
        assert!(shared(&[], &Method::GET, Some(SHOP)).is_empty());
    }

    #[test]
    fn nothing_is_exposed_that_no_rule_names() {
        let rules = [rule("*", "GET", "", "")];
        assert_eq!(
            shared(&rules, &Method::GET, Some(SHOP)),
            ["access-control-allow-origin: *"]
        );
    }
}
