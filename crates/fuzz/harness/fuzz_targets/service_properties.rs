//! See `queuerite_fuzz::service_properties`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| queuerite_fuzz::service_properties(data));
