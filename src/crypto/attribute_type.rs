//! The attribute types of distinguished names, and what other stacks call them.

use std::borrow::Cow;

use crate::crypto::der;

/// commonName, as the contents of its OID.
pub(crate) const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// emailAddress (PKCS #9).
pub(crate) const EMAIL_ADDRESS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01];

/// OID contents; the name we write, which is RFC 4514's where it has one; further names in lower case. Where
/// stacks disagree the names stand with what .NET, Java or OpenSSL mean by them: `S` is stateOrProvinceName in
/// .NET, `SN` is surname in OpenSSL and .NET.
#[rustfmt::skip]
const TYPES: &[(&[u8], &str, &[&str])] = &[
    (COMMON_NAME, "CN", &["commonname"]),
    (&[0x55, 0x04, 0x04], "sn", &["surname"]),
    (&[0x55, 0x04, 0x05], "serialNumber", &["serialno", "deviceserialnumber"]),
    (&[0x55, 0x04, 0x06], "C", &["countryname"]),
    (&[0x55, 0x04, 0x07], "L", &["localityname"]),
    (&[0x55, 0x04, 0x08], "ST", &["s", "sp", "stateorprovincename"]),
    (&[0x55, 0x04, 0x09], "STREET", &["streetaddress"]),
    (&[0x55, 0x04, 0x0a], "O", &["organizationname"]),
    (&[0x55, 0x04, 0x0b], "OU", &["organizationalunitname"]),
    (&[0x55, 0x04, 0x0c], "title", &["t"]),
    (&[0x55, 0x04, 0x0d], "description", &[]),
    (&[0x55, 0x04, 0x0f], "businessCategory", &[]),
    (&[0x55, 0x04, 0x10], "postalAddress", &[]),
    (&[0x55, 0x04, 0x11], "postalCode", &[]),
    (&[0x55, 0x04, 0x12], "postOfficeBox", &["pobox"]),
    (&[0x55, 0x04, 0x14], "telephoneNumber", &["phone"]),
    (&[0x55, 0x04, 0x29], "name", &[]),
    (&[0x55, 0x04, 0x2a], "givenName", &["g", "gn"]),
    (&[0x55, 0x04, 0x2b], "initials", &["i"]),
    (&[0x55, 0x04, 0x2c], "generationQualifier", &["generation"]),
    (&[0x55, 0x04, 0x2d], "x500UniqueIdentifier", &["uniqueidentifier"]),
    (&[0x55, 0x04, 0x2e], "dnQualifier", &["dnq", "dn"]),
    (&[0x55, 0x04, 0x41], "pseudonym", &[]),
    (&[0x55, 0x04, 0x61], "organizationIdentifier", &["orgid"]),
    (EMAIL_ADDRESS, "emailAddress", &["e", "email"]),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x02], "unstructuredName", &[]),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x08], "unstructuredAddress", &[]),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01], "UID", &["userid"]),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x03], "mail", &["rfc822mailbox"]),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19], "DC", &["domaincomponent"]),
    (&[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x3c, 0x02, 0x01, 0x01], "jurisdictionL", &["jurisdictionlocalityname"]),
    (&[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x3c, 0x02, 0x01, 0x02], "jurisdictionST", &["jurisdictionstateorprovincename"]),
    (&[0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x3c, 0x02, 0x01, 0x03], "jurisdictionC", &["jurisdictioncountryname"]),
];

/// The name that we write for a type, if it has one.
pub(crate) fn short_name(oid: &[u8]) -> Option<&'static str> {
    TYPES
        .iter()
        .find(|(known, _, _)| *known == oid)
        .map(|(_, name, _)| *name)
}

/// The OID contents of a type as written: a name in any case, `2.5.4.3` or `OID.2.5.4.3`.
pub(crate) fn from_written(written: &str) -> Option<Cow<'static, [u8]>> {
    let lower = written.to_ascii_lowercase();
    let number = lower.strip_prefix("oid.").unwrap_or(&lower);
    if number.starts_with(|first: char| first.is_ascii_digit()) {
        return der::from_dotted(number).map(Cow::Owned);
    }
    let known = |(_, name, others): &&(&[u8], &str, &[&str])| {
        name.eq_ignore_ascii_case(&lower) || others.contains(&&*lower)
    };
    TYPES.iter().find(known).map(|(oid, _, _)| Cow::Borrowed(*oid))
}
