//! See `queuerite_fuzz::head`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| queuerite_fuzz::head(data));
