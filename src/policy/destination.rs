use std::fmt;

use super::authorization::Authorization;
use crate::soap::QName;
use crate::xml::quoted;

/// For whom a message is and what it may ask for.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The URLs that a message may name in `wsa:To`; any, if none is known.
    pub addresses: Vec<String>,
    /// What may be asked for.
    pub operations: Operations,
    /// Who may, and when.
    pub authorization: Authorization,
}

/// What may be asked for on a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operations(Vec<Operation>);

/// An operation of a service. Its three names have to agree: a message that says one thing to the web server and another in
/// its signed body is refused (T114).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The action that HTTP may name, and WS-Addressing too if it has no other; without it they may name none. The backend gets it.
    pub action: Option<String>,
    /// The action of WS-Addressing, if that is another. HTTP may name it as well (WS-Addressing 1.0 SOAP Binding §4.2).
    pub addressing_action: Option<String>,
    /// The name of the element in the body.
    pub body: QName,
}

/// For whom a message says that it is, and in three places what it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked<'m> {
    /// SOAPAction or the `action` parameter; `None` if absent or empty.
    pub http_action: Option<&'m str>,
    /// `wsa:To`, signed.
    pub to: Option<&'m str>,
    /// `wsa:Action`, signed.
    pub addressing_action: Option<&'m str>,
    /// Namespace name and local name of the element in the verified body.
    pub body: (&'m str, &'m str),
}

/// The names in a message do not agree on one operation of the route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoOperation {
    /// No operation has this action.
    HttpAction(String),
    /// No operation has such a body; its namespace name and local name.
    Body(String, String),
    /// The operation with this body has another action.
    Action {
        /// What HTTP or WS-Addressing names.
        found: String,
        /// What the body stands for.
        expected: Vec<String>,
    },
    /// The message is addressed to somebody else (T116); to whom.
    To(String),
    /// Several operations have this body, and nothing says which is meant.
    Ambiguous,
}

impl Destination {
    /// Whether a route can be at `text`: a path of a URL that nobody writes in two ways, so without escapes and steps to nowhere.
    pub fn is_path(text: &str) -> bool {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
        let dots = |part: &str| part == "." || part == "..";
        text.starts_with('/') && text.bytes().all(plain) && !text.contains("//") && !text.split('/').any(dots)
    }

    /// The one operation that a message for this destination asks for in all places where it says so.
    ///
    /// # Errors
    ///
    /// [`NoOperation`] if it is for somebody else, or if there is none, or more than one.
    pub fn operation(&self, asked: Asked<'_>) -> Result<&Operation, NoOperation> {
        match asked.to {
            Some(to) if !self.addresses.is_empty() && !self.addresses.iter().any(|known| known == to) => {
                Err(NoOperation::To(to.to_owned()))
            }
            _ => self.operations.find(asked),
        }
    }
}

impl Operations {
    /// The operations of a route; `None` if there is none, or one stands twice.
    pub fn new(operations: Vec<Operation>) -> Option<Self> {
        let twice = operations
            .iter()
            .enumerate()
            .any(|(index, operation)| operations.iter().take(index).any(|other| other == operation));
        (!operations.is_empty() && !twice).then_some(Self(operations))
    }

    /// Whether any operation has this action: a cheap question before the message is read.
    ///
    /// # Errors
    ///
    /// [`NoOperation::HttpAction`] if none has.
    pub fn may_have(&self, http_action: Option<&str>) -> Result<(), NoOperation> {
        let Some(action) = http_action else { return Ok(()) };
        let known = self.0.iter().any(|operation| operation.http_may_name(action));
        known
            .then_some(())
            .ok_or_else(|| NoOperation::HttpAction(action.to_owned()))
    }

    /// Whether an operation has this body.
    pub fn have(&self, body: &QName) -> bool {
        self.0.iter().any(|operation| operation.body == *body)
    }

    fn find(&self, asked: Asked<'_>) -> Result<&Operation, NoOperation> {
        let (namespace, local) = asked.body;
        let is_asked =
            |operation: &&Operation| operation.body.namespace == namespace && operation.body.local == local;
        let candidates: Vec<&Operation> = self.0.iter().filter(is_asked).collect();
        if candidates.is_empty() {
            return Err(NoOperation::Body(namespace.to_owned(), local.to_owned()));
        }
        let agreeing = named(candidates, asked.http_action, Operation::http_may_name)?;
        let agreeing = named(agreeing, asked.addressing_action, Operation::addressing_may_name)?;
        match agreeing.as_slice() {
            [one] => Ok(one),
            _ => Err(NoOperation::Ambiguous),
        }
    }
}

