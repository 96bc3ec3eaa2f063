//! A small set over a closed enum.

use std::fmt;
use std::marker::PhantomData;

/// A type whose every value is known, at most 64 of them.
pub trait SetMember: Copy + PartialEq + 'static {
    /// Every value, each once.
    const MEMBERS: &'static [Self];
}

/// A set of such values as one machine word: membership costs next to nothing. Written as a list of names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Set<T> {
    bits: u64,
    members: PhantomData<T>,
}

impl<T: SetMember> Set<T> {
    /// The set of nothing.
    pub const EMPTY: Self = Self {
        bits: 0,
        members: PhantomData,
    };

    /// The set of every value.
    pub fn all() -> Self {
        T::MEMBERS.iter().copied().collect()
    }

    /// Whether `member` is in it.
    pub fn contains(self, member: T) -> bool {
        self.bits & bit(member) != 0
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.bits == 0
    }

    /// This set and `member`.
    pub fn with(self, member: T) -> Self {
        Self {
            bits: self.bits | bit(member),
            members: PhantomData,
        }
    }

    /// What is in either.
    pub const fn union(self, other: Self) -> Self {
        Self {
            bits: self.bits | other.bits,
            members: PhantomData,
        }
    }

    /// What is in it, in the order of declaration.
    pub fn iter(self) -> impl Iterator<Item = T> {
        T::MEMBERS
            .iter()
            .copied()
            .filter(move |&member| self.contains(member))
    }
}

/// The bit of `member`; 0, which is in no set, if the type has forgotten to list it.
fn bit<T: SetMember>(member: T) -> u64 {
    let index = T::MEMBERS.iter().position(|&other| other == member);
    index
        .and_then(|index| u32::try_from(index).ok())
        .and_then(|index| 1_u64.checked_shl(index))
        .unwrap_or(0)
}

impl<T: SetMember> Default for Set<T> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<T: SetMember> FromIterator<T> for Set<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        members.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl<T: SetMember, const N: usize> From<[T; N]> for Set<T> {
    fn from(members: [T; N]) -> Self {
        members.into_iter().collect()
    }
}

impl<T: SetMember + fmt::Debug> fmt::Debug for Set<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl<T: SetMember + serde::Serialize> serde::Serialize for Set<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de, T: SetMember + serde::Deserialize<'de>> serde::Deserialize<'de> for Set<T> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<T>::deserialize(deserializer)?.into_iter().collect())
    }
}

impl<T: SetMember + schemars::JsonSchema> schemars::JsonSchema for Set<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("SetOf{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let items = generator.subschema_for::<T>();
        schemars::json_schema!({ "type": "array", "items": items, "uniqueItems": true })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;
    use crate::algorithm::DigestAlgorithm as Digest;
    use crate::algorithm::ReferenceForm;
    use crate::algorithm::SignatureAlgorithm;
    use crate::algorithm::TransformAlgorithm;

    #[test]
    fn every_member_has_a_bit_of_its_own() {
        fn check<T: SetMember>() {
            let bits: std::collections::BTreeSet<u64> = T::MEMBERS.iter().map(|&m| bit(m)).collect();
            assert_eq!(bits.len(), T::MEMBERS.len());
            assert!(!bits.contains(&0));
        }
        check::<Digest>();
        check::<SignatureAlgorithm>();
        check::<TransformAlgorithm>();
        check::<ReferenceForm>();
    }

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let set = Set::from([Digest::Sha512, Digest::Sha256]);
        assert!(set.contains(Digest::Sha256));
        assert!(!set.contains(Digest::Sha1));
        assert_eq!(set.iter().collect::<Vec<_>>(), [Digest::Sha256, Digest::Sha512]);
        assert!(Set::<Digest>::EMPTY.is_empty());
        assert_eq!(Set::<Digest>::all().iter().count(), Digest::ALL.len());
        assert_eq!(set.union(Set::from([Digest::Sha1])).iter().count(), 3);
    }

    #[test]
    fn it_is_written_as_a_list_of_names() {
        let set = Set::from([Digest::Sha512, Digest::Sha256]);
        assert_eq!(serde_json::to_string(&set).unwrap(), r#"["sha256","sha512"]"#);
        assert_eq!(
            serde_json::from_str::<Set<Digest>>(r#"["sha512","sha256","sha256"]"#).unwrap(),
            set
        );
        assert!(serde_json::from_str::<Set<Digest>>(r#"["md5"]"#).is_err());
    }
}
