//! See `queuerite_fuzz::bearer_token`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| queuerite_fuzz::bearer_token(data));
