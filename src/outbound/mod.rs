//! Answers: what a backend says goes out signed, bound to the request, or not at all.
//!
//! [`Sealer::seal`] reads the answer as strictly as a request, puts a Security header into it and signs the Body, those header
//! blocks that the route has signed, the Timestamp, a SignatureConfirmation for each signature of the request (WSS 1.1 §8.5) and `wsa:RelatesTo`, so that no
//! answer can be taken for the answer to something else (T119). Everything but what is put in stays byte for byte as the backend wrote it.
//! Where a route asks for it, the content of the Body is then encrypted to the certificate that signed the request.
//! The content of attachments is signed too (SwA Profile 1.1 §5.4.2), and is sent in the canonical form that was.

mod attachment;
mod answer;
mod error;
mod form;
mod relates_to;
mod seal;

pub use answer::verified_answer;
pub use error::Error;
pub use form::AnswerEncryption;
pub use form::AnswerForm;
pub use form::CertificateName;
pub use form::SignedHeaders;
pub use form::SignerReference;
pub use seal::Exchange;
pub use seal::SealedBody;
pub use seal::SealedReply;
pub use seal::Sealer;

#[cfg(test)]
mod tests;
