//! Programs that must not compile: each tries one way around the order of checks, and the `.stderr` beside it keeps what
//! the compiler says. After a new compiler has changed its words, `TRYBUILD=overwrite cargo test --test misuse` writes
//! them anew; read the difference, as an error of another kind would prove nothing.

#[test]
fn misuse_does_not_compile() {
    let programs = trybuild::TestCases::new();
    programs.compile_fail("tests/misuse/*.rs");
}
