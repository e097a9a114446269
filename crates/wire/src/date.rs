//! The two spellings of an instant: RFC 1123 in headers and message lists, ISO 8601 in stored
//! access policies, shared access signatures and the `Time` line of an error.
//!
//! Printing is exact. Reading is strict: a text is a date only if its every character is part
//! of one.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, Timelike, Utc};
use queuerite_model::Timestamp;

/// Prints an instant as `Mon, 05 Oct 2026 12:00:00 GMT`; what is within the second is cut off.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rfc1123(pub Timestamp);

impl fmt::Display for Rfc1123 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every answer has one, and one with messages has three for each of them: in one piece
        // they take a fifth of the time.
        let time = calendar(self.0);
        let weekday = DAYS.get(time.weekday().num_days_from_monday() as usize);
        let month = MONTHS.get(time.month0() as usize);
        let mut text = *b"Mon, 01 Jan 0000 00:00:00 GMT";
        text[..3].copy_from_slice(weekday.unwrap_or(&DAYS[0]));
        text[5..7].copy_from_slice(&digits::<2>(time.day()));
        text[8..11].copy_from_slice(month.unwrap_or(&MONTHS[0]));
        text[12..16].copy_from_slice(&digits::<4>(time.year().unsigned_abs()));
        text[17..19].copy_from_slice(&digits::<2>(time.hour()));
        text[20..22].copy_from_slice(&digits::<2>(time.minute()));
        text[23..25].copy_from_slice(&digits::<2>(time.second()));
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

/// The last so many digits of a number.
pub(crate) fn digits<const COUNT: usize>(mut number: u32) -> [u8; COUNT] {
    let mut text = [b'0'; COUNT];
    for place in text.iter_mut().rev() {
        *place += u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
    text
}

/// Prints an instant as `2026-10-05T12:00:00.1234567Z`, always with seven fraction digits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Iso8601(pub Timestamp);

impl fmt::Display for Iso8601 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = calendar(self.0);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:07}Z",
            time.year(),
            time.month(),
            time.day(),
            time.hour(),
            time.minute(),
            time.second(),
            self.0.subsecond_ticks()
        )
    }
}

/// The instant as `Mon, 05 Oct 2026 12:00:00 GMT`.
pub fn rfc1123(time: Timestamp) -> String {
    Rfc1123(time).to_string()
}

/// The instant as `2026-10-05T12:00:00.1234567Z`.
pub fn iso8601_seven(time: Timestamp) -> String {
    Iso8601(time).to_string()
}

/// The instant as `2026-10-05T12:00:00Z`; what is within the second is cut off.
pub fn iso8601_seconds(time: Timestamp) -> String {
    let mut text = iso8601_seven(time);
    text.truncate(SECONDS_CHARACTERS);
    text.push('Z');
    text
}

/// Reads `Mon, 05 Oct 2026 12:00:00 GMT`. The weekday must be that of the date; a day below ten
/// may come without its zero, as Java's own formatter writes it.
pub fn parse_rfc1123(text: &str) -> Option<Timestamp> {
    let time = NaiveDateTime::parse_from_str(text, "%a, %d %b %Y %H:%M:%S GMT").ok()?;
    let time = Timestamp::from_unix(time.and_utc().timestamp(), 0);
    // That parser forgives white space, case and leap seconds; printing does not.
    let printed = rfc1123(time);
    (text == printed || text == printed.replacen(", 0", ", ", 1)).then_some(time)
}

