//! See `queuerite_fuzz::export_line`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| queuerite_fuzz::export_line(data));
