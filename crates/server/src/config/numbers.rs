//! Numbers as people and programs write them on command lines.
//!
//! Programs print `64.000000`, or `64,5` where the decimal separator is a comma, and Azurite
//! takes them all; an exponent, a second separator or a stray letter is a mistake.

use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

/// Reads a port. Zero asks the system for a free one.
pub(super) fn port(text: &str) -> Result<u16, NumberError> {
    let number: Decimal = text.parse().map_err(|_| NumberError::Port)?;
    if number.billionths != 0 || number.is_negative() {
        return Err(NumberError::Port);
    }
    u16::try_from(number.whole).map_err(|_| NumberError::Port)
}

/// Reads a number of megabytes, each of 1024 × 1024 bytes, as bytes.
pub(super) fn megabytes(text: &str) -> Result<u64, NumberError> {
    let number: Decimal = text.parse().map_err(|_| NumberError::Megabytes)?;
    if number.is_negative() {
        return Err(NumberError::NegativeMegabytes);
    }
    let fraction = u64::from(number.billionths) * BYTES_PER_MEGABYTE;
    Ok(number
        .whole
        .saturating_mul(BYTES_PER_MEGABYTE)
        .saturating_add((fraction + BILLION / 2) / BILLION))
}

/// Reads a number of seconds; `None` if it is zero or negative, which asks for the default.
pub(super) fn seconds(text: &str) -> Result<Option<Duration>, NumberError> {
    let number: Decimal = text.parse().map_err(|_| NumberError::Seconds)?;
    let duration = Duration::new(number.whole, number.billionths);
    Ok((!number.is_negative() && !duration.is_zero()).then_some(duration))
}

/// Why a word is not the number that was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub(super) enum NumberError {
    #[error("a port is a whole number from 0 to 65535")]
    Port,
    #[error("a number of megabytes is expected, such as 64 or 64.5")]
    Megabytes,
    #[error("a negative value is not allowed for the extent memory limit")]
    NegativeMegabytes,
    #[error("a number of seconds is expected, such as 30 or 0.5")]
    Seconds,
}

/// A decimal number, exact to its ninth decimal place; later places are cut off.
struct Decimal {
    minus: bool,
    whole: u64,
    billionths: u32,
}

impl Decimal {
    /// Whether it is less than zero; `-0` is not.
    fn is_negative(&self) -> bool {
        self.minus && (self.whole > 0 || self.billionths > 0)
    }
}

impl FromStr for Decimal {
    type Err = NotDecimal;

    fn from_str(text: &str) -> Result<Self, NotDecimal> {
        let text = text.trim();
        let (minus, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction)
        {
            return Err(NotDecimal);
        }
        let mut billionths = 0;
        for place in fraction.bytes().chain(std::iter::repeat(b'0')).take(9) {
            billionths = billionths * 10 + u32::from(place - b'0');
        }
        let whole = match whole {
            "" => 0,
            // Only too many digits are left to go wrong.
            whole => whole.parse().unwrap_or(u64::MAX),
        };
        Ok(Self {
            minus,
            whole,
            billionths,
        })
    }
}

/// The word is no decimal number.
struct NotDecimal;

const BYTES_PER_MEGABYTE: u64 = 1024 * 1024;
const BILLION: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_may_be_written_with_empty_decimal_places() {
        for (text, expected) in [
            ("0", 0),
            ("10001", 10001),
            ("10001.000000", 10001),
            ("10001,0", 10001),
            ("65535", 65535),
            ("00080", 80),
            (" 80 ", 80),
            ("-0", 0),
        ] {
            assert_eq!(port(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_port_is_refused() {
        for text in [
            "",
            " ",
            "abc",
            "-1",
            "65536",
            "70000",
            "80.5",
            "8080a",
            "1e3",
            "0x50",
            "1.0.0",
            ".",
            "99999999999999999999",
            "١٢",
        ] {
            assert_eq!(port(text), Err(NumberError::Port), "{text}");
        }
    }

    #[test]
    fn megabytes_take_a_point_or_a_comma_and_round_to_bytes() {
        for (text, expected) in [
            ("64", 67_108_864),
            ("64.000000", 67_108_864),
            ("64,5", 67_633_152),
            (".5", 524_288),
            ("1.", 1_048_576),
            ("0", 0),
            ("0.000001", 1),
            ("12052.783209", 12_638_259_206),
            ("99999999999999999999", u64::MAX),
        ] {
            assert_eq!(megabytes(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn negative_megabytes_are_told_apart_from_no_number() {
        assert_eq!(megabytes("-5"), Err(NumberError::NegativeMegabytes));
        assert_eq!(megabytes("-0.5"), Err(NumberError::NegativeMegabytes));
        for text in ["lots", "64MB", "1.2.3", "1,024.5", "NaN", "inf", "--5"] {
            assert_eq!(megabytes(text), Err(NumberError::Megabytes), "{text}");
        }
    }

    #[test]
    fn zero_and_negative_seconds_ask_for_the_default() {
        assert_eq!(seconds("30"), Ok(Some(Duration::from_secs(30))));
        assert_eq!(seconds("2.5"), Ok(Some(Duration::from_millis(2500))));
        assert_eq!(seconds("0"), Ok(None));
        assert_eq!(seconds("-1"), Ok(None));
        assert_eq!(seconds("soon"), Err(NumberError::Seconds));
    }
}