/// Reads `YYYY-MM-DD`, or that with a time `Thh:mm`, `Thh:mm:ss` or `Thh:mm:ss.f` (one to seven
/// fraction digits) and a zone, `Z` or `±hh:mm`. REST page "Formatting `DateTime` values".
///
/// Instants before 1601 read as 1601: it is how clients spell "always".
pub fn parse_iso8601(text: &str) -> Option<Timestamp> {
    let mut digits = Digits(text.as_bytes());
    let year = digits.number(4).filter(|year| *year > 0)?;
    digits.byte(b'-')?;
    let month = digits.number(2)?;
    digits.byte(b'-')?;
    let date = NaiveDate::from_ymd_opt(year.cast_signed(), month, digits.number(2)?)?;
    if digits.is_empty() {
        let midnight = date.and_hms_opt(0, 0, 0)?;
        return Some(Timestamp::from_unix(midnight.and_utc().timestamp(), 0));
    }

    digits.byte(b'T')?;
    let hour = digits.number(2)?;
    digits.byte(b':')?;
    let minute = digits.number(2)?;
    let mut second = 0;
    let mut nanoseconds = 0;
    if digits.byte(b':').is_some() {
        second = digits.number(2)?;
        if digits.byte(b'.').is_some() {
            nanoseconds = digits.fraction()? * 100;
        }
    }
    let east = digits.zone()?;
    let local = date.and_hms_opt(hour, minute, second)?.and_utc();
    digits
        .is_empty()
        .then(|| Timestamp::from_unix(local.timestamp() - east, nanoseconds))
}

/// What is left of a text whose numbers have fixed widths.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn byte(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    /// A number of exactly so many digits.
    fn number(&mut self, width: usize) -> Option<u32> {
        (0..width).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    /// One to seven digits after the point, in ticks of 100 nanoseconds.
    fn fraction(&mut self) -> Option<u32> {
        let first = self.digit()?;
        let ticks = (1..7).fold(first, |ticks, _| ticks * 10 + self.digit().unwrap_or(0));
        Some(ticks)
    }

    /// The zone, in seconds east of Greenwich.
    fn zone(&mut self) -> Option<i64> {
        if self.byte(b'Z').is_some() {
            return Some(0);
        }
        let sign = match self.byte(b'+') {
            Some(()) => 1,
            None => self.byte(b'-').map(|()| -1)?,
        };
        let hours = self.number(2).filter(|hours| *hours < 24)?;
        self.byte(b':')?;
        let minutes = self.number(2).filter(|minutes| *minutes < 60)?;
        Some(sign * i64::from(hours * 3600 + minutes * 60))
    }

    fn digit(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first()?;
        let digit = char::from(*first).to_digit(10)?;
        self.0 = rest;
        Some(digit)
    }
}

/// The instant in the calendar, which reaches far beyond both ends of a [`Timestamp`].
fn calendar(time: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp(time.unix_seconds(), 0).unwrap_or_default()
}

/// How long a time without its fraction and zone is.
const SECONDS_CHARACTERS: usize = "2026-10-05T12:00:00".len();

const DAYS: [&[u8]; 7] = [b"Mon", b"Tue", b"Wed", b"Thu", b"Fri", b"Sat", b"Sun"];

