//! Comparing messages that an answer shows with the ledger.

use crate::findings::Kind;
use crate::ledger::{Message, Queue};
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
        let Some(place) = place_of(&queue.messages, told) else {
            let kind = match place_of(&queue.expired, told) {
                Some(_) => Kind::MessageExpired,
                None => Kind::MessageRisen,
            };
            findings.push((kind, short));
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
            findings.push((Kind::MessageExpired, short.clone()));
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

/// Which of these messages is shown: by its id, or by its text if its put was never answered.
fn place_of(messages: &[Message], told: &Told) -> Option<usize> {
    let by_id = messages
        .iter()
        .position(|message| message.id.as_ref() == Some(&told.id));
    by_id.or_else(|| {
        let mut messages = messages.iter();
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

#[cfg(test)]
mod tests {
    use super::*;

    const THEN: Span = Span {
        sent: 1_000_000,
        answered: 1_000_001,
    };
    const NOW: Span = Span {
        sent: 1_900_000,
        answered: 1_900_001,
    };

    fn told(id: &str) -> Told {
        Told {
            id: id.into(),
            inserted: "then".into(),
            expires: "much later".into(),
            text: format!("text {id}"),
            ..Told::default()
        }
    }

    /// A queue with messages `1`, `2` and `3`, hidden for so many seconds.
    fn queue(hidden: u32) -> Queue {
        let mut queue = Queue::new("queue".into(), false);
        for id in ["1", "2", "3"] {
            let text = format!("text {id}");
            let mut message = Message::put_under_way(text, hidden, None, THEN);
            message.put_answered(&told(id));
            queue.messages.push(message);
        }
        queue
    }

    fn kinds(queue: &mut Queue, seen: &[Told]) -> Vec<Kind> {
        let findings = compare(queue, seen, 32, false, NOW);
        findings.into_iter().map(|(kind, _)| kind).collect()
    }

    #[test]
    fn what_was_put_and_nothing_else_is_no_finding() {
        let seen = ["1", "2", "3"].map(told);
        assert_eq!(kinds(&mut queue(0), &seen), []);
        assert_eq!(kinds(&mut queue(3600), &[]), []);
    }

    #[test]
    fn each_way_of_being_wrong_is_found() {
        let [first, second, third] = ["1", "2", "3"].map(told);
        let cases = [
            (
                vec![&first, &third],
                vec![Kind::MessageLost, Kind::OrderLost],
            ),
            (vec![&first, &third, &second], vec![Kind::OrderLost]),
            (
                vec![&first, &second, &third, &third],
                vec![Kind::MessageTwice],
            ),
        ];
        for (seen, expected) in cases {
            let seen: Vec<_> = seen.into_iter().cloned().collect();
            assert_eq!(kinds(&mut queue(0), &seen), expected);
        }
        let changes: [fn(&mut Told); 4] = [
            |told| told.text.push('x'),
            |told| told.inserted.clear(),
            |told| told.expires.clear(),
            |told| told.count = 1,
        ];
        for change in changes {
            let mut changed = third.clone();
            change(&mut changed);
            let seen = [first.clone(), second.clone(), changed];
            assert_eq!(kinds(&mut queue(0), &seen), [Kind::MessageChanged]);
        }
        let seen = [first.clone(), second.clone(), third, told("4")];
        assert_eq!(kinds(&mut queue(0), &seen), [Kind::MessageRisen]);
        assert_eq!(kinds(&mut queue(3600), &[first]), [Kind::MessageEarly]);
    }

    #[test]
    fn what_is_shown_after_its_end_is_found_and_is_no_loss() {
        let mut queue = queue(0);
        queue.messages[2].expiry = Instant { from: 0, to: 0 };
        assert_eq!(kinds(&mut queue, &["1", "2"].map(told)), []);
        let all = ["1", "2", "3"].map(told);
        assert_eq!(kinds(&mut queue, &all), [Kind::MessageExpired]);
        queue.forget_expired(NOW);
        assert_eq!(queue.messages.len(), 2);
        assert_eq!(kinds(&mut queue, &all), [Kind::MessageExpired]);
        assert!(!Kind::MessageExpired.is_loss());
    }

    #[test]
    fn a_put_that_was_never_answered_is_known_by_its_text() {
        let mut queue = queue(0);
        let put = Message::put_under_way("text 4".into(), 0, None, THEN);
        queue.messages.push(put);
        assert_eq!(kinds(&mut queue, &["1", "2", "3"].map(told)), []);
        assert_eq!(kinds(&mut queue, &["1", "2", "3", "4"].map(told)), []);
        // Seen once, it is there for good.
        let seen = ["1", "2", "3"].map(told);
        assert_eq!(kinds(&mut queue, &seen), [Kind::MessageLost]);
    }
}
