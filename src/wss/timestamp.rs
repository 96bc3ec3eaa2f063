use chrono::DateTime;
use chrono::Utc;

use crate::token::datetime;
use crate::token::field;
use crate::wss::Deviation;
use crate::wss::Error;
use crate::wss::ErrorKind;
use crate::wss::Rule;
use crate::xml::Element;
use crate::xml::Namespace;

/// A `wsu:Timestamp` as read (WSS 1.1 §10). It says when, by its own account; whether that is signed and recent is for the
/// policy.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timestamp<'d> {
    element: Element<'d>,
    created: DateTime<Utc>,
    expires: Option<DateTime<Utc>>,
}

impl<'d> Timestamp<'d> {
    /// Reads `element`: Created, then Expires if it is there, and nothing else. Times with an offset are noted.
    ///
    /// # Errors
    /// `wss.timestamp_invalid` for anything else, with the rule of the Basic Security Profile.
    pub(super) fn read(element: Element<'d>, deviations: &mut Vec<Deviation>) -> Result<Self, Error> {
        if let Some(attribute) = field::unwanted_attribute(element, &[]) {
            let is_id = attribute.namespace_id() == Namespace::NONE && attribute.local_name() == "Id";
            let (why, clause) = match is_id {
                true => ("it has an Id of no namespace, and not the wsu:Id", "WSS 1.1 §4.2"),
                false => ("it has an attribute besides wsu:Id", "WSS 1.1 §10"),
            };
            return Err(Error::timestamp(element, why, clause));
        }
        if element.stray_text().is_some() {
            return Err(Error::timestamp(element, "text stands in it", "BSP 1.1 R3222"));
        }
        let (mut created, mut expires) = (None, None);
        for child in element.children() {
            if child.is(Namespace::WSU, "Created") {
                if created.is_some() {
                    return Err(Error::timestamp(child, "there are two Created", "BSP 1.1 R3203"));
                }
                if expires.is_some() {
                    return Err(Error::timestamp(
                        child,
                        "Created stands after Expires",
                        "BSP 1.1 R3221",
                    ));
                }
                created = Some(time(child, "BSP 1.1 R3225", deviations)?);
            } else if child.is(Namespace::WSU, "Expires") {
                if expires.is_some() {
                    return Err(Error::timestamp(child, "there are two Expires", "BSP 1.1 R3224"));
                }
                expires = Some(time(child, "BSP 1.1 R3226", deviations)?);
            } else {
                let why = "there is something besides Created and Expires";
                return Err(Error::timestamp(child, why, "BSP 1.1 R3222"));
            }
        }
        let missing = || Error::timestamp(element, "there is no Created", "BSP 1.1 R3203");
        Ok(Self {
            element,
            created: created.ok_or_else(missing)?,
            expires,
        })
    }

    /// The element it was read from.
    pub fn element(&self) -> Element<'d> {
        self.element
    }

    /// When the message was made.
    pub fn created(&self) -> DateTime<Utc> {
        self.created
    }

    /// When it stops to mean anything.
    pub fn expires(&self) -> Option<DateTime<Utc>> {
        self.expires
    }
}

