//! See `queuerite_fuzz::record`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| queuerite_fuzz::record(data));
