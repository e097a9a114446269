//! See `queuerite_fuzz::frame`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| queuerite_fuzz::frame(data));
