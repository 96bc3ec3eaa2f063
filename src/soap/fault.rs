use std::fmt;
use std::fmt::Write;

use crate::soap::NotUnderstood;
use crate::soap::Version;
use crate::xml::Namespace;
use crate::xml::escape_attribute;

/// All that a peer may be told. It has no room for a reason: why a message was refused stands in the log, under the
/// incident's id (T122).
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fault {
    /// The message is no envelope of any version.
    Malformed,
    /// It is an envelope of a version that we do not speak.
    VersionMismatch,
    /// Header blocks must be understood and are not.
    MustUnderstand(Vec<NotUnderstood>),
    /// The message was refused. All reasons look the same.
    FailedCheck,
    /// There is no bearer token that holds. All reasons look the same.
    Unauthorized,
    /// Too much to do; later it may pass.
    Busy,
    /// The service behind us cannot be reached, or what it answers cannot be passed on.
    BadGateway,
    /// The service behind us does not answer in time.
    GatewayTimeout,
    /// We failed.
    Internal,
}

/// The name of an incident: what a peer can report and an operator can find in the log.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct IncidentId([u8; 8]);

impl IncidentId {
    /// The name made of these random bytes.
    pub const fn new(random: [u8; 8]) -> Self {
        Self(random)
    }
}

impl fmt::Display for IncidentId {
    /// Sixteen hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Header blocks that a fault names, and the longest name or namespace in bytes that it repeats: a fault is no way to
/// make us send much.
const NAMED: usize = 8;
const LONGEST_NAME: usize = 256;

impl Fault {
    /// The HTTP status that it goes out with.
    pub const fn http_status(&self, version: Version) -> u16 {
        match self {
            Self::Malformed | Self::FailedCheck => match version {
                Version::Soap11 => 500,
                Version::Soap12 => 400,
            },
            Self::Unauthorized => 401,
            Self::VersionMismatch | Self::MustUnderstand(_) | Self::Internal => 500,
            Self::BadGateway => 502,
            Self::Busy => 503,
            Self::GatewayTimeout => 504,
        }
    }

    /// The message that carries it, in UTF-8, for the Content-Type of `version`.
    pub fn to_bytes(&self, version: Version, incident: &IncidentId) -> Vec<u8> {
        let namespace = version.namespace().uri();
        let (header, fault) = match version {
            Version::Soap11 => (String::new(), self.soap11(incident)),
            Version::Soap12 => (self.soap12_header(), self.soap12(incident)),
        };
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope xmlns:soap=\"{namespace}\">{header}\
             <soap:Body><soap:Fault>{fault}</soap:Fault></soap:Body></soap:Envelope>"
        )
        .into_bytes()
    }

    /// SOAP 1.1 §4.4. WSS 1.1 §12 has its codes as the faultcode there.
    fn soap11(&self, incident: &IncidentId) -> String {
        let (declaration, code) = match self {
            Self::Malformed => (String::new(), "soap:Client"),
            Self::VersionMismatch => (String::new(), "soap:VersionMismatch"),
            Self::MustUnderstand(_) => (String::new(), "soap:MustUnderstand"),
            Self::FailedCheck | Self::Unauthorized => (wsse_declaration(), "wsse:FailedCheck"),
            Self::Busy | Self::BadGateway | Self::GatewayTimeout | Self::Internal => {
                (String::new(), "soap:Server")
            }
        };
        let text = self.text();
        format!(
            "<faultcode{declaration}>{code}</faultcode><faultstring>{text} Incident {incident}.</faultstring>"
        )
    }

    /// SOAP 1.2 Part 1 §5.4. WSS 1.1 §12 has its codes as the Subcode there.
    fn soap12(&self, incident: &IncidentId) -> String {
        let code = match self {
            Self::Malformed | Self::FailedCheck | Self::Unauthorized => "soap:Sender",
            Self::VersionMismatch => "soap:VersionMismatch",
            Self::MustUnderstand(_) => "soap:MustUnderstand",
            Self::Busy | Self::BadGateway | Self::GatewayTimeout | Self::Internal => "soap:Receiver",
        };
        let subcode = if matches!(self, Self::FailedCheck | Self::Unauthorized) {
            let declaration = wsse_declaration();
            format!("<soap:Subcode><soap:Value{declaration}>wsse:FailedCheck</soap:Value></soap:Subcode>")
        } else {
            String::new()
        };
        let text = self.text();
        format!(
            "<soap:Code><soap:Value>{code}</soap:Value>{subcode}</soap:Code><soap:Reason>\
             <soap:Text xml:lang=\"en\">{text} Incident {incident}.</soap:Text></soap:Reason>"
        )
    }

