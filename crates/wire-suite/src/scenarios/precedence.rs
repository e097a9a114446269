//! What is refused first where there is more than one reason.

use crate::outcome::Outcome;
use crate::wire::{Wire, versioned};

/// A wrong signature hides everything else.
pub(super) fn s340(wire: &mut Wire) -> Outcome {
    let name = format!("{}a_b", wire.settings.prefix);
    let path = format!("/{name}/messages?visibilitytimeout=x");
    let request = versioned(wire.request("POST", &path).body("no message"));
    let request = request.signed_by(&wire.settings.account, WRONG_KEY);
    let answer = wire.send(&request)?.refused("AuthenticationFailed")?;
    answer.has_no_header("x-ms-version")?;
    // Signed, it is the name.
    wire.post(&path, "no message")?
        .refused("InvalidResourceName")?;
    Ok(())
}

/// A key that no account has.
pub(super) const WRONG_KEY: &str = "bm90IHRoZSBrZXkgb2YgYW55IGFjY291bnQ=";

/// A bad body comes before a missing queue.
pub(super) fn s341(wire: &mut Wire) -> Outcome {
    let queue = format!("/{}", wire.name(""));
    let answer = wire.post(&format!("{queue}/messages"), "no message")?;
    answer.refused("InvalidXmlDocument")?;
    let good = wire.post(&format!("{queue}/messages"), crate::wire::message("text"))?;
    good.refused("QueueNotFound")?;
    Ok(())
}

/// A malformed receipt comes before a missing queue.
pub(super) fn s342(wire: &mut Wire) -> Outcome {
    let message = format!("/{}/messages/{UNKNOWN_ID}", wire.name(""));
    let malformed = wire.delete(&format!("{message}?popreceipt=not%20a%20receipt"))?;
    malformed.refused("InvalidQueryParameterValue")?;
    let well_formed = wire.delete(&format!("{message}?popreceipt={RECEIPT}"))?;
    well_formed.refused("QueueNotFound")?;
    Ok(())
}

/// A missing queue comes before an unknown message.
pub(super) fn s343(wire: &mut Wire) -> Outcome {
    let queue = format!("/{}", wire.name(""));
    let messages = [
        format!("{queue}/messages/{UNKNOWN_ID}?popreceipt={RECEIPT}"),
        format!("{queue}/messages/mymsg?popreceipt={RECEIPT}"),
    ];
    for message in &messages {
        wire.delete(message)?.refused("QueueNotFound")?;
        let updated = wire.put(&format!("{message}&visibilitytimeout=0"), "")?;
        updated.refused("QueueNotFound")?;
    }
    wire.put(&queue, "")?.succeeded(201)?;
    wire.delete(&messages[0])?.refused("MessageNotFound")?;
    Ok(())
}

const UNKNOWN_ID: &str = "11111111-2222-3333-4444-555555555555";
/// A receipt from a page of the reference, escaped.
const RECEIPT: &str = "AgAAAAMAAAAAAAAAkFnBcDn20wE%3D";

/// A bad name comes before a missing queue.
pub(super) fn s344(wire: &mut Wire) -> Outcome {
    let name = format!("{}a_b", wire.settings.prefix);
    for path in [
        format!("/{name}?comp=metadata"),
        format!("/{name}/messages"),
        format!("/{name}?comp=acl"),
    ] {
        wire.get(&path)?.refused("InvalidResourceName")?;
    }
    wire.delete(&format!("/{name}"))?
        .refused("InvalidResourceName")?;
    Ok(())
}
