use std::net::{Ipv4Addr, Ipv6Addr};

/// Where clouds tell a server its own secrets: nobody has business with them in a message.
const METADATA: [Ipv4Addr; 4] = [
    Ipv4Addr::new(169, 254, 169, 254),
    Ipv4Addr::new(169, 254, 170, 2),
    Ipv4Addr::new(100, 100, 100, 200),
    Ipv4Addr::new(192, 0, 0, 192),
];
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// The most that is looked at of a host, with who is named before it.
const LONGEST: usize = 256;

/// Whether a URL in the value has the address of such a service, in any of the notations that programs read.
pub(super) fn is_of_metadata(value: &str) -> bool {
    memchr::memmem::find_iter(value.as_bytes(), b"//").any(|at| {
        let after = value.as_bytes().get(at.saturating_add(2)..).unwrap_or_default();
        let after = after.get(..LONGEST).unwrap_or(after);
        let ends = |byte: &u8| byte.is_ascii_whitespace() || b"/\\?#\"'<>".contains(byte);
        let length = after.iter().position(ends).unwrap_or(after.len());
        let authority = after
            .get(..length)
            .and_then(|text| std::str::from_utf8(text).ok());
        authority.is_some_and(|authority| {
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            is_metadata(host)
        })
    })
}

fn is_metadata(host: &str) -> bool {
    if let Some((inside, _)) = host.strip_prefix('[').and_then(|host| host.split_once(']')) {
        let inside = inside.split_once('%').map_or(inside, |(address, _)| address);
        return inside.parse().is_ok_and(|address: Ipv6Addr| {
            address == METADATA_V6 || within(address).is_some_and(|address| METADATA.contains(&address))
        });
    }
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    four(host.strip_suffix('.').unwrap_or(host)).is_some_and(|address| METADATA.contains(&address))
}

/// The address of version 4 that one of version 6 stands for: mapped, compatible, or translated (RFC 6052).
fn within(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [before @ .., a, b, c, d] = address.octets();
    let is_known = matches!(
        before,
        [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
            | [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
            | [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]
    );
    is_known.then_some(Ipv4Addr::new(a, b, c, d))
}

/// One to four numbers, each in decimal, octal or hexadecimal digits, of which the last fills what is left (`inet_aton`).
fn four(host: &str) -> Option<Ipv4Addr> {
    let mut parts = host.split('.').collect::<Vec<_>>();
    let last = number(parts.pop()?)?;
    let mut address = 0_u32;
    let mut room = 32_u32;
    if parts.len() > 3 {
        return None;
    }
    for part in parts {
        let octet = number(part).filter(|octet| *octet < 256)?;
        room = room.checked_sub(8)?;
        address |= octet.checked_shl(room)?;
    }
    let fits = room == 32 || last.checked_shr(room) == Some(0);
    fits.then(|| Ipv4Addr::from(address | last))
}

fn number(digits: &str) -> Option<u32> {
    let hexadecimal = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X"));
    match (hexadecimal, digits.strip_prefix('0')) {
        (Some(digits), _) => u32::from_str_radix(digits, 16).ok(),
        (None, Some(digits)) if !digits.is_empty() => u32::from_str_radix(digits, 8).ok(),
        (None, _) if digits.starts_with(|first: char| first.is_ascii_digit()) => digits.parse().ok(),
        (None, _) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_of_clouds_are_known_in_every_notation() {
        for host in [
            "169.254.169.254",
            "169.254.169.254.",
            "169.254.169.254:80",
            "2852039166",
            "0xa9fea9fe",
            "0XA9FEA9FE",
            "025177524776",
            "0xa9.0xfe.0xa9.0xfe",
            "0251.0376.0251.0376",
            "169.0xfe.0251.254",
            "169.254.43518",
            "169.16689662",
            "user:word@169.254.169.254",
            "a@b@2852039166",
            "[::ffff:169.254.169.254]:80",
            "[::ffff:a9fe:a9fe]",
            "[::169.254.169.254]",
            "[0:0:0:0:0:ffff:a9fe:a9fe]",
            "[64:ff9b::a9fe:a9fe]",
            "[fd00:ec2::254]",
            "[fd00:0ec2:0:0:0:0:0:0254]",
            "169.254.170.2",
            "100.100.100.200",
            "192.0.0.192",
        ] {
            assert!(is_of_metadata(&format!("see http://{host}/latest")), "{host}");
            assert!(is_of_metadata(&format!("//{host}")), "{host}");
        }
    }

    #[test]
    fn other_addresses_are_not() {
        for value in [
            "169.254.169.254",
            "http://169.254.169.253/",
            "http://169.254.169.254.example.org/",
            "http://example.org/169.254.169.254",
            "http://example.org/?a=169.254.169.254",
            "http://2852039167/",
            "http://0.1.2.3.4/",
            "http://169.254.43518.1/",
            "http://256.254.169.254/",
            "http://[::1]/",
            "http://[2001:db8::a9fe:a9fe]/",
            "http://[",
            "//",
            "// a comment",
            "http://0x/",
            "http://0/",
            "http://4294967296/",
            "http://@/",
        ] {
            assert!(!is_of_metadata(value), "{value}");
        }
    }
}
