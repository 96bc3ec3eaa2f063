//! Every code that a refusal can carry.
//!
//! A code is a stage, a dot and a reason, and stable: scripts may rely on it. Where a budget ran out the first word is `limit`, and the
//! stage that it hit stands beside it. The message of a refusal gives the values that did not match and may change.
//!
//! # Reading XML
//!
//! | code | meaning |
//! |---|---|
//! | `xml.ambiguous_id` | an element has two ID attributes, or one that another reader may take for its ID |
//! | `xml.declaration` | the XML declaration is not as XML 1.0 has it |
//! | `xml.dtd` | there is a DOCTYPE |
//! | `xml.duplicate_attribute` | two attributes of one element have the same expanded name |
//! | `xml.duplicate_id` | two elements carry the same ID, of whatever kind |
//! | `xml.element_in_text` | an element stands where only text may |
//! | `xml.empty` | there is no element |
//! | `xml.encoding` | the input is not UTF-8, or says it is not |
//! | `xml.forbidden_character` | a character that XML does not allow |
//! | `xml.malformed` | not well-formed; the message says how |
//! | `xml.mismatched_tag` | an end tag that closes another element |
//! | `xml.no_such_element` | `--element` names an element that is not there |
//! | `xml.no_such_id` | `--id` names an ID that no element carries |
//! | `xml.reference` | a reference to an entity that is not predefined, or to a forbidden character |
//! | `xml.relative_namespace` | a namespace name in signed content is a relative reference |
//! | `xml.reserved_prefix` | `xml` or `xmlns` is bound otherwise, or a prefix is undeclared |
//! | `xml.trailing_content` | something follows the root element |
//! | `xml.unbound_prefix` | a prefix has no declaration |
//! | `xml.version` | another version than 1.0 |
//!
//! # Limits
//!
//! | code | more than allowed of |
//! |---|---|
//! | `limit.archive` | messages in one file of an archive, against its bytes: the others were not read |
//! | `limit.attachment_bytes` | bytes of one attachment |
//! | `limit.attachments` | attachments of a message |
//! | `limit.attribute_value` | bytes in an attribute's value |
//! | `limit.attributes` | attributes of one element |
//! | `limit.bytes` | bytes of the message |
//! | `limit.certificate` | bytes of a certificate |
//! | `limit.certificate_path` | certificates in a path that a message carries |
//! | `limit.depth` | levels of elements |
//! | `limit.digested` | octets digested for one signature, against the message's length |
//! | `limit.elements` | elements |
//! | `limit.encrypted_data` | EncryptedData elements |
//! | `limit.encrypted_keys` | EncryptedKey elements |
//! | `limit.header` | bytes of the HTTP header |
//! | `limit.ids` | IDs |
//! | `limit.inflated` | bytes that come out of DEFLATE |
//! | `limit.issuer_keys` | keys of one role in SAML metadata |
//! | `limit.messages` | SAML messages in a recording |
//! | `limit.name` | bytes of a name |
//! | `limit.namespaces` | declarations on one element |
//! | `limit.namespaces_in_scope` | prefixes bound at one place |
//! | `limit.part_header` | bytes in the header of one attachment |
//! | `limit.path_building` | work to build a certificate path |
//! | `limit.prefixes` | prefixes in a PrefixList |
//! | `limit.references` | references of a signature |
//! | `limit.schema` | time to validate a Body, or bytes of a value where the schema has patterns that can be tried in many ways |
//! | `limit.signatures` | signatures in a Security header |
//! | `limit.transforms` | transforms of a reference |
//!
//! # SOAP
//!
//! | code | meaning |
//! |---|---|
//! | `soap.action` | SOAPAction, or the `action` parameter, is no quoted URI |
//! | `soap.addressing` | a WS-Addressing header that can be read in two ways |
//! | `soap.addressing_duplicate` | a WS-Addressing header stands twice |
//! | `soap.addressing_mixed` | headers of two versions of WS-Addressing |
//! | `soap.body_missing` | no Body |
//! | `soap.charset` | another charset than UTF-8; of an attachment that is signed in a canonical form, one that this form is not in: of XML any but UTF-8, and US-ASCII if something in it is not; of text one in which CR and LF are no octets of their own |
//! | `soap.content_id` | a Content-ID that is missing, malformed or used twice |
//! | `soap.content_type` | no media type of SOAP, or of another version than the Envelope; of several parts, without `boundary`, `type` or, for XOP, `start-info`; with a parameter that two readers could read in two ways |
//! | `soap.encoding_style` | encodingStyle on Envelope, Header or Body |
//! | `soap.header_order` | the Header after the Body |
//! | `soap.multipart` | parts that cannot be told apart in one way: see [`attachments`](super::attachments) |
//! | `soap.multiple_bodies` | two Bodies |
//! | `soap.multiple_headers` | two Headers |
//! | `soap.must_understand` | a header block for us that must be understood is not |
//! | `soap.nested_envelope` | an Envelope inside |
//! | `soap.nested_multipart` | a part that has parts itself |
//! | `soap.not_an_envelope` | the root is no Envelope |
//! | `soap.part_header` | the header of a part can be read in two ways, or has no Content-Type |
//! | `soap.reply_to` | answers are wanted elsewhere |
//! | `soap.root_part` | the first part is not the envelope that was announced |
//! | `soap.spool` | attachments cannot be kept, which says nothing about the message |
//! | `soap.text` | text between the parts of an Envelope |
//! | `soap.transfer_encoding` | a Content-Transfer-Encoding other than binary, 8bit and 7bit |
//! | `soap.unexpected_element` | an element that an Envelope does not have |
//! | `soap.unqualified_header` | a header block without namespace |
//! | `soap.version` | neither SOAP 1.1 nor 1.2 |
//! | `soap.xop_include` | an `xop:Include` that stands for no part of this message, for one that has another place, or where none may stand; or a part that none stands for |
//!
//! # The Security header
//!
//! | code | meaning |
//! |---|---|
//! | `wss.already_secured` | a message to sign has a Security header for the same receiver |
//! | `wss.attribute` | an attribute that an element of the header does not have |
//! | `wss.data_reference` | a DataReference that leads to nothing that is encrypted to us |
//! | `wss.header_missing` | no Security header for us |
//! | `wss.key_info` | a KeyInfo with more than one child, or one that is not read |
//! | `wss.multiple_headers` | two Security headers for one receiver |
//! | `wss.multiple_username_tokens` | two UsernameTokens in one Security header |
//! | `wss.encrypted_data` | an EncryptedData that no EncryptedKey lists, and that says of no key itself, which the Basic Security Profile forbids |
//! | `wss.encrypted_key` | an EncryptedKey says a Type, MimeType, Encoding or Recipient, which the Basic Security Profile forbids |
//! | `wss.no_key_identifier` | a certificate to sign with has no subject key identifier to name it by |
//! | `wss.part` | a part to sign is not there |
//! | `wss.signature_confirmation` | a SignatureConfirmation that is not as WSS 1.1 §8.5 has it |
//! | `wss.secure_conversation` | a DerivedKeyToken or SecurityContextToken of WS-SecureConversation, which is not read |
//! | `wss.text` | text between items |
//! | `wss.timestamp_expired` | the Timestamp has ended |
//! | `wss.timestamp_future` | the Timestamp is from the future |
//! | `wss.timestamp_invalid` | the Timestamp is not as WSS 1.1 §10 and the Basic Security Profile have it |
//! | `wss.timestamp_missing` | no Timestamp where one is asked for |
//! | `wss.timestamp_multiple` | two Timestamps |
//! | `wss.token_reference` | a SecurityTokenReference that leads to no token of this header |
//! | `wss.unknown_encrypted_key` | EncryptedKeySHA1 of a key that is not in the message; keys of earlier messages are not remembered |
//! | `wss.unknown_item` | an item that is not known |
//! | `wss.unlisted_encryption` | something is encrypted that the Security header does not list, where there is a key for what is encrypted |
//! | `wss.unsupported_encryption` | encrypted keys of nothing, or encrypted content in a form that is not read |
//!
//! # XML Signature
//!
//! | code | meaning |
//! |---|---|
//! | `dsig.algorithm_not_permitted` | the policy does not allow the algorithm |
//! | `dsig.attachment_header` | the header of a signed attachment can be read in two ways |
//! | `dsig.attachment_unreadable` | an attachment that was kept cannot be read again, which says nothing about the message |
//! | `dsig.digest_mismatch` | what a Reference means was changed, or canonicalized otherwise |
//! | `dsig.duplicate_reference` | two References to the same |
//! | `dsig.empty` | the transforms leave nothing to digest |
//! | `dsig.empty_secret` | the shared secret is empty |
//! | `dsig.encoding` | not base64 |
//! | `dsig.hmac_truncated` | an HMACOutputLength that the policy does not allow, or below the floor |
//! | `dsig.key_mismatch` | the algorithm does not work with this kind of key |
//! | `dsig.key_missing` | nothing says which key made the signature |
//! | `dsig.key_value` | the signature brings its own key |
//! | `dsig.key_weak` | the key is too short to sign with |
//! | `dsig.missing` | nothing is signed |
//! | `dsig.not_for_signing` | an algorithm that is only verified, never signed with |
//! | `dsig.object_present` | an Object in the signature of a message |
//! | `dsig.pss_parameters` | parameters of RSASSA-PSS with a salt that the policy does not allow, or another trailer field than 1 |
//! | `dsig.reference_form` | a URI of a form that the policy does not allow, or none |
//! | `dsig.reference_unresolved` | no element has the referenced ID, or no part the Content-ID |
//! | `dsig.second_opinion` | we accept the signature, and libxmlsec1 does not confirm it: see [`defaults`](super::defaults) |
//! | `dsig.signature_length` | the value has not the length that algorithm and key make |
//! | `dsig.signature_mismatch` | the value was not made by this key over this SignedInfo |
//! | `dsig.signature_range` | r or s out of range |
//! | `dsig.signing` | algorithm and key do not fit for signing |
//! | `dsig.structure` | the Signature is not as its schema has it |
//! | `dsig.transform` | a transform that is never allowed, not by this policy, or not there |
//! | `dsig.unknown_algorithm` | a URI that names nothing known |
//! | `dsig.weak_key` | the key is shorter than the policy asks for |
//!
//! # XML Encryption
//!
//! | code | meaning |
//! |---|---|
//! | `xmlenc.algorithm_not_permitted` | an algorithm that the policy does not allow; no key was used |
//! | `xmlenc.ambiguous_key` | octets in CBC, and several keys of which each may be theirs |
//! | `xmlenc.attachment` | an encrypted attachment that is no part of the message, is encrypted twice, or in a form that is not read |
//! | `xmlenc.cipher_reference` | ciphertext that would have to be fetched |
//! | `xmlenc.decryption_failed` | it cannot be decrypted; all reasons look the same |
//! | `xmlenc.encoding` | a CipherValue or label is not base64 |
//! | `xmlenc.key_derivation` | a bit string of ConcatKDF that is not read |
//! | `xmlenc.key_length` | a secret of ours has another length than the cipher takes |
//! | `xmlenc.missing` | nothing in the document is encrypted |
//! | `xmlenc.nested` | what was decrypted is encrypted again, or a key is needed to decrypt a key |
//! | `xmlenc.no_key` | no key of ours can be meant |
//! | `xmlenc.plaintext` | what was decrypted is no XML that can stand there; said of GCM only, where it tells a third party nothing |
//! | `xmlenc.recipient_key` | a recipient's key that nothing can be encrypted to |
//! | `xmlenc.reference` | a RetrievalMethod or KeyInfoReference that leads to no encrypted key that is ours |
//! | `xmlenc.structure` | the encrypted content is not as its schema has it |
//! | `xmlenc.target` | a part that cannot be encrypted: it lies within another |
//! | `xmlenc.type` | octets that are no XML, in the middle of a document |
//! | `xmlenc.unknown_algorithm` | an algorithm that is not implemented |
//! | `xmlenc.unsigned_ciphertext` | CBC or RSA 1.5 without a verified signature over the ciphertext and its key |
//!
//! # Tokens
//!
//! | code | meaning |
//! |---|---|
//! | `token.attribute` | an attribute that a token does not have |
//! | `token.base64` | not base64 |
//! | `token.certificate_algorithms_differ` | a certificate's inner and outer signature algorithms differ |
//! | `token.certificate_duplicate_extension` | an extension stands twice |
//! | `token.certificate_malformed` | not the DER of a certificate, or bytes after it |
//! | `token.certificate_pem` | not PEM |
//! | `token.certificate_serial` | a serial number that is too long |
//! | `token.certificate_version` | extensions without version 3 |
//! | `token.empty` | nothing where something has to be |
//! | `token.encoding_type` | an EncodingType other than Base64Binary |
//! | `token.interrupted` | a comment or processing instruction in a token's text |
//! | `token.iterations` | Iteration is not from 1,000 to 1,000,000 |
//! | `token.key_curve` | a curve that is not taken |
//! | `token.key_explicit_curve` | a curve by its parameters instead of its name |
//! | `token.key_exponent` | an RSA exponent that is one or even |
//! | `token.key_malformed` | no key in a form that is read |
//! | `token.key_parameter` | a parameter that a key cannot have |
//! | `token.key_point` | a point that is not on its curve |
//! | `token.key_reference` | a RetrievalMethod or KeyInfoReference that leads out of the document, or to something else than it says |
//! | `token.key_reference_depth` | a KeyInfoReference that leads to another reference |
//! | `token.key_unsupported` | a kind of key that is not taken |
//! | `token.key_value` | a KeyValue that can be read in two ways |
//! | `token.nonce` | a Nonce of less than 8 or more than 128 bytes |
//! | `token.pkcs7` | a token that is no PKCS#7 of 1 to 6 certificates, or one that signs something itself |
//! | `token.pkipath` | no PKIPath |
//! | `token.time` | a time in a token that is none |
//! | `token.username_token` | a UsernameToken with something missing, twice, unknown or of the wrong form; by BSP 1.1 also a Password without Type and a Nonce without EncodingType |
//! | `token.value_type` | a BinarySecurityToken of a kind that is not read |
//! | `token.x509_data` | X509Data that can be read in two ways |
//! | `token.x509v1` | a certificate of version 1, which cannot say what its key is for |
//!
//! # SAML
//!
//! | code | meaning |
//! |---|---|
//! | `saml.already_signed` | `saml sign`: a signature that another would make a second one, or break |
//! | `saml.artifact` | `saml trace`: an artifact that is none of type 0x0004 |
//! | `saml.artifact_issuer` | `saml trace`: an artifact of nobody whom the metadata knows |
//! | `saml.artifact_not_resolved` | `saml trace`: what an artifact stands for did not come by the browser, so nobody can say whether the login works |
//! | `saml.artifact_unknown` | an ArtifactResponse without a message |
//! | `saml.attribute_not_text` | an attribute value that holds elements, and not a NameID alone |
//! | `saml.audience` | the assertion is for somebody else |
//! | `saml.audience_missing` | the assertion names no audience |
//! | `saml.audience_unknown` | nobody said what our audience is |
//! | `saml.bearer_not_before` | a bearer confirmation with NotBefore |
//! | `saml.bearer_without_end` | a bearer confirmation without NotOnOrAfter |
//! | `saml.confirmation_data` | a confirmation without the data that its method needs |
//! | `saml.confirmation_method` | none of the confirmations is of a method that the policy allows |
//! | `saml.destination` | the message is for another address |
//! | `saml.destination_missing` | a signed message without Destination |
//! | `saml.duplicate_parameter` | a query string with a parameter of SAML twice, or one that some take for it |
//! | `saml.element_in_text` | an element where only text may stand |
//! | `saml.encoding` | neither XML nor its base64, deflated or not |
//! | `saml.empty_window` | NotOnOrAfter is not after NotBefore |
//! | `saml.encrypted` | something encrypted, and no key was given |
//! | `saml.endless` | an assertion for one use that never ends |
//! | `saml.expired` | NotOnOrAfter has passed |
//! | `saml.holder_of_key` | the key that signed the message is not the one that the assertion confirms |
//! | `saml.in_response_to` | it answers another request |
//! | `saml.interrupted_text` | a comment or processing instruction in a text that means something |
//! | `saml.issuer_format` | an Issuer that is no entity |
//! | `saml.issuer_mismatch` | Response and assertion are of two issuers |
//! | `saml.issuer_missing` | a signed message without Issuer |
//! | `saml.life_too_long` | it lives longer than the policy allows |
//! | `saml.multiple_assertions` | more than one assertion, or one where none may be |
//! | `saml.multiple_signatures` | two signatures in one element |
//! | `saml.name_id` | a NameID that can be read in two ways |
//! | `saml.no_assertion` | a Response without assertion |
//! | `saml.no_authn_statement` | a bearer assertion without AuthnStatement |
//! | `saml.no_confirmation` | nothing confirms the subject |
//! | `saml.no_message` | `saml trace`: a recording without a SAML message |
//! | `saml.no_subject` | there is no subject |
//! | `saml.parameter` | an answer in the query parameter for requests, or the reverse |
//! | `saml.passed_over` | `saml trace`: a request is not as recorders write it, contradicts itself or lacks its body, so nobody can say whether it carried a message |
//! | `saml.position` | an assertion or signature where none may be |
//! | `saml.not_answered` | `saml trace`: nothing answers a request |
//! | `saml.not_signed` | neither its issuer nor one who may vouch signed it |
//! | `saml.not_supported` | a kind of message that is not read |
//! | `saml.not_yet_valid` | NotBefore, or IssueInstant, has not come |
//! | `saml.query_string` | a query string that can be read in two ways, or in none |
//! | `saml.recipient` | a confirmation for another address |
//! | `saml.recipient_missing` | a bearer confirmation without Recipient |
//! | `saml.recipient_unknown` | nobody said what our address is |
//! | `saml.recording` | `saml trace`: neither a HAR file nor an export of SAML-tracer |
//! | `saml.relay_state` | `saml trace`: RelayState did not come back as it was sent |
//! | `saml.request_unknown` | nobody said which request was sent |
//! | `saml.second_opinion` | we accept what the issuer signed, and samael does not confirm it: see [`defaults`](super::defaults) |
//! | `saml.response_not_signed` | a SAML 1.1 Response that is not signed itself |
//! | `saml.response_by_redirect` | a Response in a query string |
//! | `saml.sender_vouches` | no signature of one who may vouch covers assertion and Body |
//! | `saml.signature_parent` | the signature does not mean the element that it stands in |
//! | `saml.signature_place` | the signature is not where the schema has it |
//! | `saml.status` | the status is not Success |
//! | `saml.subjects_differ` | statements of a SAML 1.1 assertion about several subjects |
//! | `saml.structure` | not as the schema has it |
//! | `saml.time` | a time that can be read in two ways |
//! | `saml.unknown_condition` | a condition that is not known |
//! | `saml.version` | another version |
//!
//! # Trust
//!
//! | code | meaning |
//! |---|---|
//! | `trust.constraint` | the CA is trusted for others only |
//! | `trust.critical_extension` | a critical extension that is not known |
//! | `trust.duplicate_entity` | an entity is described twice in metadata |
//! | `trust.expired` | a certificate has expired |
//! | `trust.extended_key_usage` | the certificate is for something else, as a web server |
//! | `trust.issuer_key` | metadata gives the entity no key to sign with |
//! | `trust.issuer_role` | the entity has no role in which it could say this |
//! | `trust.issuer_unknown` | no metadata describes the issuer |
//! | `trust.key_usage` | the certificate may not sign |
//! | `trust.metadata_endless` | fetched metadata without validUntil |
//! | `trust.metadata_expired` | validUntil has passed |
//! | `trust.metadata_too_long` | fetched metadata whose validUntil is more than 30 days away |
//! | `trust.name_constraints` | a name outside what its CA may certify |
//! | `trust.no_anchor` | nothing is trusted |
//! | `trust.no_passwords` | no users were given with whose passwords it could be compared: `--user-hashes` for a password that is sent, `--user-secrets` for a digest or derived key |
//! | `trust.not_a_ca` | who issued a certificate is no CA |
//! | `trust.not_trusted_then` | the operator trusts that CA or certificate at other times only: `--trust-during` |
//! | `trust.not_yet_valid` | a certificate is not valid yet |
//! | `trust.other_key` | the signature was made with another key than the trusted one |
//! | `trust.password` | the password, or what is made of it, is not the user's, or there is no such user |
//! | `trust.path_length` | more CAs than one of them allows |
//! | `trust.revocation_unknown` | whether a certificate was revoked is not known |
//! | `trust.revoked` | a certificate was revoked |
//! | `trust.serial_number` | a serial number that is not positive |
//! | `trust.unknown_signer` | no certificate is known for what the message names |
//! | `trust.untrusted` | the certificate leads to nobody who is trusted |
//! | `trust.weak_key` | a certificate's key is shorter than the policy asks for |
//! | `trust.weak_signature` | a certificate is signed with MD5, or SHA-1 where the policy does not allow it |
//!
//! # Policy
//!
//! | code | meaning |
//! |---|---|
//! | `policy.action_mismatch` | the transport names another action than the message |
//! | `policy.assertion_missing` | no SAML assertion that somebody trusted stands for |
//! | `policy.assertion_over` | the assertion ended, or its session did, and was accepted for the clocks' sake only: nothing is minted that rests on it |
//! | `policy.attachment_not_signed` | an attachment is not covered by the Body's signature |
//! | `policy.body_not_signed` | no trusted signature covers the Body at its place |
//! | `policy.encrypted_not_understood` | a header block that was encrypted must be understood, and is not; the fault does not say which |
//! | `policy.client_certificate` | the client has not shown the certificate that signed the message |
//! | `policy.header_missing` | a header that must be there is not |
//! | `policy.header_not_signed` | a header is not covered by the Body's signature |
//! | `policy.identity_value` | a verified value that cannot be handed on to the backend, or none where there must be one |
//! | `policy.key_reference` | the policy does not allow keys to be named like this |
//! | `policy.message_id_encrypted` | a wsa:MessageID that was encrypted, which an answer would tell to whoever sent it |
//! | `policy.no_derivation` | a signature names a UsernameToken as its key that does not say how a key is derived |
//! | `policy.no_message_time` | no signed time as of which it could be judged |
//! | `policy.no_nonce` | a UsernameToken without Nonce and Created, whose second use could not be noticed |
//! | `policy.no_password` | a UsernameToken without a password, and no derived key signed the Body |
//! | `policy.not_authorized` | the sender is known, and no rule of the route allows it to ask for this, or not now |
//! | `policy.not_encrypted` | a part that the policy wants encrypted came as it is |
//! | `policy.not_endorsed` | a signature by an EncryptedKey, which anybody can make, that no signature by somebody trusted covers |
//! | `policy.operation_ambiguous` | the Body has not one element that says what is wanted |
//! | `policy.operation_unknown` | the route has no such operation, or path, action and Body disagree |
//! | `policy.password_text` | a password that is sent as it is, not over TLS or under a policy that takes none |
//! | `policy.qname_not_covered` | a QName in the Body, a header or an attachment of XML has a prefix that is not covered |
//! | `policy.relates_to` | an answer whose signed wsa:RelatesTo is not the wsa:MessageID of its request |
//! | `policy.schema` | the Body is not as its schemas have it |
//! | `policy.schema_unavailable` | the Body could not be validated |
//! | `policy.security_header` | the Security header is to go to the backend, and more would have to go with it than was proven: see [`identity`](super::identity) |
//! | `policy.security_header_prefix` | the Security header is to go to the backend, and under a canonicalization that is not exclusive no prefix is to spare for `mustUnderstand`: see [`identity`](super::identity) |
//! | `policy.security_with_token` | a Security header in a message that a bearer token stands for: nobody would verify it |
//! | `policy.several_body_signatures` | more than one signature covers the Body |
//! | `policy.signature_confirmation` | an answer that does not confirm the signatures of its request under its own: `verify --request`, `[route.backend.answer]` |
//! | `policy.signed_elsewhere` | a signed element stands where nobody reads it |
//! | `policy.timestamp_not_signed` | no signature covers both the Body and the Timestamp: a Timestamp that is signed alone says nothing of the Body, even where the policy does not ask for that |
//! | `policy.to_mismatch` | the message is for another address |
//! | `policy.unsigned_header` | a header for us that nobody signed |
//! | `policy.token_not_signed` | the policy asks that certificates' tokens are signed (`tokens`), and the signature over the Body does not cover one |
//! | `policy.username_token_expired` | the UsernameToken is older than a message may be |
//! | `policy.username_token_future` | the UsernameToken is from the future |
//! | `policy.username_token_missing` | the policy asks for a UsernameToken |
//! | `policy.username_token_not_signed` | the signature over the Body does not cover the UsernameToken; over TLS `bsp11` does not ask for that |
//! | `policy.username_token` | the policy takes no UsernameToken |
//!
//! # Threats
//!
//! What verified messages are refused for where a route blocks it, and the names that other refusals are told under besides: see
//! [`threats`](super::threats).
//!
//! # Replay
//!
//! | code | meaning |
//! |---|---|
//! | `replay.assertion` | the assertion was used before |
//! | `replay.before_store` | it was made before the store of uses began, and may have been used then |
//! | `replay.expired` | it has ended |
//! | `replay.forgotten` | its use may have been forgotten |
//! | `replay.message` | the message was used before |
//! | `replay.nonce` | the nonce was used before |
//! | `replay.retention` | it would have to be remembered for longer than is allowed |
//! | `replay.store_full` | the store of uses is full |
//! | `replay.store_new` | the store of uses has just begun, and clocks may be ahead of ours |
//! | `replay.store_unavailable` | the store of uses does not answer |
//! | `replay.token` | the bearer token that stands for the message was used before |
//!
//! # Backends
//!
//! What became of a message that was verified: 504 for `relay.timeout`, 502 for what else the backend is to blame for. See
//! [`backends`](super::backends).
//!
//! | code | meaning |
//! |---|---|
//! | `relay.broken` | the connection ended before the answer did, or what came is not HTTP |
//! | `relay.content_encoding` | the answer is compressed, which nobody asked for |
//! | `relay.empty` | there is nothing in the answer, and the operation is not one-way |
//! | `relay.interrupted` | we could not read the parts of the answer |
//! | `relay.media_type` | the Content-Type is not that of the request's SOAP version |
//! | `relay.no_server` | every server is down or failed too often of late: none was asked |
//! | `relay.not_minted` | what the backend is to be told about the sender could not be signed |
//! | `relay.parts` | the answer has parts that cannot be taken |
//! | `relay.status` | an HTTP status that no SOAP answer has; a redirect, too, which is not followed |
//! | `relay.timeout` | no connection, no head, no further piece or no end of the answer in time |
//! | `relay.too_large` | the answer is longer than allowed |
//! | `relay.unreachable` | there is no connection, or TLS failed |
//!
//! # Audit
//!
//! | code | meaning |
//! |---|---|
//! | `audit.begins_anew` | at the start: the folder has no record, and checkpoints that were exported speak of a log by the same key, up to record `last` of the log `log`. Right if that was archived whole, or is another gateway's with the same key and folder of checkpoints; otherwise somebody has taken it away |
//! | `audit.begins_later` | at the start: the folder does not begin with record 1 but with `first`. Right if what came before is archived ([`audit`](crate::audit)); otherwise somebody has removed it |
//! | `audit.ends_early` | at the start: the log ends with record `last`, and a checkpoint that was exported speaks of record `checkpoint`, after which it stands itself. Its end was removed |
//! | `audit.gap` | at the start: the segment of `record` does not follow the one before it. Something was removed or exchanged: `sealgate audit verify` names it |
//! | `audit.unchecked` | at the start: the folder of exported checkpoints does not answer within five seconds. The gateway goes on; whether its log ends before them, or another one was there, nobody knows: `sealgate audit verify` says so later |
//! | `audit.export` | a checkpoint could not be kept elsewhere, or that takes more than ten seconds, for the `reason` that is said; no message waits for it |
//! | `audit.not_ended` | at the end: what was recorded since the last checkpoint is not signed, for the `reason` that is said |
//! | `audit.unavailable` | what would have to be recorded could not be; the client is told to come back later |
//!
//! # Message archive
//!
//! | code | meaning |
//! |---|---|
//! | `archive.clock` | at the start: files have times in their names that are still to come; new ones have the time of the clock all the same |
//! | `archive.damaged` | a journal is not as it was written, in `bytes` at `places`; its rows that are whole are kept, and it is set aside beside them as `.damaged` |
//! | `archive.not_ended` | at the end: there are not files of all messages, for which there was no time; the next start makes them |
//! | `archive.pack` | no file could be made of a journal at this attempt, for the `reason` that is said; while the journal is there, it is tried again |
//! | `archive.retention` | what is old could not be removed, or what an earlier process had half made |
//! | `archive.unavailable` | what would have to be kept could not be; the client is told to come back later |
//!
//! # Log
//!
//! | code | meaning |
//! |---|---|
//! | `log.lost` | so many `lines` of the log were not written, as there was no room for them or nobody read them |
//!
//! # Throttling
//!
//! Answered with 503 and `Retry-After`.
//!
//! | code | meaning |
//! |---|---|
//! | `limit.address_bytes` | messages of this address have more bytes than it may send |
//! | `limit.address_concurrent` | more requests at the same time than one address may have |
//! | `limit.address_cost` | messages of this address cost more verification than it may ask for |
//! | `limit.address_daily` | more requests in a day than one address may have |
//! | `limit.address_rate` | more requests in a short time than an address may ask for |
//! | `limit.address_threats` | this address sent one threat after the other that the route blocks: see [`threats`](super::threats) |
//! | `limit.issuer_bytes` | messages with assertions of this issuer have more bytes than it may send |
//! | `limit.issuer_concurrent` | more requests at the same time than one issuer of assertions may have |
//! | `limit.issuer_cost` | messages with assertions of this issuer cost more verification than it may ask for |
//! | `limit.issuer_daily` | more requests in a day than one issuer of assertions may have |
//! | `limit.issuer_rate` | more requests in a short time than one issuer of assertions may ask for |
//! | `limit.route_bytes` | messages to this route have more bytes than it takes |
//! | `limit.route_concurrent` | more requests at the same time than this route takes |
//! | `limit.route_cost` | messages to this route cost more verification than it may ask for |
//! | `limit.route_daily` | more requests in a day than this route takes |
//! | `limit.route_rate` | more requests in a short time than this route takes |
//! | `limit.signer_bytes` | messages of this signer have more bytes than it may send |
//! | `limit.signer_concurrent` | more requests at the same time than one signer may have |
//! | `limit.signer_cost` | messages of this signer cost more verification than it may ask for |
//! | `limit.signer_daily` | more requests in a day than one signer may have |
//! | `limit.signer_rate` | more requests in a short time than one signer may ask for |
//! | `limit.store_unavailable` | the Redis where gateways count together does not answer |
//! | `limit.subject_bytes` | messages about this subject of assertions have more bytes than it may send |
//! | `limit.subject_concurrent` | more requests at the same time than one subject of assertions may have |
//! | `limit.subject_cost` | messages about this subject of assertions cost more verification than it may ask for |
//! | `limit.subject_daily` | more requests in a day than one subject of assertions may have |
//! | `limit.subject_rate` | more requests in a short time than one subject of assertions may ask for |
//!
//! # Policies in a WSDL
//!
//! | code | meaning |
//! |---|---|
//! | `wsdl.circular_policy` | a policy refers to itself |
//! | `wsdl.no_alternative` | the policy has no alternative, so that no message meets it, or not the one that was named |
//! | `wsdl.no_operation` | no operation, or none of that name |
//! | `wsdl.no_policy` | no policy is attached to what requests are sent to |
//! | `wsdl.no_port` | no port or binding for SOAP, or none of that name |
//! | `wsdl.not_held` | something that is stated would restrict messages, and the policy would not; `--partial` prints it all the same |
//! | `wsdl.not_wsdl` | no WSDL 1.1 |
//! | `wsdl.policy_missing` | a reference to a policy that is in no file that was named |
//! | `wsdl.several_policies` | ports, operations or alternatives come to different policies, and none was chosen |
//! | `wsdl.too_many_alternatives` | more alternatives or assertions than are looked at |
//! | `wsdl.too_many_operations` | more ports, bindings or operations than are looked at |
//! | `wsdl.unknown_operator` | WS-Policy has no such operator |
