//! Base64 as strictly as XML Schema's base64Binary allows: one encoding for one byte string (T43).

use std::fmt;

use base64::DecodeError;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Why a text is no base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base64Error {
    /// A character that is neither of the alphabet nor XML white space.
    Character(char),
    /// Padding is missing, in excess, or not at the end.
    Padding,
    /// Bits after the last whole byte are not zero, so that another text would mean the same bytes.
    TrailingBits,
    /// One character too many or too few.
    Length,
}

impl Base64Error {
    /// The clause it rests on.
    pub fn clause(&self) -> &'static str {
        match self {
            Self::Character(_) | Self::Padding | Self::Length => "RFC 4648 §4",
            Self::TrailingBits => "RFC 4648 §3.5",
        }
    }
}

impl fmt::Display for Base64Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Character(character) => write!(f, "{character:?} is no base64 character"),
            Self::Padding => f.write_str("the base64 padding is missing or wrong"),
            Self::TrailingBits => f.write_str("the last base64 character has bits that mean nothing"),
            Self::Length => f.write_str("the base64 text is one character too long or too short"),
        }
    }
}

impl std::error::Error for Base64Error {}

/// The bytes that `text` encodes. XML white space (space, tab, CR, LF) may stand anywhere; padding must be there and
/// the bits after the last byte zero.
///
/// # Errors
///
/// [`Base64Error`] for anything else.
pub fn decode_base64(text: &str) -> Result<Vec<u8>, Base64Error> {
    let mut bytes = Vec::new();
    decode_base64_into(text, &mut bytes)?;
    Ok(bytes)
}

/// Like [`decode_base64`], into a vector whose memory is used again; what was in it is lost.
///
/// # Errors
///
/// [`Base64Error`], with nothing in `bytes`.
pub fn decode_base64_into(text: &str, bytes: &mut Vec<u8>) -> Result<(), Base64Error> {
    bytes.clear();
    let mut result = STANDARD.decode_vec(text, bytes);
    // Most texts have no white space and are done; the decoder stops at the first character that is not its own.
    if let Err(DecodeError::InvalidByte(_, byte)) = result
        && is_xml_space(byte)
    {
        let compact: Vec<u8> = text.bytes().filter(|&byte| !is_xml_space(byte)).collect();
        bytes.clear();
        result = STANDARD.decode_vec(compact, bytes);
    }
    result.map_err(|error| {
        bytes.clear();
        explain(error, text)
    })
}

/// `bytes` as base64 on one line, with padding.
pub fn encode_base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// The bytes that `text` encodes in the alphabet for URLs, without padding and white space (RFC 7515 §2).
///
/// # Errors
///
/// [`Base64Error`] for anything else.
pub fn decode_base64_url(text: &str) -> Result<Vec<u8>, Base64Error> {
    URL_SAFE_NO_PAD.decode(text).map_err(|error| match error {
        DecodeError::InvalidByte(_, byte) => Base64Error::Character(char::from(byte)),
        DecodeError::InvalidLastSymbol { .. } => Base64Error::TrailingBits,
        DecodeError::InvalidLength(_) => Base64Error::Length,
        DecodeError::InvalidPadding => Base64Error::Padding,
    })
}

/// `bytes` in the alphabet for URLs, without padding (RFC 7515 §2).
pub fn encode_base64_url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

fn is_xml_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn explain(error: DecodeError, text: &str) -> Base64Error {
    let foreign = |&character: &char| {
        !(character.is_ascii_alphanumeric()
            || matches!(character, '+' | '/' | '=' | ' ' | '\t' | '\r' | '\n'))
    };
    if let Some(character) = text.chars().find(foreign) {
        return Base64Error::Character(character);
    }
    match error {
        DecodeError::InvalidLastSymbol { .. } => Base64Error::TrailingBits,
        DecodeError::InvalidLength(_) => Base64Error::Length,
        DecodeError::InvalidByte(..) | DecodeError::InvalidPadding => Base64Error::Padding,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn white_space_of_xml_may_stand_anywhere() {
        for text in [
            "Zm9vYg==",
            "Zm9v\r\nYg==",
            " Z m\t9\nv Y g = =\r\n",
            "\n\nZm9vYg=\n=",
        ] {
            assert_eq!(decode_base64(text).unwrap(), b"foob", "{text:?}");
        }
        assert_eq!(decode_base64("").unwrap(), b"");
        assert_eq!(decode_base64(" \n").unwrap(), b"");
    }

    #[test]
    fn nothing_else_is_let_through() {
        use Base64Error as E;
        let cases = [
            ("Zm9vYg", E::Padding),
            ("Zm9vYg=", E::Padding),
            ("Zm9vYg===", E::Padding),
            ("Zm9vYg==Zm9v", E::Padding),
            ("Zm9v====", E::Padding),
            ("Zm=vYg==", E::Padding),
            ("=", E::Padding),
            ("Zm9vYh==", E::TrailingBits),
            ("Zm9vYmF=", E::TrailingBits),
            ("Zm9v Yh==", E::TrailingBits),
            ("Zm9vY", E::Length),
            ("Zm9v_-==", E::Character('_')),
            ("Zm9vYg==\u{a0}", E::Character('\u{a0}')),
            ("Zm9v\u{b}Yg==", E::Character('\u{b}')),
            ("Zm9v\u{c}Yg==", E::Character('\u{c}')),
            ("Zm9v\0Yg==", E::Character('\0')),
            ("Zm9v!Yg==", E::Character('!')),
        ];
        for (text, expected) in cases {
            assert_eq!(decode_base64(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn a_reused_vector_holds_only_the_last_text() {
        let mut bytes = b"left over".to_vec();
        decode_base64_into("Zm9v", &mut bytes).unwrap();
        assert_eq!(bytes, b"foo");
        assert!(decode_base64_into("Zm9v Zm9vYg", &mut bytes).is_err());
        assert!(bytes.is_empty());
    }

    proptest::proptest! {
        #[test]
        fn every_byte_string_has_one_text_and_comes_back(bytes: Vec<u8>) {
            let text = encode_base64(&bytes);
            proptest::prop_assert_eq!(decode_base64(&text).unwrap(), bytes);
        }

        #[test]
        fn what_decodes_is_what_encoding_would_have_written(text in "[A-Za-d+/= \n]{0,12}") {
            if let Ok(bytes) = decode_base64(&text) {
                let compact: String = text.split_ascii_whitespace().collect();
                proptest::prop_assert_eq!(encode_base64(&bytes), compact);
            }
        }
    }
}
