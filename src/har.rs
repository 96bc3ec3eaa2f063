//! HTTP as browsers and proxies record it in JSON: HAR 1.2.
//!
//! What writes such files differs in what it leaves out, has as `null` or encodes. So whatever stands at a place is taken, and only what
//! is not of the type that belongs there is told as [`Told::Odd`]: one odd entry is no reason to pass over the others.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::Deserializer;
use serde::de;
use serde::de::IgnoredAny;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::Visitor;
use serde::de::value::MapAccessDeserializer;
use serde::de::value::SeqAccessDeserializer;

use crate::token::saml::is_message;
use crate::token::saml::is_of_saml;
use crate::token::saml::percent_encoded;

/// What stands at a place.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum Told<T> {
    /// Nothing, or `null`.
    #[default]
    Nothing,
    /// What belongs there.
    Value(T),
    /// Something else.
    Odd,
}

impl<T> Told<T> {
    /// What belongs there, if it is there.
    pub(crate) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Nothing | Self::Odd => None,
        }
    }

    /// What `next` makes of what belongs there.
    pub(crate) fn map<U>(self, next: impl FnOnce(T) -> U) -> Told<U> {
        self.and_then(|value| Told::Value(next(value)))
    }

    /// What stands, by `next`, in what belongs there.
    pub(crate) fn and_then<U>(self, next: impl FnOnce(T) -> Told<U>) -> Told<U> {
        match self {
            Self::Nothing => Told::Nothing,
            Self::Value(value) => next(value),
            Self::Odd => Told::Odd,
        }
    }
}

/// What is read of a value of one type of JSON. It takes every value of that type.
pub(crate) trait Read<'de>: Sized {
    /// Of a text, if that belongs there.
    fn of_text(_: &str) -> Option<Self> {
        None
    }

    /// Of a list, if that belongs there; `Odd` only after it is read to its end.
    fn of_list<A: SeqAccess<'de>>(list: A) -> Result<Told<Self>, A::Error> {
        passed_over(SeqAccessDeserializer::new(list))
    }

    /// Of an object, if that belongs there; `Odd` only after it is read to its end.
    fn of_object<A: MapAccess<'de>>(object: A) -> Result<Told<Self>, A::Error> {
        passed_over(MapAccessDeserializer::new(object))
    }
}

fn passed_over<'de, D: Deserializer<'de>, T>(deserializer: D) -> Result<Told<T>, D::Error> {
    IgnoredAny::deserialize(deserializer).map(|_| Told::Odd)
}

impl Read<'_> for String {
    fn of_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl<'de, T: Deserialize<'de>> Read<'de> for Vec<T> {
    fn of_list<A: SeqAccess<'de>>(list: A) -> Result<Told<Self>, A::Error> {
        Self::deserialize(SeqAccessDeserializer::new(list)).map(Told::Value)
    }
}

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

impl<'de, T: Read<'de>> Deserialize<'de> for Told<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

struct Any<T>(PhantomData<T>);

impl<'de, T: Read<'de>> Visitor<'de> for Any<T> {
    type Value = Told<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Told<T>, E> {
        Ok(Told::Nothing)
    }

    fn visit_bool<E: de::Error>(self, _: bool) -> Result<Told<T>, E> {
        Ok(Told::Odd)
    }

    fn visit_i64<E: de::Error>(self, _: i64) -> Result<Told<T>, E> {
        Ok(Told::Odd)
    }

    fn visit_u64<E: de::Error>(self, _: u64) -> Result<Told<T>, E> {
        Ok(Told::Odd)
    }

    fn visit_f64<E: de::Error>(self, _: f64) -> Result<Told<T>, E> {
        Ok(Told::Odd)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Told<T>, E> {
        Ok(T::of_text(text).map_or(Told::Odd, Told::Value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Told<T>, A::Error> {
        T::of_list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Told<T>, A::Error> {
        T::of_object(object)
    }
}

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
    pub(crate) url: Told<String>,
    #[serde(rename = "postData", default)]
    pub(crate) post_data: Told<PostData>,
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

    /// The form that its fields make, if there are any; `Odd` if one of them is no field.
    pub(crate) fn form_of_params(&mut self) -> Told<String> {
        let field = |param: Told<Param>| {
            let param = param.value()?;
            let value = match param.value {
                Told::Value(value) => value,
                Told::Nothing => String::new(),
                Told::Odd => return None,
            };
            Some((param.name.value()?, value))
        };
        std::mem::take(&mut self.params).and_then(|params| {
            let pairs: Option<Vec<_>> = params.into_iter().map(field).collect();
            match pairs {
                None => Told::Odd,
                Some(pairs) if pairs.is_empty() => Told::Nothing,
                Some(pairs) => Told::Value(form(&pairs)),
            }
        })
    }
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
