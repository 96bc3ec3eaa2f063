//! HTTP as browsers and proxies record it in JSON: HAR 1.2.
//!
//! What writes such files differs in what it leaves out, has as `null` or encodes. So whatever stands at a place is taken, and only what
//! is not of the type that belongs there is told as [`Told::Odd`]: one odd entry is no reason to pass over the others.

mod surrogate;
mod told;

use std::cmp::Ordering;

use serde::Deserialize;
use serde::de::MapAccess;
use serde::de::value::MapAccessDeserializer;

pub(crate) use surrogate::without_lone_surrogates;
pub(crate) use told::Read;
pub(crate) use told::Told;

use crate::token::saml::is_message;
use crate::token::saml::is_of_saml;
use crate::token::saml::percent_encoded;

/// Types that are read of objects alone, whose fields are all [`Told`].
macro_rules! objects {
    ($($name:ident$(<$of:ident>)?),*) => {
        $(impl<'de$(, $of: Read<'de>)?> Read<'de> for $name$(<$of>)? {
            fn of_object<A: MapAccess<'de>>(object: A) -> Result<Told<Self>, A::Error> {
                Self::deserialize(MapAccessDeserializer::new(object)).map(Told::Value)
            }
        })*
    };
}

objects!(Entry<T>, Request, PostData, Param, Response<T>, Content<T>);

/// A request and its answer, of whose content `T` is read.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Read<'de>"))]
pub(crate) struct Entry<T> {
    /// When the request was sent.
    #[serde(rename = "startedDateTime", default)]
    pub(crate) started: Told<String>,
    #[serde(default)]
    pub(crate) request: Told<Request>,
    #[serde(default)]
    pub(crate) response: Told<Response<T>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Request {
    #[serde(default)]
    pub(crate) method: Told<String>,
    #[serde(default)]
    pub(crate) url: Told<String>,
    /// What is in the URL, once more.
    #[serde(rename = "queryString", default)]
    pub(crate) query_string: Told<Vec<Told<Param>>>,
    #[serde(default)]
    headers: Told<Vec<Told<Param>>>,
    #[serde(rename = "postData", default)]
    pub(crate) post_data: Told<PostData>,
    /// The octets of the body; -1 where that is not known.
    #[serde(rename = "bodySize", default)]
    body_size: Told<Ordering>,
}

/// Whether a request had a body, as is said beside it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Body {
    Sent,
    Empty,
    NotSaid,
}

