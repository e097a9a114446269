//! See `queuerite_fuzz::signed_identifiers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| queuerite_fuzz::signed_identifiers(data));