/// Those of `operations` that may be named by `action`, if one is.
fn named<'o>(
    mut operations: Vec<&'o Operation>,
    action: Option<&str>,
    may_name: fn(&Operation, &str) -> bool,
) -> Result<Vec<&'o Operation>, NoOperation> {
    let Some(action) = action else {
        return Ok(operations);
    };
    let actions = |operation: &&Operation| [operation.action.clone(), operation.addressing_action.clone()];
    let expected = operations.iter().flat_map(actions).flatten().collect();
    operations.retain(|operation| may_name(operation, action));
    if operations.is_empty() {
        return Err(NoOperation::Action {
            found: action.to_owned(),
            expected,
        });
    }
    Ok(operations)
}

impl Operation {
    fn http_may_name(&self, action: &str) -> bool {
        [&self.action, &self.addressing_action]
            .into_iter()
            .any(|one| one.as_deref() == Some(action))
    }

    fn addressing_may_name(&self, action: &str) -> bool {
        let own = self.addressing_action.as_deref().or(self.action.as_deref());
        own == Some(action)
    }
}

impl NoOperation {
    /// The clauses it rests on.
    pub(super) const CLAUSE: &'static str =
        "SOAP 1.1 §6.1.1; SOAP 1.2 Part 2 §6.5.3; WS-Addressing 1.0 SOAP Binding §3.1";

    /// The stable code, `policy.<reason>`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::HttpAction(_) | Self::Action { .. } => "policy.action_mismatch",
            Self::Body(_, _) => "policy.operation_unknown",
            Self::To(_) => "policy.to_mismatch",
            Self::Ambiguous => "policy.operation_ambiguous",
        }
    }
}

impl fmt::Display for NoOperation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HttpAction(action) => {
                write!(f, "no operation of this route has the action {}", quoted(action))
            }
            Self::Body(namespace, local) => write!(
                f,
                "no operation of this route has the element {} of namespace {} in its body",
                quoted(local),
                quoted(namespace)
            ),
            Self::Action { found, expected } => {
                write!(
                    f,
                    "the message names the action {}, and its signed body stands for ",
                    quoted(found)
                )?;
                match expected.as_slice() {
                    [] => f.write_str("none"),
                    expected => f.write_str(
                        &expected
                            .iter()
                            .map(|action| quoted(action))
                            .collect::<Vec<_>>()
                            .join(" or "),
                    ),
                }
            }
            Self::To(to) => write!(
                f,
                "the message is addressed to {}, which is not this route",
                quoted(to)
            ),
            Self::Ambiguous => {
                f.write_str("the message names no action, and several operations have such a body")
            }
        }
    }
}

impl std::error::Error for NoOperation {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn operations(all: &[(Option<&str>, &str)]) -> Option<Operations> {
        let operation = |(action, body): &(Option<&str>, &str)| Operation {
            action: action.map(str::to_owned),
            addressing_action: None,
            body: QName::parse(body).unwrap(),
        };
        Operations::new(all.iter().map(operation).collect())
    }

