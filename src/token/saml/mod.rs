//! SAML assertions, protocol messages and metadata as they were read: of SAML 2.0, and assertions and Responses of 1.1.
//!
//! Reading is by the order and cardinality of the schemas (saml-schema-assertion-2.0, -protocol-2.0): what a
//! schema has no place for is refused, so no element that another reader might find first is passed over. The
//! places that take any XML (`Advice`, `Extensions`, `StatusDetail`, an attribute's value) are kept as elements
//! and never searched. One liberty: a Signature that is a child of what it signs, but not at its place after
//! the Issuer, is read and [says so](EnvelopedSignature::place); whether that may pass is for the policy.
//!
//! `xsi:type` is never read, as exclusive canonicalization leaves open what its prefix means (T45).
//!
//! Nothing read here is proved. Text is the whole text of its element; [`Interruption::find`] tells where a
//! comment or a processing instruction stood inside.

mod artifact;
mod assertion;
mod binding;
mod conditions;
mod encode;
mod error;
mod interruption;
mod logout;
mod metadata;
mod name_id_management;
mod protocol;
mod protocol_message;
mod query;
mod request;
mod response;
mod saml1;
mod schema;
mod signature;
mod statement;
mod subject;
mod xsi;

pub use artifact::Artifact;
pub use artifact::ArtifactResolve;
pub use artifact::ArtifactResponse;
pub use assertion::Assertion;
pub use assertion::Version;
pub use binding::BindingError;
pub use binding::Decoded;
pub use binding::decode;
pub use conditions::Conditions;
pub use conditions::OneTimeUse;
pub use conditions::ProxyRestriction;
pub use encode::form;
pub use encode::query_string;
pub use encode::signed_query_string;
pub use error::Error;
pub use error::ErrorKind;
pub use interruption::Interruption;
pub use logout::LogoutRequest;
pub use metadata::EntityDescriptor;
pub use metadata::KeyDescriptor;
pub use metadata::KeyUse;
pub use metadata::Metadata;
pub use metadata::Role;
pub use metadata::RoleDescriptor;
pub use name_id_management::ManageNameIdRequest;
pub use name_id_management::NameChange;
pub use protocol::Message;
pub use protocol::Status;
pub use protocol_message::ProtocolMessage;
pub use protocol_message::StatusResponse;
pub use query::MessageParameter;
pub use query::QueryError;
pub use query::QuerySignature;
pub use query::QueryString;
pub(crate) use query::is_answer;
pub(crate) use query::is_message;
pub(crate) use query::is_of_saml;
pub(crate) use query::leniently_decoded;
pub use query::parse as parse_query;
pub use query::parse_artifact;
pub(crate) use query::percent_decoded;
pub(crate) use query::percent_encoded;
pub use request::AuthnRequest;
pub use response::Content;
pub use response::Response;
pub use signature::EnvelopedSignature;
pub use signature::SignaturePlace;
pub use statement::Attribute;
pub use statement::AttributeValue;
pub use statement::AuthnStatement;
pub use subject::Identifier;
pub use subject::Method;
pub use subject::NameId;
pub use subject::Subject;
pub use subject::SubjectConfirmation;
pub use subject::SubjectConfirmationData;
pub use xsi::check_xsi;

#[cfg(test)]
mod tests;
