/// A media type with its parameters (RFC 9110 §8.3.1), as `application/soap+xml; charset=utf-8; action="urn:x"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MediaType {
    /// Type and subtype, in lower case.
    pub(crate) name: String,
    /// Names, in lower case and each once, with their values.
    parameters: Vec<(String, String)>,
}

impl MediaType {
    /// Reads the value of a Content-Type header; `None` for what is none, or has a parameter twice: who comes after us
    /// might take the other one.
    pub(crate) fn parse(value: &str) -> Option<Self> {
        let (name, mut rest) = value.split_at(value.find(';').unwrap_or(value.len()));
        let name = name.trim_matches([' ', '\t']).to_ascii_lowercase();
        let (kind, subkind) = name.split_once('/')?;
        if !is_token(kind) || !is_token(subkind) {
            return None;
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        loop {
            rest = rest.trim_start_matches([' ', '\t']);
            let Some(after) = rest.strip_prefix(';') else {
                break;
            };
            rest = after.trim_start_matches([' ', '\t']);
            if rest.is_empty() || rest.starts_with(';') {
                continue;
            }
            let (name, after) = rest.split_once('=')?;
            let name = name.to_ascii_lowercase();
            let (value, after) = value_of(after)?;
            if !is_token(&name) || parameters.iter().any(|(other, _)| *other == name) {
                return None;
            }
            parameters.push((name, value));
            rest = after;
        }
        rest.is_empty().then_some(Self { name, parameters })
    }

    /// The value of a parameter, by its name in lower case.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the characters are UTF-8, as far as this says.
    pub(crate) fn is_utf8(&self) -> bool {
        self.parameter("charset")
            .is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8"))
    }
}

/// A token or a quoted string at the beginning of `text`, and what follows it.
fn value_of(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let (token, rest) = text.split_at(text.find([';', ' ', '\t']).unwrap_or(text.len()));
        return is_token(token).then(|| (token.to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.chars();
    loop {
        match characters.next()? {
            '"' => return Some((value, characters.as_str())),
            '\\' => value.push(characters.next()?),
            character => value.push(character),
        }
    }
}

fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn types_and_parameters_are_read() {
        let read = |text| MediaType::parse(text).unwrap();
        let plain = read("Text/XML");
        assert_eq!(plain.name, "text/xml");
        assert_eq!(plain.parameter("charset"), None);
        let full = read("application/soap+xml ;Charset=UTF-8; action=\"urn:a;b=\\\"c\\\"\" ; x=y;");
        assert_eq!(full.name, "application/soap+xml");
        assert_eq!(full.parameter("charset"), Some("UTF-8"));
        assert_eq!(full.parameter("action"), Some("urn:a;b=\"c\""));
        assert_eq!(full.parameter("x"), Some("y"));
        assert!(plain.is_utf8() && full.is_utf8());
        assert!(!read("text/xml;charset=utf-16").is_utf8());
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        for bad in [
            "",
            "text",
            "text/",
            "/xml",
            "text/xml, application/soap+xml",
            "text/xml charset=utf-8",
            "text/xml; charset=utf-8; charset=utf-16",
            "text/xml; charset=utf-8; CHARSET=utf-8",
            "text/xml; charset",
            "text/xml; charset=",
            "text/xml; charset=\"utf-8",
            "text/xml; charset=\"utf-8\"x",
            "text/xml; charset=utf-8 x",
            "text/xml; char set=utf-8",
            "text/xml; action=urn:a b",
            "text/x ml",
        ] {
            assert_eq!(MediaType::parse(bad), None, "{bad}");
        }
    }
}
