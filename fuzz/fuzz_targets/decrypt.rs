#![no_main]

// What is set up once takes longer than one input may.
libfuzzer_sys::fuzz_target!(
    init: sealgate_fuzz::targets::run("decrypt", b""),
    |data: &[u8]| sealgate_fuzz::targets::run("decrypt", data)
);
