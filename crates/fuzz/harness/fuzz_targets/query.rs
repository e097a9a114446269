//! See `queuerite_fuzz::query`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| queuerite_fuzz::query(data));