    /// SOAP 1.2 Part 1 §5.4.7 (Upgrade) and §5.4.8 (NotUnderstood).
    fn soap12_header(&self) -> String {
        let blocks = match self {
            Self::VersionMismatch => upgrade(),
            Self::MustUnderstand(names) => not_understood(names),
            Self::Malformed
            | Self::FailedCheck
            | Self::Unauthorized
            | Self::Busy
            | Self::BadGateway
            | Self::GatewayTimeout
            | Self::Internal => String::new(),
        };
        if blocks.is_empty() {
            blocks
        } else {
            format!("<soap:Header>{blocks}</soap:Header>")
        }
    }

    const fn text(&self) -> &'static str {
        match self {
            Self::Malformed => "The message is no SOAP envelope.",
            Self::VersionMismatch => "The SOAP version is not supported.",
            Self::MustUnderstand(_) => "A header that must be understood is not.",
            Self::FailedCheck | Self::Unauthorized => "The message was refused.",
            Self::Busy => "The service is busy.",
            Self::BadGateway => "The service cannot be reached.",
            Self::GatewayTimeout => "The service does not answer.",
            Self::Internal => "The message could not be processed.",
        }
    }
}

fn wsse_declaration() -> String {
    format!(" xmlns:wsse=\"{}\"", Namespace::WSSE.uri())
}

fn upgrade() -> String {
    let supported = |prefix: &str, version: Version| {
        format!(
            "<soap:SupportedEnvelope qname=\"{prefix}:Envelope\" xmlns:{prefix}=\"{}\"/>",
            version.namespace().uri()
        )
    };
    let (newer, older) = (supported("a", Version::Soap12), supported("b", Version::Soap11));
    format!("<soap:Upgrade>{newer}{older}</soap:Upgrade>")
}

