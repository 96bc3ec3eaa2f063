//! Messages of several parts: MTOM and SOAP with Attachments.
//!
//! | | MTOM (XOP) | SOAP with Attachments |
//! |---|---|---|
//! | `type` in the Content-Type | `application/xop+xml`, and `start-info` | `text/xml` or `application/soap+xml` |
//! | what an attachment is | content of the envelope, which stands beside it to save the base64 | something of its own |
//! | what signs it | the signature over the element that it belongs into | a Reference to its `cid:` URI, with the Attachment-Content or Attachment-Complete transform |
//! | profiles | all | `bsp11`, `legacy-2004`, `archive-verify` |
//!
//! # On a gateway
//!
//! A route takes none unless it says `attachments = "signed"`: a request with parts gets HTTP status 415, counted as `http.attachments`.
//! `[route.limits]` has `attachments` (16) and `attachment_bytes` (10 MiB, up to 1 GiB) of each, as it comes and in its canonical form, which may be longer. Up to
//! 64 KiB of an attachment wait in memory, and longer ones in a file without a name in `spool_folder`; of all at a time `spool_bytes` (1 GiB), of which a message
//! takes what came or what is kept of it, whichever is more. Beyond that messages get 503, and on a full disk 500. The
//! time for a request, `body_seconds`, and for the backend, `answer_seconds`, have to be long enough for the longest. The backend gets the envelope and the attachments
//! in a `multipart/related` that is written anew.
//!
//! Answers of such a route may have parts too, under the same limits and read in the same way, whether or not the request had any. What an
//! `xop:Include` in an answer stands for is put in its place and signed there. Attachments are signed with the Attachment-Content transform, in a
//! Reference each, and sent in the canonical form that was signed; of their headers, which nobody signs, Content-Type, Content-Disposition and Content-ID go
//! along. What cannot be taken is `relay.parts` in the log, and a fault for the client. The backend learns by `Accept` that it may answer so.
//!
//! # What is read
//!
//! `multipart/related` (RFC 2387), in one way only. What two readers could take apart in two ways is refused, with the code that
//! [`codes`](super::codes) explains:
//!
//! * The first part is the envelope; a `start` parameter has to name it. Nothing stands before the first boundary (but a line end) and
//!   nothing after the last (but a line end). The last one must be there.
//! * A boundary stands in a line of its own that ends in CRLF, without white space after it. A line that begins like one and is none is
//!   refused, whatever ends the line before it.
//! * A part has a header of printable ASCII, at most 8 KiB, with a Content-Type and no field twice. An attachment has a Content-ID, and
//!   no two parts have the same, whatever its case.
//! * No parameter of the Content-Type of the message or of its envelope is in the form of RFC 2231 (`boundary*=`), and none has a backslash before a
//!   character that needs none: not all readers know the one, and not all take the other away.
//! * Bytes stand as they are: `binary`, `8bit` or `7bit`. `base64` and `quoted-printable` are not read. No part has parts.
//!
//! # MTOM
//!
//! Each `xop:Include` is replaced by the base64 of its part before anything is verified; the signature was made over that. It stands alone
//! in its element, has nothing but an `href`, and that is the `cid:` URI of a part of this message which no other Include names. A part that
//! no Include names is refused, and so is an Include in a message that is no XOP package. Nothing is ever fetched. The envelope with
//! everything in its place may be as long as a message may be. The backend gets it like that, as plain XML and not as MTOM.
//!
//! # SOAP with Attachments
//!
//! Content goes to a spool as it comes, in canonical form, and a gateway digests it on the way if the value of the
//! signature over it holds with a trusted key: text with CRLF at the end of each line, XML in exclusive canonical form (and
//! so no longer than a message may be), all else as it is. Nobody gets any of it before the verdict, and then exactly these octets. All this happens before
//! anything is verified, for anybody, under the limits above: see [`threat_model`](super::threat_model).
//!
//! What a prefix means that only a value uses (`xsi:type="x:T"`) is not in the canonical form, so that anybody could change it: XML with such a value is
//! refused. Comments and the XML declaration are not signed either, and the backend does not get them.
//!
//! The signature over the Body has to cover each attachment; a policy asks for that by `attachments` under `signed`, and what is not
//! signed is never relayed. Under Attachment-Complete the canonical header fields are signed, and the backend gets Content-Type,
//! Content-Disposition and Content-ID of them, or all of them where it verifies them again (`security_header = "keep"`). Under Attachment-Content nobody signed a header: the backend gets
//! `application/octet-stream`, and the Content-ID that the signature names. Comments, encoded words, encoded parameters and backslashes in
//! a header have no form that all readers agree on, so Attachment-Complete refuses them. Attachments go to the backend in the order of the
//! References to them.
//!
//! # Encrypted attachments
//!
//! SwA Profile 1.1 §5.5: an `xenc:EncryptedData` in the Security header for us, of the Type Attachment-Content-Only or Attachment-Complete, whose
//! CipherReference names a part of the message by its `cid:` URI, with the Attachment-Ciphertext transform. It takes a key, as other encryption
//! does: `[[route.decryption]]`, `--key`, `--secret-key`. A policy asks for it by `attachments` under `encrypted`.
//!
//! * Of Content-Only the header of the part stays, with the `MimeType` of the EncryptedData, which has to be there and has 8 KiB at most, in the place of its Content-Type. Of
//!   Complete it is the one that was encrypted; a MimeType has to agree with it.
//! * Signed first and encrypted then, the signature is verified over the plaintext in its canonical form. Encrypted first, it is verified over the
//!   ciphertext, and has to cover the EncryptedData too: with another Type or MimeType the same ciphertext is something else. What neither covers is not
//!   signed (T81).
//! * A stack that encrypts first and signs `cid:Attachments` alone signs no EncryptedData, so its messages are refused as `policy.attachment_not_signed`:
//!   name `{Element}{http://www.w3.org/2001/04/xmlenc#}EncryptedData` among its signature parts, or let it sign first. No other stack's encrypted attachments were
//!   tried: WSS4J 1.6, gSOAP, zeep and node `soap` make none.
//! * An AES-GCM ciphertext is read twice: until its tag has been found right nothing of the plaintext is kept, not even in the spool. CBC proves nothing, and is
//!   decrypted only where a signature covers the ciphertext, the EncryptedData and its key (T78).
//! * Of the keys that may be the one of an attachment 4 are tried at most. All this happens for anybody who can encrypt to us, before their signature
//!   is verified, as with all that is encrypted; `attachment_bytes` says how much it can be.
//! * Whatever is wrong with a ciphertext is `xmlenc.decryption_failed`, and what it holds that is no attachment is `xmlenc.plaintext`; of CBC both look the same.
//!
//! # On the command line
//!
//! `verify`, `inspect`, `explain`, `bench` and `policy infer` and `diff` take a file that begins with a header of MIME, as HTTP traces and mail have it;
//! for a body alone `--content-type` says what the header said. `bench` takes the message apart each time, and `explain` says of an attachment whether its
//! content, its header, its line ends or its place is not what was signed. `decrypt` of such a file writes one, with plaintext where ciphertext was in the
//! envelope and the attachments; the EncryptedData of attachments stay, as they say what was done.
//!
//! # Memory
//!
//! It does not grow with attachments: `sealgate verify` needs 22 MiB at its peak for one of 250 MB, and `cargo test --test gateway 250_mb` holds it
//! under 64 MiB. No attachment is digested for a signature whose value does not hold with a trusted key (T74). A gateway knows that when the envelope has come, and
//! digests the attachments as they follow; what it cannot know by then (an encrypted signature, the key of an assertion), and everything on the command line,
//! is read once more from the file.
