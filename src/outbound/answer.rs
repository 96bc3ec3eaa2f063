use chrono::DateTime;
use chrono::Utc;

use super::error::Error;
use super::seal::Exchange;
use crate::crypto::Turn;
use crate::inbound::Gate;
use crate::inbound::Received;
use crate::inbound::Request;
use crate::relay::Reply;
use crate::relay::ReplyContent;
use crate::soap::attachment::Attachments;

/// What a backend that signs has answered, of nothing but what it signed: `gate` judges it as the answer to the request of `exchange`. Nothing at all is an answer only where the operation has none.
///
/// # Errors
///
/// [`Error::Refused`] as the gate refuses it, [`Error::NotSigned`] if there is nothing that could be signed.
pub fn verified_answer(
    reply: Reply,
    exchange: &Exchange,
    gate: &Gate,
    now: DateTime<Utc>,
) -> Result<Reply, Error> {
    let (status, bytes, attachments) = match reply.into_content() {
        ReplyContent::Envelope {
            status,
            bytes,
            attachments,
        } => (status, bytes, attachments),
        // Nothing was asked for, and nothing is said.
        ReplyContent::OneWay => return Ok(Reply::new(ReplyContent::OneWay)),
        ReplyContent::Nothing => return Err(Error::NotSigned),
    };
    let received = Received {
        version: Some(exchange.version),
        attachments,
        request: Some(Request {
            signature_values: exchange.signature_values.clone(),
            signatures: exchange.signatures,
            message_id: exchange.message_id.as_ref().map(|(_, id)| id.clone()),
        }),
        // Its request is used up.
        turn: Turn::First,
        ..Received::from(bytes)
    };
    let verified = gate.verify(received, now);
    let verified = verified.map_err(|rejection| Error::Refused(Box::new(rejection)))?;
    if !verified.attachments().is_empty() {
        return Err(Error::Attachments);
    }
    Ok(Reply::new(ReplyContent::Envelope {
        status,
        bytes: verified.envelope().into(),
        attachments: Attachments::default(),
    }))
}
