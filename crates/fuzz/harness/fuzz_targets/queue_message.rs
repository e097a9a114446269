//! See `queuerite_fuzz::queue_message`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| queuerite_fuzz::queue_message(data));