const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OCTOBER: Timestamp = Timestamp::from_unix(1_791_201_600, 123_456_700);

    #[track_caller]
    fn reads(text: &str, as_iso: &str) {
        assert_eq!(
            parse_iso8601(text).map(iso8601_seven).as_deref(),
            Some(as_iso),
            "{text}"
        );
    }

    #[test]
    fn an_instant_prints_in_both_spellings() {
        assert_eq!(rfc1123(OCTOBER), "Mon, 05 Oct 2026 12:00:00 GMT");
        assert_eq!(iso8601_seven(OCTOBER), "2026-10-05T12:00:00.1234567Z");
        assert_eq!(iso8601_seconds(OCTOBER), "2026-10-05T12:00:00Z");
        assert_eq!(rfc1123(Timestamp::NEVER), "Fri, 31 Dec 9999 23:59:59 GMT");
        assert_eq!(
            iso8601_seven(Timestamp::default()),
            "1601-01-01T00:00:00.0000000Z"
        );
    }

    #[test]
    fn the_dates_of_clients_are_read() {
        let noon = Some(Timestamp::from_unix(OCTOBER.unix_seconds(), 0));
        assert_eq!(parse_rfc1123("Mon, 05 Oct 2026 12:00:00 GMT"), noon);
        assert_eq!(parse_rfc1123("Mon, 5 Oct 2026 12:00:00 GMT"), noon);
    }

    #[test]
    fn what_only_resembles_a_date_is_refused() {
        for text in [
            "",
            "Tue, 05 Oct 2026 12:00:00 GMT",
            "Mon, 05 Oct 2026 12:00:00 UTC",
            "Mon, 05 Oct 2026 12:00:00 +0000",
            "Mon, 05 Oct 2026 12:00:00",
            "mon, 05 oct 2026 12:00:00 gmt",
            "Mon,  05 Oct 2026 12:00:00 GMT",
            " Mon, 05 Oct 2026 12:00:00 GMT",
            "Mon, 05 Oct 2026 12:00:00 GMT ",
            "Mon, 05 Oct 2026 24:00:00 GMT",
            "Mon, 05 Oct 2026 12:00:60 GMT",
            "Mon, 32 Oct 2026 12:00:00 GMT",
            "Monday, 05-Oct-26 12:00:00 GMT",
            "2026-10-05T12:00:00Z",
        ] {
            assert_eq!(parse_rfc1123(text), None, "{text:?}");
        }
    }

    #[test]
    fn every_documented_iso_spelling_is_read() {
        reads("2026-10-05", "2026-10-05T00:00:00.0000000Z");
        reads("2026-10-05T12:34Z", "2026-10-05T12:34:00.0000000Z");
        reads("2026-10-05T12:34:56Z", "2026-10-05T12:34:56.0000000Z");
        reads("2026-10-05T12:34:56.7Z", "2026-10-05T12:34:56.7000000Z");
        reads(
            "2026-10-05T12:34:56.123456Z",
            "2026-10-05T12:34:56.1234560Z",
        );
        reads(
            "2026-10-05T12:34:56.1234567Z",
            "2026-10-05T12:34:56.1234567Z",
        );
        reads("2026-10-05T01:00+02:30", "2026-10-04T22:30:00.0000000Z");
        reads(
            "2026-10-05T12:34:56.5-23:59",
            "2026-10-06T12:33:56.5000000Z",
        );
        reads("2024-02-29", "2024-02-29T00:00:00.0000000Z");
    }

    #[test]
    fn instants_beyond_both_ends_are_clamped() {
        reads("0001-01-01T00:00:00Z", "1601-01-01T00:00:00.0000000Z");
        reads(
            "9999-12-31T23:59:59.9999999Z",
            "9999-12-31T23:59:59.0000000Z",
        );
        reads("9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59.0000000Z");
    }

    #[test]
    fn what_only_resembles_an_iso_date_is_refused() {
        for text in [
            "",
            "2026-10-5",
            "2026-1-05",
            "26-10-05",
            "0000-01-01",
            "2026-02-29",
            "2026-13-01",
            "2026-10-05T",
            "2026-10-05T12Z",
            "2026-10-05T12:34",
            "2026-10-05T12:34:56",
            "2026-10-05T12:34:56.Z",
            "2026-10-05T12:34:56.12345678Z",
            "2026-10-05T24:00Z",
            "2026-10-05T12:60Z",
            "2026-10-05T12:34:60Z",
            "2026-10-05T12:34z",
            "2026-10-05t12:34Z",
            "2026-10-05 12:34Z",
            "2026-10-05Z",
            "2026-10-05T12:34+24:00",
            "2026-10-05T12:34+01:60",
            "2026-10-05T12:34+0100",
            "2026-10-05T12:34Z ",
            " 2026-10-05",
            "+026-10-05",
            "2026-10-05T12:34:56,5Z",
            "２０２６-10-05",
        ] {
            assert_eq!(parse_iso8601(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_prints_is_read_again(ticks in 0..=Timestamp::NEVER.ticks()) {
            let time = Timestamp::from_ticks(ticks);
            let whole = Timestamp::from_unix(time.unix_seconds(), 0);
            prop_assert_eq!(parse_iso8601(&iso8601_seven(time)), Some(time));
            prop_assert_eq!(parse_rfc1123(&rfc1123(time)), Some(whole));
        }

        #[test]
        fn no_text_panics(text in any::<String>(), near in "[-+0-9TZ:. ]{0,32}") {
            let _ = (parse_rfc1123(&text), parse_iso8601(&text), parse_iso8601(&near));
        }
    }
}
