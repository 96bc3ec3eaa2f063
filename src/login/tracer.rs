use serde::Deserialize;
use serde::de::MapAccess;
use serde::de::SeqAccess;
use serde::de::value::MapAccessDeserializer;
use serde::de::value::SeqAccessDeserializer;

use super::body::begins_as_form;
use super::body::is_in_parts;
use super::recording::Request;
use crate::har::Read;
use crate::har::Told;
use crate::har::form;

/// A request as SAML-tracer has it.
#[derive(Deserialize)]
pub(super) struct Traced {
    #[serde(default)]
    url: Told<String>,
    #[serde(default)]
    post: Told<Posted>,
}

impl<'de> Read<'de> for Traced {
    fn of_object<A: MapAccess<'de>>(object: A) -> Result<Told<Self>, A::Error> {
        Self::deserialize(MapAccessDeserializer::new(object)).map(Told::Value)
    }
}

/// What SAML-tracer has of a body.
enum Posted {
    /// The fields of a form, each a name and its value or its values.
    Fields(Vec<Told<Vec<Told<Field>>>>),
    /// A body that was no form to the browser.
    Text(String),
}

impl<'de> Read<'de> for Posted {
    fn of_text(text: &str) -> Option<Self> {
        Some(Self::Text(text.to_owned()))
    }

    fn of_list<A: SeqAccess<'de>>(list: A) -> Result<Told<Self>, A::Error> {
        let fields = Vec::deserialize(SeqAccessDeserializer::new(list))?;
        Ok(Told::Value(Self::Fields(fields)))
    }
}

/// A name or value, or values of one name.
enum Field {
    One(String),
    Several(Vec<Told<String>>),
}

impl<'de> Read<'de> for Field {
    fn of_text(text: &str) -> Option<Self> {
        Some(Self::One(text.to_owned()))
    }

    fn of_list<A: SeqAccess<'de>>(list: A) -> Result<Told<Self>, A::Error> {
        let several = Vec::deserialize(SeqAccessDeserializer::new(list))?;
        Ok(Told::Value(Self::Several(several)))
    }
}

impl Field {
    /// Its values; `None` if one is no text.
    fn values(self) -> Option<Vec<String>> {
        match self {
            Self::One(value) => Some(vec![value]),
            Self::Several(values) => values.into_iter().map(Told::value).collect(),
        }
    }
}

impl Request {
    /// A request of SAML-tracer; `None` if it does not say to where it was sent, or how.
    pub(super) fn of_traced(traced: Told<Traced>) -> Option<Self> {
        let traced = traced.value()?;
        let form = match traced.post {
            Told::Odd => return None,
            Told::Nothing => None,
            Told::Value(Posted::Text(text)) if is_in_parts(&text) => return None,
            Told::Value(Posted::Text(text)) => Some(text).filter(|text| begins_as_form(text)),
            Told::Value(Posted::Fields(fields)) => Some(form(&pairs(fields)?)),
        };
        Some(Self {
            at: None,
            url: traced.url.value()?,
            form,
            page_holds_message: false,
        })
    }
}

/// Names and values; `None` if one is no text.
fn pairs(fields: Vec<Told<Vec<Told<Field>>>>) -> Option<Vec<(String, String)>> {
    let mut pairs = Vec::with_capacity(fields.len());
    for field in fields {
        let mut field = field.value()?.into_iter();
        let Some(Field::One(name)) = field.next()?.value() else {
            return None;
        };
        for values in field {
            let values = values.value()?.values()?;
            pairs.extend(values.into_iter().map(|value| (name.clone(), value)));
        }
    }
    Some(pairs)
}
