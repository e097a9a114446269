//! See `queuerite_fuzz::shared_key`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| queuerite_fuzz::shared_key(data));
