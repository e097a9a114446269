//! The query of a URL.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use queuerite_wire::Query;

/// What parses, printed and parsed again, is the same; and a plus sign is a space, or refused
/// where either of its meanings is.
pub fn query(data: &[u8]) {
    let Ok(raw) = std::str::from_utf8(data) else {
        return;
    };
    let query = Query::parse(Some(raw));
    let with_spaces = Query::parse(Some(&raw.replace('+', "%20")));
    let with_plus_signs = Query::parse(Some(&raw.replace('+', "%2B")));
    assert_eq!(
        query.is_ok(),
        with_spaces.is_ok() && with_plus_signs.is_ok()
    );
    let Ok(query) = query else {
        return;
    };
    let pairs: Vec<_> = query.iter().collect();
    assert!(with_spaces.unwrap().iter().eq(pairs.iter().copied()));
    for (name, value) in &pairs {
        assert_eq!(*name, name.to_lowercase());
        assert!(query.is(name, query.get(name).unwrap()));
        // Else a signature of this query would fit others.
        assert!(!name.contains([':', '\r', '\n']) && !value.contains(['\r', '\n']));
    }

    let escaped = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let printed: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", escaped(name), escaped(value)))
        .collect();
    let printed = printed.join("&");
    let again = Query::parse(Some(&printed)).expect("what was printed parses");
    assert!(again.iter().eq(pairs.iter().copied()), "{printed}");
}
