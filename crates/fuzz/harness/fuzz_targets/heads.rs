//! See `queuerite_fuzz::heads`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| queuerite_fuzz::heads(data));
