use std::cmp::Ordering;
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

    /// Of a number, by how it compares with 0, if that belongs there.
    fn of_number(_: Ordering) -> Option<Self> {
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

/// A number, of which no more is of interest.
impl Read<'_> for Ordering {
    fn of_number(number: Ordering) -> Option<Self> {
        Some(number)
    }
}

impl<'de, T: Deserialize<'de>> Read<'de> for Vec<T> {
    fn of_list<A: SeqAccess<'de>>(list: A) -> Result<Told<Self>, A::Error> {
        Self::deserialize(SeqAccessDeserializer::new(list)).map(Told::Value)
    }
}

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

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Told<T>, E> {
        Ok(told(T::of_number(number.cmp(&0))))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Told<T>, E> {
        Ok(told(T::of_number(number.cmp(&0))))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Told<T>, E> {
        Ok(told(number.partial_cmp(&0.0).and_then(T::of_number)))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Told<T>, E> {
        Ok(told(T::of_text(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Told<T>, A::Error> {
        T::of_list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<Told<T>, A::Error> {
        T::of_object(object)
    }
}

fn told<T>(read: Option<T>) -> Told<T> {
    read.map_or(Told::Odd, Told::Value)
}
