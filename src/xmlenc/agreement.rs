use super::decrypt::Rules;
use super::error::{Error, ErrorKind};
use super::key::named;
use super::resolver::Resolver;
use crate::algorithm::{DigestAlgorithm, KeyAgreementAlgorithm, KeyDerivationAlgorithm};
use crate::crypto::{CipherError, Secret, agree, concat_kdf};
use crate::dsig::fields::{self, Fields};
use crate::xml::{Element, Namespace};

/// A `xenc:AgreementMethod` as read (XML Encryption 1.1 §5.6): ECDH-ES with ConcatKDF.
pub(super) struct Agreement<'d> {
    element: Element<'d>,
    digest: DigestAlgorithm,
    other_info: Vec<u8>,
    originator: Element<'d>,
    recipient: Option<Element<'d>>,
}

impl<'d> Agreement<'d> {
    pub(super) fn read(element: Element<'d>) -> Result<Self, Error> {
        let uri = fields::algorithm(element)?;
        let Some(KeyAgreementAlgorithm::EcdhEs) = KeyAgreementAlgorithm::from_uri(&uri) else {
            return Err(Error::at(element, ErrorKind::UnknownAlgorithm(uri.into_owned())));
        };
        let mut fields = Fields::of(element, &["Algorithm"])?;
        let derivation = fields.required_in(Namespace::XENC11, "KeyDerivationMethod")?;
        let originator = fields.required_in(Namespace::XENC, "OriginatorKeyInfo")?;
        let recipient = fields.next_in(Namespace::XENC, "RecipientKeyInfo");
        fields.end()?;
        let (digest, other_info) = concat_kdf_parameters(derivation)?;
        Ok(Self {
            element,
            digest,
            other_info,
            originator,
            recipient,
        })
    }

    /// The keys of `length` bytes that our private keys and the originator's public key may agree on.
    pub(super) fn derive(
        &self,
        length: usize,
        resolver: &dyn Resolver,
        rules: &Rules<'_>,
    ) -> Result<Vec<Secret>, Error> {
        let keys = resolver.private_keys(self.recipient);
        let Some(originator) = resolver.originator(self.originator) else {
            return Ok(Vec::new());
        };
        // Curves are public: a key on another one is not the recipient's.
        let mut fitting = keys
            .iter()
            .filter(|key| key.public().kind() == originator.kind())
            .peekable();
        if fitting.peek().is_some() && !rules.permitted.permits_ecdh_es(self.digest) {
            let what = format!("{} with {}", KeyAgreementAlgorithm::EcdhEs.uri(), self.digest);
            return Err(Error::at(self.element, ErrorKind::AlgorithmNotPermitted(what)));
        }
        let derived = fitting.map(|key| {
            agree(key, &originator)
                .and_then(|secret| concat_kdf(self.digest, &secret, &self.other_info, length))
        });
        let failed = |error: CipherError| Error::at(self.element, ErrorKind::Cipher(error));
        derived.collect::<Result<_, _>>().map_err(failed)
    }
}

/// The digest of a ConcatKDF, and its OtherInfo: five bit strings, one after the other (§5.4.1).
fn concat_kdf_parameters(derivation: Element<'_>) -> Result<(DigestAlgorithm, Vec<u8>), Error> {
    let uri = fields::algorithm(derivation)?;
    let Some(KeyDerivationAlgorithm::ConcatKdf) = KeyDerivationAlgorithm::from_uri(&uri) else {
        let kind = ErrorKind::UnknownAlgorithm(uri.into_owned());
        return Err(Error::at(derivation, kind));
    };
    const PARTS: [&str; 5] = [
        "AlgorithmID",
        "PartyUInfo",
        "PartyVInfo",
        "SuppPubInfo",
        "SuppPrivInfo",
    ];
    let mut fields = Fields::of(derivation, &["Algorithm"])?;
    let parameters = fields.required_in(Namespace::XENC11, "ConcatKDFParams")?;
    fields.end()?;
    let mut fields = Fields::of(parameters, &PARTS)?;
    let digest = named(fields.required("DigestMethod")?, DigestAlgorithm::from_uri)?;
    fields.end()?;
    let mut other_info = Vec::new();
    for value in PARTS.iter().filter_map(|part| parameters.attribute(part)) {
        let bits =
            bit_string(&value).map_err(|what| Error::at(parameters, ErrorKind::KeyDerivation(what)))?;
        other_info.extend(bits);
    }
    Ok((digest, other_info))
}

/// Reads a bit string in hexadecimal, after an octet that says how many bits of the last octet are padding; an empty one may
/// leave that out too. Only whole octets are read, as nobody writes others.
fn bit_string(text: &str) -> Result<Vec<u8>, &'static str> {
    let digit = |byte: &u8| {
        char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let pairs = text.as_bytes().chunks(2).map(|pair| match pair {
        [high, low] => Some((digit(high)? << 4) | digit(low)?),
        _ => None,
    });
    let octets: Option<Vec<u8>> = pairs.collect();
    match octets.ok_or("a bit string is not hexadecimal")?.as_slice() {
        [] => Ok(Vec::new()),
        [0, rest @ ..] => Ok(rest.to_vec()),
        _ => Err("a bit string that is no whole number of octets"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bit_strings_are_whole_octets_in_hexadecimal() {
        assert_eq!(bit_string(""), Ok(vec![]));
        assert_eq!(bit_string("00"), Ok(vec![]));
        assert_eq!(bit_string("0012aBff"), Ok(vec![0x12, 0xab, 0xff]));
        for bad in ["0", "001", "04f0", "00 1", "00zz", "00é", "ff"] {
            assert!(bit_string(bad).is_err(), "{bad}");
        }
    }
}
