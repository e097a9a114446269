//! Comparing messages that an answer shows with the ledger.

use crate::findings::Kind;
use crate::ledger::Queue;
use crate::service::Told;
use crate::time::{Instant, Span};

/// Compares the messages that a get (`is_get`) or a peek has shown with the ledger, and notes
/// what is new: `most` were asked for.
pub(crate) fn compare(
    queue: &mut Queue,
    seen: &[Told],
    most: usize,
    is_get: bool,
    span: Span,
) -> Vec<(Kind, String)> {
    let mut findings = Vec::new();
    let name = queue.name.clone();
    let mut places = Vec::new();
    for told in seen {
        let short = format!("{name}: {}", shown(told));
        let place = place_of(queue, told);
        let Some(place) = place else {
            findings.push((Kind::MessageRisen, short));
            continue;
        };
        if places.contains(&place) {
            findings.push((Kind::MessageTwice, short));
            continue;
        }
        places.push(place);
        let message = &mut queue.messages[place];
        let mut changed = |what: &str, was: &str| {
            findings.push((
                Kind::MessageChanged,
                format!("{short}: {what} was {was:.60}"),
            ));
        };
        if message.id.is_none() {
            message.identify(told);
        }
        if told.text != message.text {
            changed("its text", &message.text);
        }
        if told.inserted != message.inserted {
            changed("its insertion time", &message.inserted);
        }
        if told.expires != message.expires {
            changed("its expiration time", &message.expires);
        }
        let more = u32::from(is_get);
        let (least, greatest) = message.count;
        if told.count < least + more || told.count > greatest + more {
            changed("its dequeue count", &format!("{least} to {greatest}"));
        }
        if message.is_expired(span) {
            changed("its time to live", "over");
        }
        if !message.visible.may_be_reached(span) {
            let what = format!(
                "{short}: hidden for {} ms more",
                message.visible.from - span.sent
            );
            findings.push((Kind::MessageEarly, what));
        }
        message.is_certain = true;
        message.count = (told.count, told.count);
    }
    findings.extend(missing(queue, &places, seen.len() < most, span));
    findings.extend(misplaced(queue, &places, span));
    if is_get {
        for (place, told) in places.iter().zip(seen) {
            let message = &mut queue.messages[*place];
            message.receipt = Some(told.receipt.clone());
            message.is_fresh = false;
            if let Some(visible) = Instant::parse(&told.visible) {
                message.visible = visible;
            }
        }
    }
    findings
}

/// Where in the ledger a message is: by its id, or by its text if its put was never answered.
fn place_of(queue: &Queue, told: &Told) -> Option<usize> {
    let by_id = queue
        .messages
        .iter()
        .position(|message| message.id.as_ref() == Some(&told.id));
    by_id.or_else(|| {
        let mut messages = queue.messages.iter();
        messages.position(|message| message.id.is_none() && message.text == told.text)
    })
}

/// What had to be shown and was not.
fn missing(queue: &Queue, places: &[usize], is_all: bool, span: Span) -> Vec<(Kind, String)> {
    if !is_all {
        return Vec::new();
    }
    let messages = queue.messages.iter().enumerate();
    messages
        .filter(|(place, message)| message.must_be_seen(span) && !places.contains(place))
        .map(|(_, message)| {
            let what = format!("{}: {:.40} is not shown", queue.name, message.text);
            (Kind::MessageLost, what)
        })
        .collect()
}

/// Messages that were never hidden come in the order in which they were put, and none is passed
/// over.
fn misplaced(queue: &Queue, places: &[usize], span: Span) -> Vec<(Kind, String)> {
    let is_fresh = |place: &usize| queue.messages[*place].is_fresh;
    let shown: Vec<_> = places.iter().copied().filter(is_fresh).collect();
    let Some(last) = shown.last() else {
        return Vec::new();
    };
    let expected: Vec<_> = (0..=*last)
        .filter(is_fresh)
        .filter(|place| shown.contains(place) || queue.messages[*place].must_be_seen(span))
        .collect();
    if shown == expected {
        return Vec::new();
    }
    let what = format!("{}: {shown:?} instead of {expected:?}", queue.name);
    vec![(Kind::OrderLost, what)]
}

fn shown(told: &Told) -> String {
    let Told {
        id, count, text, ..
    } = told;
    format!("{id} with dequeue count {count} and text {text:.40}")
}
