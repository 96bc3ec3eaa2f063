/// A media type with its parameters, as a Content-Type field has them (RFC 9110 §8.3.1, RFC 2045 §5.1).
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct MediaType {
    /// `type/subtype`, in lower case.
    essence: String,
    /// Names in lower case, values without quotes.
    parameters: Vec<(String, String)>,
}

const BLANK: [char; 2] = [' ', '\t'];
/// More parameters than any stack writes.
const MOST_PARAMETERS: usize = 16;

impl MediaType {
    /// Reads a field; `None` if it is not of its form or has a parameter twice.
    pub(super) fn parse(field: &str) -> Option<Self> {
        let (essence, mut rest) = match field.find(';') {
            Some(end) => field.split_at_checked(end)?,
            None => (field, ""),
        };
        let essence = essence.trim_matches(BLANK).to_ascii_lowercase();
        let (kind, subtype) = essence.split_once('/')?;
        if !is_name(kind) || !is_name(subtype) {
            return None;
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        while !rest.is_empty() {
            let (parameter, after) = parameter(rest)?;
            rest = after;
            let Some((name, value)) = parameter else { continue };
            if parameters.len() >= MOST_PARAMETERS || parameters.iter().any(|(known, _)| *known == name) {
                return None;
            }
            parameters.push((name, value));
        }
        Some(Self { essence, parameters })
    }

    /// Reads a field, of which every reader makes the same: `None` also if a parameter is in the form of RFC 2231 (`name*=`), which not all
    /// know, or a character has a backslash before it that needs none, which some keep.
    pub(super) fn parse_in_one_way(field: &str) -> Option<Self> {
        let mut characters = field.chars();
        while let Some(character) = characters.next() {
            if character == '\\' && !matches!(characters.next(), Some('"' | '\\')) {
                return None;
            }
        }
        let encoded = |(name, _): &(String, String)| name.contains('*');
        Self::parse(field).filter(|read| !read.parameters.iter().any(encoded))
    }

    /// `type/subtype`, in lower case.
    pub(super) fn essence(&self) -> &str {
        &self.essence
    }

    /// The value of a parameter; its name is in lower case.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// All parameters, in their order.
    pub(super) fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// Whether it is XML (RFC 7303 §4.2).
    pub(super) fn is_xml(&self) -> bool {
        matches!(self.essence.as_str(), "text/xml" | "application/xml") || self.essence.ends_with("+xml")
    }

    /// Whether it is text, of which a line may end in several ways, and no XML.
    pub(super) fn is_text(&self) -> bool {
        self.essence.starts_with("text/") && !self.is_xml()
    }
}

/// The parameter after the semicolon at the start of `input`, its name in lower case, and what follows it.
/// A semicolon may stand alone.
#[allow(clippy::type_complexity, reason = "name and value, and the rest")]
pub(super) fn parameter(input: &str) -> Option<(Option<(String, String)>, &str)> {
    let rest = input.strip_prefix(';')?.trim_start_matches(BLANK);
    if rest.is_empty() || rest.starts_with(';') {
        return Some((None, rest));
    }
    let (name, rest) = rest.split_once('=')?;
    let (value, rest) = match rest.strip_prefix('"') {
        Some(quoted) => quoted_string(quoted)?,
        None => {
            let end = rest.find([';', ' ', '\t']).unwrap_or(rest.len());
            let (value, rest) = rest.split_at_checked(end)?;
            (Some(value.to_owned()).filter(|value| is_token(value))?, rest)
        }
    };
    let rest = rest.trim_start_matches(BLANK);
    let ends = rest.is_empty() || rest.starts_with(';');
    (is_token(name) && ends).then(|| (Some((name.to_ascii_lowercase(), value)), rest))
}

/// The content of a quoted-string (RFC 9110 §5.6.4) after its first quote, and what follows it.
fn quoted_string(input: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = input.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, input.get(at.checked_add(1)?..)?)),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

/// A token (RFC 9110 §5.6.2), and the characters of URIs that some stacks leave without quotes.
fn is_token(text: &str) -> bool {
    let plain =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'(' | b')' | b',' | b';' | b'\\');
    !text.is_empty() && text.bytes().all(plain)
}

/// The name of a type or subtype (RFC 6838 §4.2).
pub(super) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte);
    !text.is_empty() && text.bytes().all(plain)
}
