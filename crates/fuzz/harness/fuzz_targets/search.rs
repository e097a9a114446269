//! See `queuerite_fuzz::search`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| queuerite_fuzz::search(data));