    fn asked<'m>(http: Option<&'m str>, addressing: Option<&'m str>, local: &'m str) -> Asked<'m> {
        Asked {
            http_action: http,
            to: None,
            addressing_action: addressing,
            body: ("urn:o", local),
        }
    }

    #[test]
    fn action_addressing_and_body_must_agree() {
        let operations = operations(&[
            (Some("urn:place"), "{urn:o}Place"),
            (Some("urn:cancel"), "{urn:o}Cancel"),
        ])
        .unwrap();
        let find = |http, addressing, local| {
            operations
                .find(asked(http, addressing, local))
                .map(|found| found.body.local.clone())
        };
        let place = Ok("Place".to_owned());
        assert_eq!(find(Some("urn:place"), None, "Place"), place);
        assert_eq!(find(None, Some("urn:place"), "Place"), place);
        assert_eq!(find(None, None, "Place"), place);
        assert_eq!(find(Some("urn:place"), Some("urn:place"), "Place"), place);
        for (http, addressing) in [
            (Some("urn:cancel"), None),
            (None, Some("urn:cancel")),
            (Some("urn:place"), Some("urn:cancel")),
            (Some("urn:cancel"), Some("urn:place")),
            (Some("urn:cancel"), Some("urn:cancel")),
            (Some("urn:PLACE"), None),
        ] {
            let refused = find(http, addressing, "Place").unwrap_err();
            assert_eq!(
                refused.code(),
                "policy.action_mismatch",
                "{http:?} {addressing:?}"
            );
        }
        assert_eq!(
            find(None, None, "Delete").unwrap_err().code(),
            "policy.operation_unknown"
        );
        let elsewhere = Asked {
            body: ("urn:p", "Place"),
            ..asked(None, None, "")
        };
        assert_eq!(
            operations.find(elsewhere).unwrap_err().code(),
            "policy.operation_unknown"
        );
    }

    #[test]
    fn a_message_for_somebody_else_asks_for_nothing() {
        let named = |addresses: &[&str], to: Option<&str>| {
            let destination = Destination {
                addresses: addresses.iter().map(|address| (*address).to_owned()).collect(),
                operations: operations(&[(None, "{urn:o}Place")]).unwrap(),
                authorization: Authorization::default(),
            };
            let asked = Asked {
                to,
                ..asked(None, None, "Place")
            };
            destination
                .operation(asked)
                .map(drop)
                .map_err(|error| error.code())
        };
        let mismatch = Err("policy.to_mismatch");
        assert_eq!(named(&["urn:a", "urn:b"], Some("urn:b")), Ok(()));
        assert_eq!(named(&["urn:a", "urn:b"], Some("urn:B")), mismatch);
        assert_eq!(named(&["urn:a"], Some("urn:b")), mismatch);
        assert_eq!(named(&["urn:a"], Some("")), mismatch);
        assert_eq!(named(&["urn:a"], None), Ok(()));
        assert_eq!(named(&[], Some("urn:b")), Ok(()));
        let operations = operations(&[(None, "{urn:o}Place")]).unwrap();
        let have = |body: &str| operations.have(&QName::parse(body).unwrap());
        assert!(have("{urn:o}Place") && !have("{urn:o}Cancel") && !have("Place"));
    }

    #[test]
    fn an_operation_without_action_takes_no_action() {
        let operations = operations(&[(None, "{urn:o}Place")]).unwrap();
        assert!(operations.find(asked(None, None, "Place")).is_ok());
        assert!(operations.find(asked(Some("urn:place"), None, "Place")).is_err());
        assert!(operations.find(asked(None, Some("urn:place"), "Place")).is_err());
    }

    #[test]
    fn the_action_of_addressing_may_be_another_than_that_of_http() {
        let operation = |action: Option<&str>| Operation {
            action: action.map(str::to_owned),
            addressing_action: Some("urn:a".to_owned()),
            body: QName::parse("{urn:o}Place").unwrap(),
        };
        let silent = Operations::new(vec![operation(None)]).unwrap();
        let both = Operations::new(vec![operation(Some("urn:h"))]).unwrap();
        for (operations, http, addressing, taken) in [
            (&silent, None, None, true),
            (&silent, None, Some("urn:a"), true),
            (&silent, Some("urn:a"), Some("urn:a"), true),
            (&silent, Some("urn:a"), None, true),
            (&silent, Some("urn:h"), None, false),
            (&silent, None, Some("urn:h"), false),
            (&both, Some("urn:h"), None, true),
            (&both, None, Some("urn:a"), true),
            (&both, None, Some("urn:h"), false),
        ] {
            let found = operations.find(asked(http, addressing, "Place"));
            assert_eq!(found.is_ok(), taken, "{http:?} {addressing:?}");
            assert_eq!(
                operations.may_have(http).is_ok(),
                http != Some("urn:h") || operations == &both
            );
        }
    }

    #[test]
    fn operations_with_one_body_are_told_apart_by_action_only() {
        let operations = operations(&[(Some("urn:a"), "{urn:o}Do"), (Some("urn:b"), "{urn:o}Do")]).unwrap();
        let found = operations.find(asked(Some("urn:b"), None, "Do")).unwrap();
        assert_eq!(found.action.as_deref(), Some("urn:b"));
        assert_eq!(
            operations.find(asked(None, None, "Do")),
            Err(NoOperation::Ambiguous)
        );
    }

    #[test]
    fn an_action_that_no_operation_has_is_refused_before_the_message_is_read() {
        let operations = operations(&[(Some("urn:a"), "{urn:o}Do"), (None, "{urn:o}Be")]).unwrap();
        assert_eq!(operations.may_have(Some("urn:a")), Ok(()));
        assert_eq!(operations.may_have(None), Ok(()));
        assert_eq!(
            operations.may_have(Some("urn:b")).unwrap_err().code(),
            "policy.action_mismatch"
        );
    }

    #[test]
    fn a_route_has_operations_and_each_once() {
        assert_eq!(operations(&[]), None);
        assert_eq!(operations(&[(None, "{urn:o}Do"), (None, "{urn:o}Do")]), None);
        assert!(operations(&[(None, "{urn:o}Do"), (None, "{urn:o}Be")]).is_some());
    }

    #[test]
    fn names_of_bodies_are_written_with_their_namespace() {
        assert_eq!(QName::parse("{urn:o}Place").unwrap().to_string(), "{urn:o}Place");
        assert_eq!(QName::parse("Place").unwrap().namespace, "");
        for bad in ["", "{urn:o}", "{urn:o", "o:Place", "{urn:o}a b", "{a}{b}c"] {
            assert_eq!(QName::parse(bad), None, "{bad}");
        }
    }
}
