use std::ffi::CString;

use crate::log::{Log, listening};
use libxml::bindings::{xmlRegFreeRegexp, xmlRegexpCompile, xmlRegexpIsDeterminist};

/// Whether libxml2 matches values with `pattern` (XSD 1.0 Part 2, appendix F) in a time that grows with them: in each state at most
/// one way leads on. Otherwise it tries ways one after the other, up to ten million, each as long as the value.
pub fn is_deterministic(pattern: &str) -> bool {
    let Ok(pattern) = CString::new(pattern) else {
        return false;
    };
    // SAFETY: the pattern ends with NUL, and is copied.
    let compile = |_| unsafe { xmlRegexpCompile(pattern.as_ptr().cast()) };
    // What is wrong with it is told when the schema is read.
    let compiled = listening(&mut Log::default(), compile);
    if compiled.is_null() {
        return false;
    }
    // SAFETY: it is what was just compiled.
    let deterministic = unsafe { xmlRegexpIsDeterminist(compiled) };
    // SAFETY: it is ours, and freed once.
    unsafe { xmlRegFreeRegexp(compiled) };
    deterministic == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_that_are_tried_in_many_ways_are_told() {
        for pattern in [
            "[0-9]{1,3}",
            "[A-Z]{6}([A-Z0-9]{3}){0,1}",
            ".{1,35}",
            "[^@]+@[^@]+",
            "a|b",
        ] {
            assert!(is_deterministic(pattern), "{pattern}");
        }
        for pattern in [
            "(a|aa)*c",
            ".*a.*a[0-9]",
            "(.*)(.*)[0-9]",
            "(\\S+\\S+)+@",
            "abc|abd",
            "[",
            "\0",
        ] {
            assert!(!is_deterministic(pattern), "{pattern}");
        }
    }
}
