use std::fmt;
use std::net::IpAddr;

use http::Uri;

/// An address to fetch from: `https:`, or `http:` on an IP address of the loopback. Names can be made to mean anything, `localhost` too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Uri);

/// Why nothing is fetched from an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// It is not of the form `https://host/path`, or has a user in it.
    Form,
    /// It is `http:`, and not on the loopback.
    Plain,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// [`AddressError`].
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let uri: Uri = text.parse().map_err(|_| AddressError::Form)?;
        let authority = uri.authority().ok_or(AddressError::Form)?;
        // Credentials in a URL would end up in logs; and some read what stands before @ as the host (T145).
        if authority.as_str().contains('@') || authority.host().is_empty() || text.contains('#') {
            return Err(AddressError::Form);
        }
        let has_port = authority.as_str() != authority.host();
        if has_port && authority.port_u16().is_none_or(|port| port == 0) {
            return Err(AddressError::Form);
        }
        match uri.scheme_str() {
            Some("https") => Ok(Self(uri)),
            Some("http") if is_loopback(authority.host()) => Ok(Self(uri)),
            Some("http") => Err(AddressError::Plain),
            _ => Err(AddressError::Form),
        }
    }

    /// Whether it begins with `https:`.
    pub fn is_https(&self) -> bool {
        self.0.scheme_str() == Some("https")
    }

    pub(super) fn uri(&self) -> &Uri {
        &self.0
    }
}

/// Without its query, in which there may be a secret.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.0.scheme_str().unwrap_or_default();
        let host = self.0.authority().map_or("", |authority| authority.as_str());
        write!(f, "{scheme}://{host}{}", self.0.path())
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let ip = host.parse::<IpAddr>();
    ip.is_ok_and(|ip| ip.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_protected_or_on_the_loopback() {
        for good in [
            "https://idp.example/keys?tenant=a",
            "https://10.0.0.1:8443",
            "http://127.0.0.1:80/x",
            "http://[::1]/x",
            "http://127.8.9.1/x",
        ] {
            assert!(Address::parse(good).is_ok(), "{good}");
        }
        for plain in [
            "http://idp.example/",
            "http://localhost/",
            "http://127.0.0.1.evil.example/",
            "http://0.0.0.0/",
            "http://10.0.0.1/",
        ] {
            assert_eq!(Address::parse(plain), Err(AddressError::Plain), "{plain}");
        }
        for bad in [
            "",
            "/keys",
            "file:///etc/passwd",
            "ftp://idp.example/",
            "https://u:p@idp.example/",
            "http://127.0.0.1@evil.example/",
            "https://idp.example/#x",
            "https:///x",
            "https://idp.example:99999/",
            "https://idp.example:0/",
            "https://idp.example:/",
        ] {
            assert_eq!(Address::parse(bad), Err(AddressError::Form), "{bad}");
        }
        let shown = Address::parse("https://idp.example:1/a?key=secret").map(|address| address.to_string());
        assert_eq!(shown.as_deref(), Ok("https://idp.example:1/a"));
    }
}
