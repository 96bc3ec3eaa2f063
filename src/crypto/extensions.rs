//! The certificate extensions that decisions rest on (RFC 5280 §4.2).

use std::fmt;

use crate::crypto::der;
use crate::crypto::der::Malformed;
use crate::crypto::der::Reader;
use crate::crypto::general_name::GeneralName;

/// What a certificate's extensions say, as read. An extension that is absent says nothing.
#[derive(Debug, Default)]
pub(crate) struct Extensions {
    pub(crate) basic_constraints: Option<BasicConstraints>,
    pub(crate) key_usage: Option<KeyUsage>,
    pub(crate) extended_key_usage: Option<Vec<String>>,
    pub(crate) name_constraints: Option<NameConstraints>,
    pub(crate) subject_alternative_names: Vec<GeneralName>,
    pub(crate) subject_key_identifier: Option<Box<[u8]>>,
    pub(crate) authority_key_identifier: Option<Box<[u8]>>,
    pub(crate) crl_sources: CrlSources,
    pub(crate) ocsp: OcspSource,
    /// id-pkix-ocsp-nocheck is there.
    pub(crate) no_check: bool,
    /// OIDs of critical extensions that we do not process.
    pub(crate) unknown_critical: Vec<String>,
}

/// basicConstraints (RFC 5280 §4.2.1.9).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct BasicConstraints {
    pub(crate) subject: Subject,
    pub(crate) path_length: Option<u32>,
}

/// What kind of subject basicConstraints make of it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Subject {
    Ca,
    EndEntity,
}

/// Whether the certificate names an OCSP responder (RFC 5280 §4.2.2.1).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum OcspSource {
    Named,
    #[default]
    None,
}

/// cRLDistributionPoints (RFC 5280 §4.2.1.13).
#[derive(Debug, Default)]
pub(crate) struct CrlSources {
    /// How many distribution points there are.
    pub(crate) points: usize,
    /// The full names, in DER, of the points that cover all reasons and are served by the certificate's issuer.
    pub(crate) full_names: Vec<Box<[u8]>>,
}

/// keyUsage (RFC 5280 §4.2.1.3).
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct KeyUsage(u16);

impl KeyUsage {
    const NAMES: [(u16, &'static str); 9] = [
        (0x8000, "digitalSignature"),
        (0x4000, "nonRepudiation"),
        (0x2000, "keyEncipherment"),
        (0x1000, "dataEncipherment"),
        (0x0800, "keyAgreement"),
        (0x0400, "keyCertSign"),
        (0x0200, "cRLSign"),
        (0x0100, "encipherOnly"),
        (0x0080, "decipherOnly"),
    ];

    /// Whether the key may sign what is neither a certificate nor a CRL: digitalSignature or nonRepudiation.
    pub const fn signs_content(self) -> bool {
        self.0 & 0xc000 != 0
    }

    /// keyEncipherment.
    pub const fn enciphers_keys(self) -> bool {
        self.0 & 0x2000 != 0
    }

    /// keyAgreement.
    pub const fn agrees_on_keys(self) -> bool {
        self.0 & 0x0800 != 0
    }

    /// keyCertSign.
    pub const fn signs_certificates(self) -> bool {
        self.0 & 0x0400 != 0
    }

    /// cRLSign.
    pub const fn signs_crls(self) -> bool {
        self.0 & 0x0200 != 0
    }
}

impl fmt::Display for KeyUsage {
    /// The names of the bits, with a comma between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Self::NAMES
            .iter()
            .filter(|(bit, _)| self.0 & bit != 0)
            .map(|(_, name)| *name)
            .collect();
        f.write_str(if names.is_empty() { "nothing" } else { "" })?;
        f.write_str(&names.join(", "))
    }
}

impl fmt::Debug for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyUsage({self})")
    }
}

/// nameConstraints (RFC 5280 §4.2.1.10).
#[derive(Debug, Default)]
pub struct NameConstraints {
    /// Bases of which one of its kind has to contain a name.
    pub permitted: Vec<GeneralName>,
    /// Bases that must not contain a name.
    pub excluded: Vec<GeneralName>,
    /// A subtree has a minimum or maximum, which RFC 5280 forbids and we do not process.
    pub distances: Distances,
}

/// Whether a name constraint uses minimum or maximum.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Distances {
    /// It does; nothing can be said about names below.
    Used,
    /// None, as it should be.
    #[default]
    Unused,
}

