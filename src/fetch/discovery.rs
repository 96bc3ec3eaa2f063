use serde_json::Value;

use super::Address;
use super::AddressError;
use super::FetchError;
use super::Origin;
use crate::token::jwt::json;

impl Origin {
    /// The keys of an issuer, whose configuration stands at its own address (OpenID Connect Discovery 1.0 §4).
    ///
    /// # Errors
    /// [`AddressError`]: nothing is fetched from there.
    pub fn issuer(issuer: &str) -> Result<Self, AddressError> {
        if issuer.contains('?') {
            return Err(AddressError::Form);
        }
        let base = issuer.strip_suffix('/').unwrap_or(issuer);
        Ok(Self::Issuer {
            issuer: issuer.to_owned(),
            configuration: Address::parse(&format!("{base}/.well-known/openid-configuration"))?,
        })
    }
}

/// Where the keys of `issuer` are, says its `configuration`, which came from `from`.
///
/// # Errors
/// [`FetchError::Issuer`] where it is that of another issuer (§4.3: the values must be exactly the same);
/// [`FetchError::Discovery`] where it has no address for keys that may be fetched from.
pub(super) fn keys_address(
    configuration: &[u8],
    issuer: &str,
    from: &Address,
) -> Result<Address, FetchError> {
    let told = json(configuration).map_err(|_| FetchError::Discovery("it is no JSON".to_owned()))?;
    let text = |name: &str| told.get(name).and_then(Value::as_str);
    if text("issuer") != Some(issuer) {
        return Err(FetchError::Issuer(text("issuer").map(str::to_owned)));
    }
    let keys = text("jwks_uri").ok_or_else(|| FetchError::Discovery("it has no jwks_uri".to_owned()))?;
    let wrong = || FetchError::Discovery(format!("nothing is fetched from its jwks_uri {keys}"));
    let address = Address::parse(keys).map_err(|_| wrong())?;
    // Who is asked over TLS sends nobody where there is none, be it on the loopback.
    if from.is_https() && !address.is_https() {
        return Err(wrong());
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_configuration_stands_below_its_issuer_whether_or_not_that_ends_with_a_slash() {
        for issuer in ["https://idp.example/a", "https://idp.example/a/"] {
            let Origin::Issuer {
                issuer: named,
                configuration,
            } = Origin::issuer(issuer).unwrap()
            else {
                panic!()
            };
            assert_eq!(named, issuer);
            let expected = "https://idp.example/a/.well-known/openid-configuration";
            assert_eq!(configuration.to_string(), expected);
        }
        for bad in ["idp", "http://idp.example", "https://idp.example?a"] {
            assert!(Origin::issuer(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_the_issuer_itself_says_where_its_keys_are() {
        let https = Address::parse("https://idp.example/x").unwrap();
        let http = Address::parse("http://127.0.0.1/x").unwrap();
        let told = |text: &str, from: &Address| {
            let found = keys_address(text.as_bytes(), "https://idp.example", from);
            found
                .map(|address| address.to_string())
                .map_err(|error| error.code())
        };
        let good = r#"{"issuer":"https://idp.example","jwks_uri":"https://keys.example/k"}"#;
        assert_eq!(told(good, &https), Ok("https://keys.example/k".to_owned()));
        for other in [
            "https://idp.example/",
            "https://IDP.example",
            "https://evil.example",
        ] {
            let text = good.replacen("https://idp.example", other, 1);
            assert_eq!(told(&text, &https), Err("fetch.issuer"), "{other}");
        }
        assert_eq!(
            told("{\"jwks_uri\":\"https://keys.example/k\"}", &https),
            Err("fetch.issuer")
        );
        let twice = good.replace("{\"issuer\"", "{\"issuer\":\"https://evil.example\",\"issuer\"");
        for (text, from) in [
            (good.replace("jwks_uri", "keys"), &https),
            (
                good.replace("https://keys.example", "http://keys.example"),
                &https,
            ),
            (good.replace("https://keys.example", "http://127.0.0.1"), &https),
            (good.replace("https://keys.example", "file://"), &http),
            (twice, &https),
            ("[]x".to_owned(), &https),
        ] {
            assert_eq!(told(&text, from), Err("fetch.discovery"), "{text}");
        }
        let loopback = good.replace("https://keys.example", "http://127.0.0.1");
        assert_eq!(told(&loopback, &http), Ok("http://127.0.0.1/k".to_owned()));
    }
}