/// The body of a request.
#[derive(Debug, Deserialize)]
pub(crate) struct PostData {
    #[serde(rename = "mimeType", default)]
    pub(crate) mime_type: Told<String>,
    #[serde(default)]
    pub(crate) text: Told<String>,
    /// Of `text`; no part of HAR 1.2, but some have it.
    #[serde(default)]
    pub(crate) encoding: Told<String>,
    /// The fields of a form, of which the text may not be there.
    #[serde(default)]
    params: Told<Vec<Told<Param>>>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Param {
    #[serde(default)]
    name: Told<String>,
    #[serde(default)]
    value: Told<String>,
}

#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Read<'de>"))]
pub(crate) struct Response<T> {
    #[serde(default)]
    pub(crate) content: Told<Content<T>>,
}

/// The body of an answer.
#[derive(Debug, Deserialize)]
#[serde(bound(deserialize = "T: Read<'de>"))]
pub(crate) struct Content<T> {
    #[serde(rename = "mimeType", default)]
    pub(crate) mime_type: Told<String>,
    #[serde(default)]
    pub(crate) text: Told<T>,
    /// Of `text`.
    #[serde(default)]
    pub(crate) encoding: Told<String>,
}

impl Request {
    /// The fields of its header of this name, given in lower case.
    pub(crate) fn header<'r>(&'r self, name: &'r str) -> impl Iterator<Item = &'r Told<String>> {
        let fields = match &self.headers {
            Told::Value(fields) => fields.as_slice(),
            Told::Nothing | Told::Odd => &[],
        };
        fields.iter().filter_map(move |field| {
            let Told::Value(Param {
                name: Told::Value(said),
                value,
            }) = field
            else {
                return None;
            };
            said.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    /// Whether it had a body: some recorders count 0 octets of one that they do not keep.
    pub(crate) fn body(&self) -> Body {
        let of_header = self.header("content-length").map(|length| match length {
            Told::Value(length) if length.trim().trim_start_matches('0').is_empty() => Body::Empty,
            Told::Value(_) | Told::Nothing | Told::Odd => Body::Sent,
        });
        let of_size = match self.body_size {
            Told::Odd | Told::Value(Ordering::Greater) => Body::Sent,
            Told::Value(Ordering::Equal) => Body::Empty,
            Told::Nothing | Told::Value(Ordering::Less) => Body::NotSaid,
        };
        let said: Vec<Body> = of_header.chain([of_size]).collect();
        let found = [Body::Sent, Body::Empty]
            .into_iter()
            .find(|one| said.contains(one));
        found.unwrap_or(Body::NotSaid)
    }
}

impl PostData {
    /// Whether its text is what was sent. It is none where it is empty or, as older Firefox has a form, behind lines of the header.
    pub(crate) fn has_text(&self) -> bool {
        const FORM: &str = "application/x-www-form-urlencoded";
        let is_form = matches!(&self.mime_type, Told::Value(name) if name.starts_with(FORM));
        match &self.text {
            Told::Value(text) if is_form && text.contains('\n') => false,
            Told::Value(text) => !text.is_empty(),
            Told::Nothing | Told::Odd => false,
        }
    }

    /// The form that its fields make, as [`form_of`] has it.
    pub(crate) fn form_of_params(&mut self) -> Told<String> {
        form_of(std::mem::take(&mut self.params))
    }
}

/// The form that `fields` make, if there are any; `Odd` if one of them is no field.
pub(crate) fn form_of(fields: Told<Vec<Told<Param>>>) -> Told<String> {
    let field = |param: Told<Param>| {
        let param = param.value()?;
        let value = match param.value {
            Told::Value(value) => value,
            Told::Nothing => String::new(),
            Told::Odd => return None,
        };
        Some((param.name.value()?, value))
    };
    fields.and_then(|fields| {
        let pairs: Option<Vec<_>> = fields.into_iter().map(field).collect();
        match pairs {
            None => Told::Odd,
            Some(pairs) if pairs.is_empty() => Told::Nothing,
            Some(pairs) => Told::Value(form(&pairs)),
        }
    })
}

/// Fields of a form as it is sent. HAR has them decoded, and Chrome as they were sent: base64 has no `%`.
pub(crate) fn form(pairs: &[(String, String)]) -> String {
    let is_encoded = pairs
        .iter()
        .any(|(name, value)| is_message(name) && value.contains('%'));
    let written = |text: &str| match is_encoded {
        true => text.to_owned(),
        false => percent_encoded(text),
    };
    // Of a name that may be one of SAML's nobody knows whether it is decoded, and readers are to find it.
    let written_name = |name: &str| match is_of_saml(name) {
        true => name.to_owned(),
        false => written(name),
    };
    let pairs: Vec<String> = pairs
        .iter()
        .map(|(name, value)| [written_name(name), written(value)].join("="))
        .collect();
    pairs.join("&")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    fn entry(json: &str) -> Told<Entry<String>> {
        serde_json::from_str(json).unwrap()
    }

    /// What is taken for the form: its text, or what its fields make.
    fn form_of(post_data: &str) -> Told<String> {
        let read: Told<PostData> = serde_json::from_str(post_data).unwrap();
        let mut read = read.value().unwrap();
        match read.has_text() {
            true => read.text,
            false => read.form_of_params(),
        }
    }

    #[test]
    fn whatever_stands_at_a_place_is_read_to_its_end() {
        for odd in [
            "1",
            "-1",
            "1.5",
            "true",
            "\"a\"",
            "[1, [{}], {\"a\": []}]",
            "{\"a\": {\"b\": [null]}}",
        ] {
            let told: Told<Vec<Told<String>>> = serde_json::from_str(odd).unwrap();
            assert_eq!(told == Told::Odd, !odd.starts_with('['), "{odd}");
            let told: Told<String> = serde_json::from_str(odd).unwrap();
            assert_eq!(told == Told::Odd, odd != "\"a\"", "{odd}");
            assert_eq!(matches!(entry(odd), Told::Odd), !odd.starts_with('{'), "{odd}");
            let inner = entry(&format!("{{\"request\": {odd}, \"startedDateTime\": \"now\"}}"));
            let inner = inner.value().unwrap();
            assert_eq!(inner.started, Told::Value("now".to_owned()));
            assert_eq!(matches!(inner.request, Told::Odd), !odd.starts_with('{'), "{odd}");
        }
        assert!(matches!(entry("null"), Told::Nothing));
        assert!(matches!(entry("{}").value().unwrap().response, Told::Nothing));
        assert!(serde_json::from_str::<Told<String>>("{\"a\":").is_err());
    }

    #[test]
    fn a_form_is_as_it_was_sent_whoever_recorded_it() {
        let decoded =
            r#"[{"name": "SAMLResponse", "value": "a+/="}, {"name": "RelayState", "value": "/x%20"}]"#;
        let sent = "SAMLResponse=a%2B%2F%3D&RelayState=%2Fx%2520";
        let chrome = r#"[{"name": "SAMLResponse", "value": "a%2B%2F%3D"}, {"name": "RelayState", "value": "%2Fx%2520"}]"#;
        for params in [decoded, chrome] {
            for text in [
                "",
                r#", "text": null"#,
                r#", "text": """#,
                r#", "text": "Content-Length: 9\r\n\r\nSAMLResponse=a""#,
            ] {
                let form = form_of(&format!(
                    r#"{{"mimeType": "application/x-www-form-urlencoded", "params": {params}{text}}}"#
                ));
                assert_eq!(form, Told::Value(sent.to_owned()), "{text}");
            }
        }
        // An XML that has lines.
        for text in ["<a>\\n</a>", "a=b"] {
            let form = form_of(&format!(r#"{{"params": {decoded}, "text": "{text}"}}"#));
            assert_eq!(form, Told::Value(text.replace("\\n", "\n")));
        }
        for nothing in ["null", "[]"] {
            assert_eq!(form_of(&format!(r#"{{"params": {nothing}}}"#)), Told::Nothing);
        }
        let field = r#"{"params": [{"name": "b"}]}"#;
        assert_eq!(form_of(field), Told::Value("b=".to_owned()));
    }

    #[test]
    fn a_form_of_which_a_field_is_none_is_odd() {
        for params in [
            "7",
            r#"{"SAMLResponse": "a"}"#,
            "[1]",
            "[null]",
            r#"[{"value": "a"}]"#,
            r#"[{"name": ["b"], "value": "a"}]"#,
            r#"[{"name": "b", "value": ["a"]}]"#,
        ] {
            let form = form_of(&format!(r#"{{"params": {params}}}"#));
            assert_eq!(form, Told::Odd, "{params}");
        }
    }

    #[test]
    fn a_name_that_may_be_one_of_saml_stays_as_it_is() {
        for name in ["+SAMLResponse", "%53AMLResponse", "SAMLResponse[]"] {
            let pairs = [
                (name.to_owned(), "a%2B".to_owned()),
                ("b c".to_owned(), "d".to_owned()),
            ];
            assert_eq!(form(&pairs), format!("{name}=a%2B&b c=d"));
        }
        let decoded = [("+SAMLResponse".to_owned(), "a+".to_owned())];
        assert_eq!(form(&decoded), "+SAMLResponse=a%2B");
    }
}
