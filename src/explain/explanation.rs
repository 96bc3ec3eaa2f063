use super::value::Origin;
use crate::algorithm::DigestAlgorithm;
use crate::inbound::CoverageLine;
use crate::xml::Position;

/// Why the signatures of a document do not hold, or that they do.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The signatures, in document order.
    pub signatures: Vec<SignatureExplanation>,
    /// What references digest as it was signed, as a tree in document order.
    pub coverage: Vec<CoverageLine>,
    /// Why what is encrypted was not decrypted, if something is.
    pub undecrypted: Option<Undecrypted>,
}

/// Why nothing was decrypted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Undecrypted {
    /// The stable code.
    pub code: &'static str,
    /// What it means here, for people.
    pub message: String,
}

/// In which form of the message something is as it is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// As it was received.
    Received,
    /// With plaintext in the place of ciphertext.
    Decrypted,
}

impl Form {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Decrypted => "decrypted",
        }
    }
}

/// What was found out about one signature.
#[derive(Clone, Debug, PartialEq)]
pub struct SignatureExplanation {
    /// Path of the `ds:Signature`.
    pub path: String,
    /// Where it stands.
    pub position: Position,
    /// Where that is so.
    pub form: Form,
    /// Its value.
    pub value: ValueExplanation,
    /// Its references, in order.
    pub references: Vec<ReferenceExplanation>,
}

/// What was found out about one Reference.
#[derive(Clone, Debug, PartialEq)]
pub struct ReferenceExplanation {
    /// The `URI` as written.
    pub uri: String,
    /// Path of the element that it resolves to, or `cid:` and the Content-ID of the attachment; `None` if there is none.
    pub element: Option<String>,
    /// What was digested.
    pub form: Form,
    /// The name of the digest algorithm.
    pub digest_algorithm: &'static str,
    /// The digest that was signed.
    pub expected: Vec<u8>,
    /// The digest that was computed; `None` where there is nothing to digest.
    pub actual: Option<Vec<u8>>,
    /// What was digested; empty where there is nothing to digest, and for attachments, which may be long.
    pub octets: Vec<u8>,
    /// Why they differ, the best answer first; empty if they do not.
    pub causes: Vec<Finding>,
    /// What the digest that was signed is of, and by which algorithm, where that was found.
    pub(super) signed: Option<(DigestAlgorithm, Vec<u8>)>,
}

impl ReferenceExplanation {
    /// Whether something is proved to be why it does not match.
    pub(super) fn is_proved(&self) -> bool {
        let best = self.causes.first();
        best.is_some_and(|best| best.certainty == Certainty::Proved)
    }

    /// Whether it was encrypted after signing, so that nobody knows without the key.
    pub fn is_encrypted(&self) -> bool {
        self.causes
            .iter()
            .any(|finding| finding.cause == Cause::Encrypted)
    }

    /// Whether the digests are the same.
    pub fn is_match(&self) -> bool {
        self.actual.as_ref() == Some(&self.expected)
    }
}

/// What was found out about a SignatureValue.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueExplanation {
    /// The URI of the signature algorithm.
    pub algorithm: &'static str,
    /// Whose key made the value; `None` if it does not hold, or no key is at hand.
    pub key: Option<String>,
    /// Names of the keys that were tried.
    pub tried: Vec<String>,
    /// SignedInfo in the canonical octets that were signed.
    pub octets: Vec<u8>,
    /// Why it does not hold, the best answer first; empty if it does, or no key is at hand.
    pub causes: Vec<Finding>,
    /// How it came about.
    pub(super) origin: Origin,
}

impl ValueExplanation {
    /// Whether it holds with the key that the signature means.
    pub fn holds(&self) -> bool {
        self.key.is_some() && self.causes.is_empty()
    }
}

impl Explanation {
    /// Whether it tells of what came encrypted.
    pub fn is_of_plaintext(&self) -> bool {
        let mut signatures = self.signatures.iter();
        signatures.any(|signature| {
            let mut references = signature.references.iter();
            signature.form == Form::Decrypted || references.any(|reference| reference.form == Form::Decrypted)
        })
    }

