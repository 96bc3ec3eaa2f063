use std::net::IpAddr;

/// Addresses that begin alike, or one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    first: IpAddr,
    /// How many bits they have in common.
    bits: u32,
}

impl AddressRange {
    /// The range that `text` names: an address, or a network as "10.0.0.0/8". `None` if it is neither, or if the address of the network has bits
    /// beyond its length.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            None => (text, None),
            Some((address, bits)) => (address, Some(bits)),
        };
        let first: IpAddr = address.parse().ok()?;
        let all = length(first);
        let bits = match bits {
            None => all,
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => bits.parse().ok()?,
            Some(_) => return None,
        };
        let good = bits <= all && beginning(first, bits) == value(first);
        good.then_some(Self { first, bits })
    }

    /// Whether `address` is one of them. An IPv4 address that is written as IPv6 is that IPv4 address.
    pub fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.first.is_ipv4() && beginning(address, self.bits) == value(self.first)
    }
}

const fn length(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn value(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The first `bits` of `address`, with zeros after them.
fn beginning(address: IpAddr, bits: u32) -> u128 {
    let rest = length(address).saturating_sub(bits);
    let value = value(address);
    let shifted = value.checked_shr(rest).and_then(|value| value.checked_shl(rest));
    shifted.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    #[test]
    fn a_range_holds_what_begins_as_it_does() {
        for (range, inside, outside) in [
            ("10.1.0.0/16", "10.1.255.255", "10.2.0.0"),
            ("10.1.2.3", "10.1.2.3", "10.1.2.4"),
            ("10.1.2.3", "::ffff:10.1.2.3", "::10.1.2.3"),
            ("2001:db8::/32", "2001:db8:ffff::1", "2001:db9::"),
            ("::1", "::1", "127.0.0.1"),
            ("128.0.0.0/1", "255.0.0.1", "127.0.0.1"),
        ] {
            let parsed = AddressRange::parse(range).unwrap();
            assert!(parsed.holds(inside.parse().unwrap()), "{range} {inside}");
            assert!(!parsed.holds(outside.parse().unwrap()), "{range} {outside}");
        }
        let all = AddressRange::parse("0.0.0.0/0").unwrap();
        assert!(all.holds("1.2.3.4".parse().unwrap()) && !all.holds("::1".parse().unwrap()));
        assert!(AddressRange::parse("::/0").unwrap().holds("::1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_range_is_none() {
        for bad in [
            "",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0/8",
            "host",
            "::1/64",
        ] {
            assert_eq!(AddressRange::parse(bad), None, "{bad}");
        }
    }
}
