//! One function for each scenario of `compat-tests/scenarios.md`, and the table of them.

mod answers;
mod authorization;
mod cors;
mod malformed;
mod precedence;
mod versions;

use crate::outcome::Outcome;
use crate::wire::Wire;

/// A scenario.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its number, such as `S300`.
    pub number: &'static str,
    /// What the catalogue calls it.
    pub title: &'static str,
    /// Does what it says, and looks.
    pub run: fn(&mut Wire) -> Outcome,
}

/// All of them, in order.
pub const ALL: &[Scenario] = &[
    Scenario {
        number: "S300",
        title: "Create Queue answers 201, then 204, with an empty body",
        run: answers::s300,
    },
    Scenario {
        number: "S301",
        title: "The common headers of a success",
        run: answers::s301,
    },
    Scenario {
        number: "S302",
        title: "An XML body begins with a byte-order mark",
        run: answers::s302,
    },
    Scenario {
        number: "S303",
        title: "The elements of a put",
        run: answers::s303,
    },
    Scenario {
        number: "S304",
        title: "The elements of a get",
        run: answers::s304,
    },
    Scenario {
        number: "S305",
        title: "The elements of a peek",
        run: answers::s305,
    },
    Scenario {
        number: "S306",
        title: "Nothing to return is an empty element",
        run: answers::s306,
    },
    Scenario {
        number: "S307",
        title: "The elements of a list",
        run: answers::s307,
    },
    Scenario {
        number: "S308",
        title: "A next marker names account and queue",
        run: answers::s308,
    },
    Scenario {
        number: "S309",
        title: "An update answers in headers",
        run: answers::s309,
    },
    Scenario {
        number: "S310",
        title: "Successful reads are not cached",
        run: answers::s310,
    },
    Scenario {
        number: "S311",
        title: "Metadata come as headers, without a body",
        run: answers::s311,
    },
    Scenario {
        number: "S312",
        title: "The elements of policies",
        run: answers::s312,
    },
    Scenario {
        number: "S313",
        title: "The elements of service properties",
        run: answers::s313,
    },
    Scenario {
        number: "S314",
        title: "Times are RFC 1123 in whole seconds",
        run: answers::s314,
    },
    Scenario {
        number: "S315",
        title: "The form of an error",
        run: answers::s315,
    },
    Scenario {
        number: "S316",
        title: "HEAD of what is missing has no body",
        run: answers::s316,
    },
    Scenario {
        number: "S317",
        title: "A receipt has the service's form",
        run: answers::s317,
    },
    Scenario {
        number: "S320",
        title: "A receipt that is missing",
        run: malformed::s320,
    },
    Scenario {
        number: "S321",
        title: "An update without a visibility timeout",
        run: malformed::s321,
    },
    Scenario {
        number: "S322",
        title: "The details of a value out of range",
        run: malformed::s322,
    },
    Scenario {
        number: "S323",
        title: "A number that is none",
        run: malformed::s323,
    },
    Scenario {
        number: "S324",
        title: "A body that is no XML",
        run: malformed::s324,
    },
    Scenario {
        number: "S325",
        title: "A control character is found where it is",
        run: malformed::s325,
    },
    Scenario {
        number: "S326",
        title: "A malformed receipt says why",
        run: malformed::s326,
    },
    Scenario {
        number: "S327",
        title: "A put without a length",
        run: malformed::s327,
    },
    Scenario {
        number: "S328",
        title: "A check sum that does not match",
        run: malformed::s328,
    },
    Scenario {
        number: "S329",
        title: "An unknown verb and a wrong one",
        run: malformed::s329,
    },
    Scenario {
        number: "S330",
        title: "An unknown `comp`",
        run: malformed::s330,
    },
    Scenario {
        number: "S331",
        title: "Names of parameters in any case",
        run: malformed::s331,
    },
    Scenario {
        number: "S332",
        title: "A text is too long, by the letter",
        run: malformed::s332,
    },
    Scenario {
        number: "S333",
        title: "A byte-order mark before a body",
        run: malformed::s333,
    },
    Scenario {
        number: "S334",
        title: "A carriage return",
        run: malformed::s334,
    },
    Scenario {
        number: "S335",
        title: "A name of metadata that is no header name",
        run: malformed::s335,
    },
    Scenario {
        number: "S336",
        title: "An empty name of metadata",
        run: malformed::s336,
    },
    Scenario {
        number: "S337",
        title: "A repeated metadata header is joined",
        run: malformed::s337,
    },
    Scenario {
        number: "S338",
        title: "A text with bad chunks, or a body that ends too soon",
        run: malformed::s338,
    },
    Scenario {
        number: "S340",
        title: "A wrong signature hides everything else",
        run: precedence::s340,
    },
    Scenario {
        number: "S341",
        title: "A bad body comes before a missing queue",
        run: precedence::s341,
    },
    Scenario {
        number: "S342",
        title: "A malformed receipt comes before a missing queue",
        run: precedence::s342,
    },
    Scenario {
        number: "S343",
        title: "A missing queue comes before an unknown message",
        run: precedence::s343,
    },
    Scenario {
        number: "S344",
        title: "A bad name comes before a missing queue",
        run: precedence::s344,
    },
    Scenario {
        number: "S350",
        title: "The string to sign is told",
        run: authorization::s350,
    },
    Scenario {
        number: "S351",
        title: "A header of no known form",
        run: authorization::s351,
    },
    Scenario {
        number: "S352",
        title: "Nobody, before and since 2019-12-12",
        run: authorization::s352,
    },
    Scenario {
        number: "S353",
        title: "SharedKeyLite",
        run: authorization::s353,
    },
    Scenario {
        number: "S354",
        title: "A date that is a quarter of an hour old",
        run: authorization::s354,
    },
    Scenario {
        number: "S355",
        title: "A signature over both orders of metadata",
        run: authorization::s355,
    },
    Scenario {
        number: "S356",
        title: "A length of zero is signed by version",
        run: authorization::s356,
    },
    Scenario {
        number: "S357",
        title: "A SAS and the form of its refusals",
        run: authorization::s357,
    },
    Scenario {
        number: "S358",
        title: "Old forms of a queue SAS",
        run: authorization::s358,
    },
    Scenario {
        number: "S359",
        title: "An account SAS with `ss=b`",
        run: authorization::s359,
    },
    Scenario {
        number: "S360",
        title: "An answer names the version that was asked for",
        run: versions::s360,
    },
    Scenario {
        number: "S361",
        title: "Before 2016-05-31 a put answers nothing",
        run: versions::s361,
    },
    Scenario {
        number: "S362",
        title: "Before 2017-07-29 a message lives for a week at most",
        run: versions::s362,
    },
    Scenario {
        number: "S363",
        title: "Before 2017-07-29 an error has no code in its headers",
        run: versions::s363,
    },
    Scenario {
        number: "S364",
        title: "Before 2019-02-02 a client request id is not echoed",
        run: versions::s364,
    },
    Scenario {
        number: "S365",
        title: "Before 2013-08-15 a list has URLs",
        run: versions::s365,
    },
    Scenario {
        number: "S366",
        title: "A version that is none",
        run: versions::s366,
    },
    Scenario {
        number: "S367",
        title: "`api-version` of a SAS decides",
        run: versions::s367,
    },
    Scenario {
        number: "S368",
        title: "The order of elements before 2016-05-31",
        run: versions::s368,
    },
    Scenario {
        number: "S370",
        title: "A preflight is answered by the rules",
        run: cors::s370,
    },
    Scenario {
        number: "S371",
        title: "A preflight without a rule is refused",
        run: cors::s371,
    },
    Scenario {
        number: "S372",
        title: "A preflight without its headers is refused",
        run: cors::s372,
    },
    Scenario {
        number: "S373",
        title: "An answer to a matching origin says so",
        run: cors::s373,
    },
    Scenario {
        number: "S374",
        title: "The first rule that matches decides",
        run: cors::s374,
    },
    Scenario {
        number: "S375",
        title: "Another origin changes nothing",
        run: cors::s375,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_that_of_the_catalogue() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../compat-tests/scenarios.md"
        );
        let catalogue = std::fs::read_to_string(path).unwrap();
        let headings = catalogue
            .lines()
            .filter_map(|line| line.strip_prefix("### "));
        let of_the_wire: Vec<_> = headings.filter(|line| line.starts_with("S3")).collect();
        let ours = ALL
            .iter()
            .map(|scenario| format!("{} {}", scenario.number, scenario.title));
        assert_eq!(ours.collect::<Vec<_>>(), of_the_wire);
    }
}