    /// Whether there are signatures and all of them hold.
    pub fn holds(&self) -> bool {
        !self.signatures.is_empty() && self.signatures.iter().all(SignatureExplanation::holds)
    }
}

impl SignatureExplanation {
    /// Whether its value and all its references hold.
    pub fn holds(&self) -> bool {
        self.value.holds() && self.references.iter().all(ReferenceExplanation::is_match)
    }
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What happened.
    pub cause: Cause,
    /// What exactly, for people.
    pub detail: String,
    /// How sure that is.
    pub certainty: Certainty,
    /// The number of its answer, from 1: the reasons of one answer happened together, and each answer explains it all.
    pub group: usize,
}

impl Finding {
    /// A reason that is an answer by itself, and the only one.
    pub(super) fn only(cause: Cause, detail: impl Into<String>, certainty: Certainty) -> Self {
        Self {
            cause,
            detail: detail.into(),
            certainty,
            group: 1,
        }
    }
}

/// How sure a reason is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// Undoing it makes the digest or the signature match.
    Proved,
    /// What is seen suggests it, and nothing was found that proves it.
    Likely,
}

impl Certainty {
    /// Its name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proved => "proved",
            Self::Likely => "likely",
        }
    }
}

macro_rules! causes {
    ($($(#[$doc:meta])* $variant:ident = $name:literal;)*) => {
        /// What makes a signature fail.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Cause {
            $($(#[$doc])* $variant,)*
        }

        impl Cause {
            /// Its stable name.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

impl Cause {
    /// Whether it may well have happened twice: elements and attributes are put in and taken out one by one.
    pub(super) const fn is_of_structure(self) -> bool {
        matches!(
            self,
            Self::ElementInserted | Self::ElementRemoved | Self::AttributeInserted | Self::AttributeRemoved
        )
    }
}

causes! {
    /// Line ends are others than where it was signed.
    LineEndings = "line_endings";
    /// White space was added, removed or changed, as by pretty-printing.
    Whitespace = "whitespace";
    /// A line end stands at the end, or no longer does.
    TrailingNewline = "trailing_newline";
    /// A byte order mark was signed, or added.
    ByteOrderMark = "byte_order_mark";
    /// The signer digested another character encoding.
    CharacterEncoding = "character_encoding";
    /// A namespace prefix was renamed.
    PrefixRenamed = "prefix_renamed";
    /// A namespace declaration was added, removed or moved.
    NamespaceDeclaration = "namespace_declaration";
    /// The signer canonicalized by another method than the message names.
    CanonicalizationMethod = "canonicalization_method";
    /// The signer had another PrefixList.
    PrefixList = "prefix_list";
    /// Comments were signed, or added.
    Comments = "comments";
    /// Characters are escaped in another way.
    Escaping = "escaping";
    /// The signer digested the bytes as they stood, without canonicalization.
    RawBytes = "raw_bytes";
    /// The signer used another digest algorithm than the message names.
    DigestAlgorithm = "digest_algorithm";
    /// Base64 text is broken into lines in another way.
    Base64LineBreaks = "base64_line_breaks";
    /// An element was put in after signing.
    ElementInserted = "element_inserted";
    /// An element was taken out after signing.
    ElementRemoved = "element_removed";
    /// An attribute was put in after signing.
    AttributeInserted = "attribute_inserted";
    /// An attribute was taken out after signing.
    AttributeRemoved = "attribute_removed";
    /// The reference now resolves to another element than the one that was signed.
    IdMoved = "id_moved";
    /// What was signed was encrypted afterwards, and was not decrypted here.
    Encrypted = "encrypted";
    /// The content is another one.
    ContentChanged = "content_changed";
    /// The value was made with another key than the signature means.
    WrongKey = "wrong_key";
    /// The value was made with another hash, or another scheme, than SignatureMethod says.
    HashMismatch = "hash_mismatch";
    /// SignedInfo was written anew after signing.
    SignedInfoReserialized = "signed_info_reserialized";
    /// SignedInfo says something else than what was signed.
    SignedInfoChanged = "signed_info_changed";
    /// The value is encoded in another way than XML Signature has it.
    SignatureEncoding = "signature_encoding";
    /// The value is no signature by any key at hand.
    ValueDamaged = "value_damaged";
}
