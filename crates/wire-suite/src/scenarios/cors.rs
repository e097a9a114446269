//! Requests of browsers. A rule may need its time to be in force, so each scenario first waits
//! for what its rule permits, and then looks at what it does not.

use crate::answer::Answer;
use crate::outcome::{Outcome, equal, hold};
use crate::wire::Wire;

const ORIGIN: &str = "https://shop.example";
const OTHER_ORIGIN: &str = "https://other.example";

/// A preflight is answered by the rules.
pub(super) fn s370(wire: &mut Wire) -> Outcome {
    set_rules(wire, &rule(ORIGIN, "GET,PUT", "x-ms-meta-*,content-type"))?;
    let path = format!("/{}/messages", wire.name(""));
    wire.eventually(|wire| {
        let answer = preflight(wire, &path, ORIGIN, "PUT", "content-type,x-ms-meta-a")?;
        let answer = answer.succeeded(200)?;
        answer.has_no_body()?;
        answer.has_header("access-control-allow-origin", ORIGIN)?;
        answer.has_header("access-control-allow-methods", "PUT")?;
        answer.has_header("access-control-allow-headers", "content-type,x-ms-meta-a")?;
        answer.has_header("access-control-max-age", "300")?;
        answer.has_header("access-control-allow-credentials", "true")
    })
}

/// A preflight without a rule is refused.
pub(super) fn s371(wire: &mut Wire) -> Outcome {
    set_rules(wire, &rule(ORIGIN, "PUT", "content-type"))?;
    let path = format!("/{}/messages", wire.name(""));
    is_in_force(wire, &path, "PUT")?;
    for (origin, method, headers) in [
        (OTHER_ORIGIN, "PUT", "content-type"),
        (ORIGIN, "DELETE", "content-type"),
        (ORIGIN, "PUT", "x-ms-meta-a"),
    ] {
        let answer = preflight(wire, &path, origin, method, headers)?;
        answer.refused("CorsPreflightFailure")?;
    }
    set_rules(wire, "")?;
    wire.eventually(|wire| {
        let answer = preflight(wire, &path, ORIGIN, "PUT", "content-type")?;
        answer.refused("CorsPreflightFailure").map(drop)
    })
}

/// A preflight without its headers is refused.
pub(super) fn s372(wire: &mut Wire) -> Outcome {
    set_rules(wire, &rule(ORIGIN, "PUT", "content-type"))?;
    let path = format!("/{}/messages", wire.name(""));
    is_in_force(wire, &path, "PUT")?;
    let request = wire.request("OPTIONS", &path);
    let without_method = request.clone().header("Origin", ORIGIN);
    let without_origin = request.header("Access-Control-Request-Method", "PUT");
    for request in [without_method, without_origin] {
        let text = "A required CORS header is not present.";
        wire.send(&request)?
            .refused_with(400, "InvalidHeaderValue", text)?;
    }
    Ok(())
}

/// An answer to a matching origin says so.
pub(super) fn s373(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    set_rules(wire, &rule(ORIGIN, "GET,PUT", "content-type"))?;
    let metadata = format!("{queue}?comp=metadata");
    wire.eventually(|wire| {
        let answer = from_origin(wire, "GET", &metadata, ORIGIN)?.succeeded(200)?;
        answer.has_header("access-control-allow-origin", ORIGIN)?;
        answer.has_header("access-control-allow-credentials", "true")?;
        answer.has_header("vary", "Origin")?;
        // The rule exposes `x-ms-*`: of that, what this answer has.
        let exposed = answer.header("access-control-expose-headers")?;
        let mut exposed: Vec<_> = exposed.split(',').map(str::trim).collect();
        exposed.sort_unstable();
        let expected = [
            "x-ms-approximate-messages-count",
            "x-ms-request-id",
            "x-ms-version",
        ];
        equal("what is exposed", exposed, expected)
    })?;
    let answer = from_origin(wire, "PUT", &metadata, ORIGIN)?.succeeded(204)?;
    answer.has_header("access-control-allow-origin", ORIGIN)?;
    answer.has_header("access-control-allow-credentials", "true")?;
    answer.has_no_header("vary")
}

/// The first rule that matches decides.
pub(super) fn s374(wire: &mut Wire) -> Outcome {
    let first = rule(ORIGIN, "PUT", "content-type");
    set_rules(wire, &format!("{first}{}", rule(ORIGIN, "PUT,GET", "*")))?;
    let path = format!("/{}/messages", wire.name(""));
    is_in_force(wire, &path, "PUT")?;
    let answer = preflight(wire, &path, ORIGIN, "PUT", "x-ms-meta-a")?;
    answer.refused("CorsPreflightFailure")?;
    // A method that the first has not: the second decides.
    preflight(wire, &path, ORIGIN, "GET", "x-ms-meta-a")?.succeeded(200)?;
    Ok(())
}

/// Another origin changes nothing.
pub(super) fn s375(wire: &mut Wire) -> Outcome {
    let queue = wire.queue()?;
    set_rules(wire, &rule(ORIGIN, "GET", "content-type"))?;
    let metadata = format!("{queue}?comp=metadata");
    wire.eventually(|wire| {
        let answer = from_origin(wire, "GET", &metadata, ORIGIN)?.succeeded(200)?;
        answer.has_header("access-control-allow-origin", ORIGIN)
    })?;
    let answer = from_origin(wire, "GET", &metadata, OTHER_ORIGIN)?.succeeded(200)?;
    answer.has_header("vary", "Origin")?;
    let mut headers = answer.response.headers.iter();
    let of_cors = headers.find(|(name, _)| name.to_lowercase().starts_with("access-control-"));
    hold(of_cors.is_none(), || format!("{of_cors:?}"))
}

fn set_rules(wire: &mut Wire, rules: &str) -> Outcome {
    let document =
        format!("<StorageServiceProperties><Cors>{rules}</Cors></StorageServiceProperties>");
    wire.set_properties(&document).map(drop)
}

fn rule(origin: &str, methods: &str, headers: &str) -> String {
    format!(
        "<CorsRule><AllowedOrigins>{origin}</AllowedOrigins>\
         <AllowedMethods>{methods}</AllowedMethods>\
         <AllowedHeaders>{headers}</AllowedHeaders><ExposedHeaders>x-ms-*</ExposedHeaders>\
         <MaxAgeInSeconds>300</MaxAgeInSeconds></CorsRule>"
    )
}

fn is_in_force(wire: &mut Wire, path: &str, method: &str) -> Outcome {
    wire.eventually(|wire| {
        let answer = preflight(wire, path, ORIGIN, method, "content-type")?;
        answer.succeeded(200).map(drop)
    })
}

fn preflight(
    wire: &mut Wire,
    path: &str,
    origin: &str,
    method: &str,
    headers: &str,
) -> Outcome<Answer> {
    let request = wire.request("OPTIONS", path);
    let request = request.header("Origin", origin);
    let request = request.header("Access-Control-Request-Method", method);
    wire.send(&request.header("Access-Control-Request-Headers", headers))
}

fn from_origin(wire: &mut Wire, method: &str, path: &str, origin: &str) -> Outcome<Answer> {
    wire.call(wire.request(method, path).header("Origin", origin))
}