/// Why extensions were refused.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum ExtensionError {
    Duplicate(String),
    Malformed { oid: String, why: &'static str },
}

impl Extensions {
    /// Reads the contents of the SEQUENCE OF Extension.
    pub(crate) fn read(mut reader: Reader<'_>) -> Result<Self, ExtensionError> {
        let list = |Malformed(why)| ExtensionError::Malformed {
            oid: String::new(),
            why,
        };
        let mut extensions = Self::default();
        let mut seen: Vec<&[u8]> = Vec::new();
        if reader.is_empty() {
            return Err(list(Malformed("an empty list of extensions")));
        }
        while !reader.is_empty() {
            let RawExtension { oid, critical, value } = RawExtension::read(&mut reader).map_err(list)?;
            if seen.contains(&oid) {
                return Err(ExtensionError::Duplicate(der::dotted(oid)));
            }
            seen.push(oid);
            let known = extensions
                .take(oid, value)
                .map_err(|Malformed(why)| ExtensionError::Malformed {
                    oid: der::dotted(oid),
                    why,
                })?;
            if critical && known == Known::No {
                extensions.unknown_critical.push(der::dotted(oid));
            }
        }
        Ok(extensions)
    }

    fn take(&mut self, oid: &[u8], value: &[u8]) -> der::Result<Known> {
        // id-ce is 2.5.29; id-pe-authorityInfoAccess is 1.3.6.1.5.5.7.1.1.
        match oid {
            [0x55, 0x1d, 0x0e] => self.subject_key_identifier = Some(octets(value)?.into()),
            [0x55, 0x1d, 0x0f] => self.key_usage = Some(key_usage(value)?),
            [0x55, 0x1d, 0x11] => {
                self.subject_alternative_names = GeneralName::read_all(Reader::whole_sequence(value)?)?;
            }
            [0x55, 0x1d, 0x13] => self.basic_constraints = Some(basic_constraints(value)?),
            [0x55, 0x1d, 0x1e] => self.name_constraints = Some(name_constraints(value)?),
            [0x55, 0x1d, 0x1f] => self.crl_sources = crl_sources(value)?,
            [0x55, 0x1d, 0x23] => self.authority_key_identifier = authority_key_identifier(value)?,
            [0x55, 0x1d, 0x25] => self.extended_key_usage = Some(oids(value)?),
            [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01] => self.ocsp = ocsp_source(value)?,
            // id-pkix-ocsp-nocheck
            [0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x05] => self.no_check = true,
            // issuerAltName, certificatePolicies, policyMappings and inhibitAnyPolicy limit nothing for one who accepts
            // any policy and whom nobody told to require one (RFC 5280 §6.1.1 (c), (e)).
            [0x55, 0x1d, 0x12 | 0x20 | 0x21 | 0x36] => Reader::new(value).element().map(|_| ())?,
            // policyConstraints may require one.
            [0x55, 0x1d, 0x24] => return policy_constraints(value),
            _ => return Ok(Known::No),
        }
        Ok(Known::Yes)
    }
}

/// Whether an extension is one that we process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Known {
    Yes,
    No,
}

/// One Extension of a certificate or CRL.
pub(crate) struct RawExtension<'a> {
    pub(crate) oid: &'a [u8],
    pub(crate) critical: bool,
    pub(crate) value: &'a [u8],
}

impl<'a> RawExtension<'a> {
    pub(crate) fn read(list: &mut Reader<'a>) -> der::Result<Self> {
        let mut extension = list.sequence()?;
        let oid = extension.oid()?;
        let critical = extension.boolean_default_false(der::BOOLEAN)?;
        let value = extension.expect(der::OCTET_STRING)?;
        extension.finish()?;
        Ok(Self { oid, critical, value })
    }
}

fn octets(value: &[u8]) -> der::Result<&[u8]> {
    let mut reader = Reader::new(value);
    let contents = reader.expect(der::OCTET_STRING)?;
    reader.finish()?;
    Ok(contents)
}

fn key_usage(value: &[u8]) -> der::Result<KeyUsage> {
    let mut reader = Reader::new(value);
    let bits = der::named_bits(reader.expect(der::BIT_STRING)?)?;
    reader.finish()?;
    Ok(KeyUsage(bits))
}

fn basic_constraints(value: &[u8]) -> der::Result<BasicConstraints> {
    let mut reader = Reader::whole_sequence(value)?;
    let subject = if reader.boolean_default_false(der::BOOLEAN)? {
        Subject::Ca
    } else {
        Subject::EndEntity
    };
    let path_length = reader
        .optional(der::INTEGER)?
        .map(der::small_integer)
        .transpose()?;
    reader.finish()?;
    Ok(BasicConstraints { subject, path_length })
}