fn time(
    element: Element<'_>,
    no_attributes: &'static str,
    deviations: &mut Vec<Deviation>,
) -> Result<DateTime<Utc>, Error> {
    if field::unwanted_attribute(element, &[]).is_some() {
        let why = "a time has an attribute besides wsu:Id";
        return Err(Error::timestamp(element, why, no_attributes));
    }
    let interrupted = ErrorKind::Timestamp {
        why: "a comment or processing instruction stands in a time",
        clause: "WSS 1.1 §10",
    };
    let text = field::text(element).map_err(|reason| Error::of_text(reason, element, interrupted))?;
    let time = datetime::parse(&text).map_err(|error| Error::at(ErrorKind::Time(error), element))?;
    if !text.trim_end().ends_with('Z') {
        Deviation::note(deviations, Rule::Utc, element);
    }
    Ok(time)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::xml::Document;
    use crate::xml::Limits;

    const CREATED: &str = "<w:Created>2026-11-24T00:00:00Z</w:Created>";
    const EXPIRES: &str = "<w:Expires>2026-11-24T00:05:00.25Z</w:Expires>";

    type Read = (DateTime<Utc>, Option<DateTime<Utc>>, usize);

    fn read(attributes: &str, content: &str) -> Result<Read, Error> {
        let text = format!(
            "<w:Timestamp xmlns:w='{}' {attributes}>{content}</w:Timestamp>",
            Namespace::WSU.uri()
        );
        let document = Document::parse(text.into(), &Limits::default()).unwrap();
        let mut deviations = Vec::new();
        let timestamp = Timestamp::read(document.root(), &mut deviations)?;
        Ok((timestamp.created(), timestamp.expires(), deviations.len()))
    }

    fn refused(content: &str) -> Option<&'static str> {
        let error = read("", content).unwrap_err();
        assert_eq!(error.code(), "wss.timestamp_invalid", "{content}");
        error.clause()
    }

    #[test]
    fn created_and_expires_are_read() {
        let (created, expires, deviations) = read("w:Id='a'", &format!("\n{CREATED} {EXPIRES}")).unwrap();
        assert_eq!(datetime::parse("2026-11-24T00:00:00Z").unwrap(), created);
        assert_eq!(
            datetime::parse("2026-11-24T00:05:00.25Z").unwrap(),
            expires.unwrap()
        );
        assert_eq!(deviations, 0);
        assert_eq!(read("", CREATED).unwrap().1, None);
    }

    #[test]
    fn each_stands_once_and_in_order() {
        assert_eq!(refused(""), Some("BSP 1.1 R3203"));
        assert_eq!(refused(EXPIRES), Some("BSP 1.1 R3203"));
        assert_eq!(refused(&CREATED.repeat(2)), Some("BSP 1.1 R3203"));
        assert_eq!(
            refused(&format!("{CREATED}{EXPIRES}{CREATED}")),
            Some("BSP 1.1 R3203")
        );
        assert_eq!(
            refused(&format!("{CREATED}{EXPIRES}{EXPIRES}")),
            Some("BSP 1.1 R3224")
        );
        assert_eq!(refused(&format!("{EXPIRES}{CREATED}")), Some("BSP 1.1 R3221"));
    }

    #[test]
    fn nothing_else_stands_in_it() {
        for other in [
            "<a/>",
            "<w:Received/>",
            "<Created>2026-11-24T00:00:00Z</Created>",
            "text",
        ] {
            assert_eq!(
                refused(&format!("{CREATED}{other}")),
                Some("BSP 1.1 R3222"),
                "{other}"
            );
        }
    }

    #[test]
    fn attributes_mean_nothing_there() {
        assert_eq!(
            refused(&CREATED.replace("Created>2", "Created ValueType='a'>2")),
            Some("BSP 1.1 R3225")
        );
        let expires = EXPIRES.replace("Expires>2", "Expires ValueType='a'>2");
        assert_eq!(refused(&format!("{CREATED}{expires}")), Some("BSP 1.1 R3226"));
        let with_id = CREATED.replace("Created>2", "Created w:Id='a'>2");
        assert!(read("", &with_id).is_ok());
        let clause = |attribute: &str| read(attribute, CREATED).unwrap_err().clause();
        assert_eq!(clause("Id='a'"), Some("WSS 1.1 §4.2"));
        assert_eq!(clause("ID='a'"), Some("WSS 1.1 §10"));
    }

    #[test]
    fn times_are_whole_and_exist() {
        assert_eq!(
            refused(&CREATED.replace("00Z", "00")),
            Some("BSP 1.1 R3217; SAML Core §1.3.3")
        );
        assert_eq!(
            refused(&CREATED.replace("00Z", "60Z")),
            Some("XML Schema Part 2 §3.2.7")
        );
        assert_eq!(
            refused(&CREATED.replace("00Z", "0<!-- -->0Z")),
            Some("WSS 1.1 §10")
        );
        assert_eq!(
            read("", &CREATED.replace("00Z", "0<a/>0Z")).unwrap_err().code(),
            "xml.element_in_text"
        );
    }

    #[test]
    fn a_time_with_an_offset_is_noted() {
        let (_, _, deviations) = read("", &CREATED.replace('Z', "+00:00")).unwrap();
        assert_eq!(deviations, 1);
    }
}