fn not_understood(names: &[NotUnderstood]) -> String {
    let short = |name: &&NotUnderstood| name.local().len().max(name.namespace().len()) <= LONGEST_NAME;
    let mut blocks = String::new();
    for name in names.iter().filter(short).take(NAMED) {
        let namespace = escape_attribute(name.namespace());
        let local = escape_attribute(name.local());
        // Writing to a String cannot fail.
        let _ = write!(
            blocks,
            "<soap:NotUnderstood qname=\"n:{local}\" xmlns:n=\"{namespace}\"/>"
        );
    }
    blocks
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
    use super::*;
    use crate::soap::Envelope;
    use crate::soap::ErrorKind;
    use crate::soap::Roles;
    use crate::xml::Limits;

    const INCIDENT: IncidentId = IncidentId::new([0, 1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xff]);
    const VERSIONS: [Version; 2] = [Version::Soap11, Version::Soap12];

    fn text(fault: &Fault, version: Version) -> String {
        String::from_utf8(fault.to_bytes(version, &INCIDENT)).unwrap()
    }

    /// What a message with these header blocks makes us say, with mustUnderstand on each.
    fn not_understood(blocks: &str) -> Fault {
        let message = format!(
            "<s:Envelope xmlns:s='{}'><s:Header>{blocks}</s:Header><s:Body/></s:Envelope>",
            Namespace::SOAP12.uri()
        );
        let envelope = Envelope::parse(message.into(), &Limits::default()).unwrap();
        let error = envelope.check_understood(&Roles::default(), &[]).unwrap_err();
        let ErrorKind::NotUnderstood(names) = error.kind() else {
            panic!("{error:?}");
        };
        Fault::MustUnderstand(names.clone())
    }

    fn every_fault() -> [Fault; 9] {
        [
            Fault::Malformed,
            Fault::VersionMismatch,
            not_understood("<x:A xmlns:x='urn:x' s:mustUnderstand='1'/>"),
            Fault::FailedCheck,
            Fault::Unauthorized,
            Fault::Busy,
            Fault::BadGateway,
            Fault::GatewayTimeout,
            Fault::Internal,
        ]
    }

    #[test]
    fn every_fault_is_an_envelope_with_one_fault_that_names_the_incident() {
        for version in VERSIONS {
            for fault in every_fault() {
                let bytes = fault.to_bytes(version, &INCIDENT);
                let envelope = Envelope::parse(bytes.into(), &Limits::default()).unwrap();
                assert_eq!(envelope.version(), version);
                let body: Vec<_> = envelope.body().children().collect();
                assert!(matches!(body.as_slice(), [fault] if fault.is(version.namespace(), "Fault")));
                assert!(text(&fault, version).contains(" Incident 000123456789abff.<"));
            }
        }
    }

    #[test]
    fn soap11_has_the_security_code_as_faultcode() {
        let expected = "<faultcode xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\">\
                        wsse:FailedCheck</faultcode><faultstring>The message was refused. Incident 000123456789abff.</faultstring>";
        assert!(text(&Fault::FailedCheck, Version::Soap11).contains(expected));
    }

    #[test]
    fn soap12_has_the_security_code_as_subcode_of_sender() {
        let expected = "<soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode><soap:Value xmlns:wsse=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd\">\
                        wsse:FailedCheck</soap:Value></soap:Subcode></soap:Code>";
        assert!(text(&Fault::FailedCheck, Version::Soap12).contains(expected));
    }

    #[test]
    fn every_fault_has_its_code_and_status() {
        let codes11 = [
            "soap:Client",
            "soap:VersionMismatch",
            "soap:MustUnderstand",
            "wsse:FailedCheck",
            "wsse:FailedCheck",
        ];
        let codes12 = [
            "soap:Sender",
            "soap:VersionMismatch",
            "soap:MustUnderstand",
            "soap:Sender",
            "soap:Sender",
        ];
        let server = |code: &'static str| std::iter::repeat(code);
        let status11 = [500, 500, 500, 500, 401, 503, 502, 504, 500];
        let status12 = [400, 500, 500, 400, 401, 503, 502, 504, 500];
        let (codes11, codes12) = (
            codes11.into_iter().chain(server("soap:Server")),
            codes12.into_iter().chain(server("soap:Receiver")),
        );
        for (fault, (code, status)) in every_fault().iter().zip(codes11.zip(status11)) {
            assert!(
                text(fault, Version::Soap11).contains(&format!(">{code}</faultcode>")),
                "{fault:?}"
            );
            assert_eq!(fault.http_status(Version::Soap11), status, "{fault:?}");
        }
        for (fault, (code, status)) in every_fault().iter().zip(codes12.zip(status12)) {
            assert!(
                text(fault, Version::Soap12).contains(&format!("<soap:Code><soap:Value>{code}<")),
                "{fault:?}"
            );
            assert_eq!(fault.http_status(Version::Soap12), status, "{fault:?}");
        }
    }

    #[test]
    fn soap12_names_the_headers_that_were_not_understood_and_nothing_else_of_the_message() {
        let blocks = "<x:A xmlns:x='urn:&quot;&lt;&amp;&#xA;x' s:mustUnderstand='true'>secret</x:A>\
                      <y:B xmlns:y='urn:y' s:mustUnderstand='1' secret='secret'/>";
        let message = text(&not_understood(blocks), Version::Soap12);
        let expected = "<soap:Header><soap:NotUnderstood qname=\"n:A\" xmlns:n=\"urn:&quot;&lt;&amp;&#xA;x\"/>\
                        <soap:NotUnderstood qname=\"n:B\" xmlns:n=\"urn:y\"/></soap:Header>";
        assert!(message.contains(expected), "{message}");
        assert!(!message.contains("secret"));
        assert!(!text(&not_understood(blocks), Version::Soap11).contains("urn:y"));
    }

    #[test]
    fn a_fault_repeats_little() {
        let long = format!(
            "<x:A xmlns:x='urn:{}' s:mustUnderstand='1'/>",
            "x".repeat(LONGEST_NAME)
        );
        let many = "<x:A xmlns:x='urn:x' s:mustUnderstand='1'/>".repeat(NAMED + 1);
        let message = text(&not_understood(&format!("{long}{many}")), Version::Soap12);
        assert_eq!(message.matches("<soap:NotUnderstood").count(), NAMED);
        assert!(!message.contains("xxxx"));
        assert!(!text(&not_understood(&long), Version::Soap12).contains("Header"));
    }

    #[test]
    fn soap12_says_which_versions_it_speaks() {
        let message = text(&Fault::VersionMismatch, Version::Soap12);
        let expected = "<soap:Upgrade><soap:SupportedEnvelope qname=\"a:Envelope\" xmlns:a=\"http://www.w3.org/2003/05/soap-envelope\"/>\
                        <soap:SupportedEnvelope qname=\"b:Envelope\" xmlns:b=\"http://schemas.xmlsoap.org/soap/envelope/\"/></soap:Upgrade>";
        assert!(message.contains(expected), "{message}");
    }

    #[test]
    fn refusals_differ_by_their_incident_only() {
        let other = IncidentId::new([9; 8]);
        for version in VERSIONS {
            let one = text(&Fault::FailedCheck, version);
            let two = String::from_utf8(Fault::FailedCheck.to_bytes(version, &other)).unwrap();
            assert_eq!(one.replace(&INCIDENT.to_string(), &other.to_string()), two);
        }
    }
}
