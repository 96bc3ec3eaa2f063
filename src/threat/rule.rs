use super::modes::Mode;

/// What a rule is about.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// Messages that are refused in any case, each of which it names.
    Refusal,
    /// Many such messages from one address, where one alone may be a mistake.
    Burst,
    /// What stands in messages that were verified.
    Content,
}

macro_rules! rules {
    ($($kind:ident { $($rule:ident, $code:literal, $mode:ident, $about:literal;)* })*) => {
        /// A threat with a name.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        #[non_exhaustive]
        pub enum Rule {
            $($(#[doc = concat!("`", $code, "`: ", $about, ".")] $rule,)*)*
        }

        impl Rule {
            const ALL: &'static [Self] = &[$($(Self::$rule,)*)*];

            /// The stable code, `threat.<name>`.
            pub const fn code(self) -> &'static str {
                match self {
                    $($(Self::$rule => $code,)*)*
                }
            }

            /// What it is about.
            pub const fn kind(self) -> Kind {
                match self {
                    $($(Self::$rule)|* => Kind::$kind,)*
                }
            }

            /// What it does where nothing is said.
            pub const fn default_mode(self) -> Mode {
                match self {
                    $($(Self::$rule => Mode::$mode,)*)*
                }
            }

            /// What it means, in a few words.
            pub const fn about(self) -> &'static str {
                match self {
                    $($(Self::$rule => $about,)*)*
                }
            }
        }
    };
}

rules! {
    Refusal {
        SignatureWrapping, "threat.signature_wrapping", Observe, "what is signed stands elsewhere than what is read";
        DoubledEnvelope, "threat.doubled_envelope", Observe, "a part of the envelope twice, or where it does not belong";
        AssertionWrapping, "threat.assertion_wrapping", Observe, "an assertion or its signature where another reader would take another one";
        DuplicateIdentifier, "threat.duplicate_identifier", Observe, "an ID that may mean two elements";
        SignatureStripping, "threat.signature_stripping", Observe, "the signature that has to be there is not";
        SpoofedAction, "threat.spoofed_action", Observe, "transport, addressing and Body ask for different things";
        SpoofedAddressing, "threat.spoofed_addressing", Observe, "addressing that leads elsewhere, or can be read in two ways";
        OversizedMessage, "threat.oversized_message", Observe, "longer than a limit";
        DeepNesting, "threat.deep_nesting", Observe, "nested more deeply than a limit";
        AttributeFlood, "threat.attribute_flood", Observe, "more attributes than a limit, or one twice";
        NamespaceFlood, "threat.namespace_flood", Observe, "more namespace declarations than a limit";
        ReferenceAmplification, "threat.reference_amplification", Observe, "a short signature that would cause much work";
        DocumentType, "threat.document_type", Observe, "a DOCTYPE or an entity of one";
        EncodingConfusion, "threat.encoding_confusion", Observe, "an encoding or version that another reader would read otherwise";
        TextTruncation, "threat.text_truncation", Observe, "a comment or element in a text, where another reader would stop";
        MultipartConfusion, "threat.multipart_confusion", Observe, "parts of a message that can be told apart in two ways";
        AlgorithmDowngrade, "threat.algorithm_downgrade", Observe, "an algorithm or key that is weaker than is allowed";
        ExternalReference, "threat.external_reference", Observe, "a reference or transform that would fetch or run something";
        EmbeddedKey, "threat.embedded_key", Observe, "a message that brings the key it wants to be verified with";
        DecryptionOracle, "threat.decryption_oracle", Observe, "a ciphertext as those send that try what the answer tells";
    }
    Burst {
        ReplayBurst, "threat.replay_burst", Observe, "many messages from one address that were used before";
        StrangerKeyBurst, "threat.stranger_key_burst", Observe, "many signatures from one address by keys that nobody trusts";
        PasswordGuessing, "threat.password_guessing", Observe, "many wrong passwords from one address";
        TamperingBurst, "threat.tampering_burst", Observe, "many messages from one address that were changed after they were signed";
    }
    Content {
        SqlPattern, "threat.sql_pattern", Observe, "a value that ends a string of SQL and goes on in SQL";
        ScriptPattern, "threat.script_pattern", Observe, "a value that a browser would run";
        PathTraversal, "threat.path_traversal", Observe, "a value that leads out of a folder";
        ExpressionInjection, "threat.expression_injection", Observe, "a value that a logger or template would evaluate, as ${jndi:";
        RequestForgery, "threat.request_forgery", Observe, "a value that is an address of a kind to attack servers from inside";
        EmbeddedEntity, "threat.embedded_entity", Observe, "a value that is XML with entities, for whoever parses it";
        SchemaPoisoning, "threat.schema_poisoning", Observe, "xsi:schemaLocation, which some readers fetch";
        ExternalInclusion, "threat.external_inclusion", Block, "XInclude, which some readers follow";
        OversizedValue, "threat.oversized_value", Observe, "a text of more than 65,536 bytes";
        NestedContent, "threat.nested_content", Observe, "content of more than 32 levels";
        SiblingFlood, "threat.sibling_flood", Observe, "an element with more than 10,000 children";
        AttributeLoad, "threat.attribute_load", Observe, "an element of the content with more than 64 attributes";
    }
}

impl Rule {
    /// All rules, by kind.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied()
    }

    /// Its name in configurations and reports.
    pub fn name(self) -> &'static str {
        self.code().strip_prefix("threat.").unwrap_or_default()
    }

    /// The rule of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|rule| rule.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_found_by_its_name() {
        assert!(Rule::all().all(|rule| Rule::named(rule.name()) == Some(rule)));
        assert!(Rule::all().all(|rule| !rule.name().is_empty() && !rule.about().is_empty()));
        assert_eq!(Rule::named("sql"), None);
    }
}
