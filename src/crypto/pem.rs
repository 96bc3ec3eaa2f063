//! PEM text (RFC 7468): the blocks of some labels out of a file that may hold others and comments.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::crypto::CertificateError;

/// The decoded contents of all blocks with one of `labels`, in order; blocks with other labels are passed over.
pub(crate) fn blocks(text: &[u8], labels: &[&str]) -> Result<Vec<Vec<u8>>, CertificateError> {
    let mut found = Vec::new();
    let mut open: Option<(&[u8], Vec<u8>)> = None;
    for line in text
        .split(|byte| matches!(byte, b'\n' | b'\r'))
        .map(<[u8]>::trim_ascii)
    {
        match (
            boundary(line, b"-----BEGIN "),
            boundary(line, b"-----END "),
            open.as_mut(),
        ) {
            (Some(_), _, Some(_)) => return Err(CertificateError::Pem("a block begins inside another")),
            (Some(label), _, None) => open = Some((label, Vec::new())),
            (None, Some(end), Some((label, base64))) => {
                if end != *label {
                    return Err(CertificateError::Pem(
                        "a block ends with another label than it began with",
                    ));
                }
                if labels.iter().any(|wanted| wanted.as_bytes() == *label) {
                    let decoded = STANDARD.decode(base64);
                    found.push(decoded.map_err(|_| CertificateError::Pem("a block is not base64"))?);
                }
                open = None;
            }
            (None, Some(_), None) => return Err(CertificateError::Pem("a block ends that never began")),
            (None, None, Some((_, base64))) => {
                base64.extend(line.iter().filter(|byte| !byte.is_ascii_whitespace()))
            }
            (None, None, None) => {}
        }
    }
    if open.is_some() {
        Err(CertificateError::Pem("a block has no end"))
    } else {
        Ok(found)
    }
}

fn boundary<'t>(line: &'t [u8], start: &[u8]) -> Option<&'t [u8]> {
    line.strip_prefix(start)?.strip_suffix(b"-----")
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may panic"
    )]

    use super::*;

    #[test]
    fn blocks_of_other_labels_and_text_around_are_passed_over() {
        let text = b"subject=x\r\n-----BEGIN A-----\r\nAQ\r\nID\r\n-----END A-----\n\n-----BEGIN B-----\n!\n-----END B-----\n-----BEGIN A-----\n-----END A-----";
        assert_eq!(blocks(text, &["A", "C"]).unwrap(), [vec![1, 2, 3], vec![]]);
    }

    #[test]
    fn broken_text_is_refused() {
        for text in [
            "-----BEGIN A-----\nAQID\n",
            "-----BEGIN A-----\nAQID\n-----END B-----\n",
            "-----BEGIN A-----\n-----BEGIN A-----\nAQID\n-----END A-----\n",
            "-----END A-----\n",
            "-----BEGIN A-----\nAQI\n-----END A-----\n",
            "-----BEGIN A-----\nAQIÄ\n-----END A-----\n",
        ] {
            assert!(
                matches!(blocks(text.as_bytes(), &["A"]), Err(CertificateError::Pem(_))),
                "{text}"
            );
        }
    }
}
