//! GUIDs as text.

use std::fmt;

/// Sixteen bytes that are written as a GUID in lower case, in the order in which they stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Guid(pub [u8; 16]);

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [b'-'; TEXT_BYTES];
        let places = text.iter_mut().enumerate();
        let places = places.filter(|(at, _)| !DASHES_AT.contains(at));
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        for ((_, place), digit) in places.zip(digits) {
            *place = match digit {
                0..=9 => b'0' + digit,
                _ => b'a' + digit - 10,
            };
        }
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

/// The length of the text.
const TEXT_BYTES: usize = "8e4bb3a6-0003-005c-50d3-9dae05000000".len();
/// Where its dashes are.
const DASHES_AT: [usize; 4] = [8, 13, 18, 23];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digit_is_written_in_its_place() {
        let bytes = [
            0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54,
            0x32, 0x10,
        ];
        let text = "01234567-89ab-cdef-fedc-ba9876543210";
        assert_eq!(Guid(bytes).to_string(), text);
    }
}
