//! See `queuerite_fuzz::shared_access_signature`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| queuerite_fuzz::shared_access_signature(data));
