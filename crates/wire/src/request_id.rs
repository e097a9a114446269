//! The id of a request.

use std::fmt;

use queuerite_model::Guid;

/// The `x-ms-request-id` of an answer, in the form that the service's have: a GUID whose second
/// group ends in `003`, the number of the queue service, and which ends in six zeros.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequestId([u8; 16]);

impl RequestId {
    /// An id of sixteen random bytes.
    pub const fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[4] &= 0xf0;
        bytes[5] = 0x03;
        bytes[13] = 0;
        bytes[14] = 0;
        bytes[15] = 0;
        Self(bytes)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Guid(self.0).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_the_form_of_the_recorded_one() {
        let recorded = RequestId::from_random([
            0xb2, 0x81, 0xf2, 0x29, 0x2a, 0xbb, 0x00, 0x1b, 0x0e, 0x05, 0x06, 0xe1, 0xb9, 1, 2, 3,
        ]);
        assert_eq!(recorded.to_string(), "b281f229-2003-001b-0e05-06e1b9000000");
        assert_eq!(
            RequestId::from_random([0xff; 16]).to_string(),
            "ffffffff-f003-ffff-ffff-ffffff000000"
        );
    }
}
