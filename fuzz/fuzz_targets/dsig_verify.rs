#![no_main]

// What is set up once takes longer than one input may.
libfuzzer_sys::fuzz_target!(
    init: sealgate_fuzz::targets::run("dsig_verify", b""),
    |data: &[u8]| sealgate_fuzz::targets::run("dsig_verify", data)
);