fn oids(value: &[u8]) -> der::Result<Vec<String>> {
    let mut reader = Reader::whole_sequence(value)?;
    let mut oids = Vec::new();
    while !reader.is_empty() {
        oids.push(der::dotted(reader.oid()?));
    }
    if oids.is_empty() {
        Err(Malformed("an empty list of purposes"))
    } else {
        Ok(oids)
    }
}

fn authority_key_identifier(value: &[u8]) -> der::Result<Option<Box<[u8]>>> {
    let mut reader = Reader::whole_sequence(value)?;
    let identifier = reader.optional(der::context(0))?.map(Box::from);
    reader.optional(der::context_constructed(1))?;
    reader.optional(der::context(2))?;
    reader.finish()?;
    Ok(identifier)
}

fn name_constraints(value: &[u8]) -> der::Result<NameConstraints> {
    let mut reader = Reader::whole_sequence(value)?;
    let mut constraints = NameConstraints::default();
    for (tag, excluded) in [
        (der::context_constructed(0), false),
        (der::context_constructed(1), true),
    ] {
        let Some(subtrees) = reader.optional(tag)? else {
            continue;
        };
        let mut subtrees = Reader::new(subtrees);
        while !subtrees.is_empty() {
            let mut subtree = subtrees.sequence()?;
            let base = GeneralName::from_element(subtree.element()?)?;
            let minimum = subtree.optional(der::context(0))?;
            let maximum = subtree.optional(der::context(1))?;
            subtree.finish()?;
            if minimum.is_some_and(|minimum| minimum != [0]) || maximum.is_some() {
                constraints.distances = Distances::Used;
            }
            if excluded {
                constraints.excluded.push(base)
            } else {
                constraints.permitted.push(base)
            }
        }
    }
    reader.finish()?;
    if constraints.permitted.is_empty() && constraints.excluded.is_empty() {
        return Err(Malformed("name constraints without a subtree"));
    }
    Ok(constraints)
}

fn crl_sources(value: &[u8]) -> der::Result<CrlSources> {
    let mut points = Reader::whole_sequence(value)?;
    let mut sources = CrlSources::default();
    while !points.is_empty() {
        let mut point = points.sequence()?;
        let name = point.optional(der::context_constructed(0))?;
        let reasons = point.optional(der::context(1))?;
        let other_issuer = point.optional(der::context_constructed(2))?;
        point.finish()?;
        sources.points = sources.points.saturating_add(1);
        let names = full_names(name)?;
        if reasons.is_none() && other_issuer.is_none() {
            sources.full_names.extend(names);
        }
    }
    Ok(sources)
}

/// The names, in DER, of a DistributionPointName's fullName; none if it is relative to the CRL issuer.
pub(crate) fn full_names(distribution_point_name: Option<&[u8]>) -> der::Result<Vec<Box<[u8]>>> {
    let mut names = Vec::new();
    if let Some(name) = distribution_point_name {
        let mut choice = Reader::new(name);
        if let Some(list) = choice.optional(der::context_constructed(0))? {
            let mut list = Reader::new(list);
            while !list.is_empty() {
                names.push(list.element()?.bytes.into());
            }
        } else {
            choice.expect(der::context_constructed(1))?;
        }
        choice.finish()?;
    }
    Ok(names)
}

fn ocsp_source(value: &[u8]) -> der::Result<OcspSource> {
    const ID_AD_OCSP: &[u8] = &[0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01];
    let mut descriptions = Reader::whole_sequence(value)?;
    let mut source = OcspSource::None;
    while !descriptions.is_empty() {
        let mut description = descriptions.sequence()?;
        if description.oid()? == ID_AD_OCSP {
            source = OcspSource::Named;
        }
        description.element()?;
        description.finish()?;
    }
    Ok(source)
}

/// requireExplicitPolicy asks for policy processing, which we do not do; inhibitPolicyMapping alone limits nothing.
fn policy_constraints(value: &[u8]) -> der::Result<Known> {
    let mut reader = Reader::whole_sequence(value)?;
    let explicit = reader.optional(der::context(0))?;
    reader.optional(der::context(1))?;
    reader.finish()?;
    Ok(if explicit.is_some() { Known::No } else { Known::Yes })
}
