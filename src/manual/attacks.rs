//! Each known attack, and what stops it.
//!
//! Messages that carry it out are kept under `fixtures/attacks/`, in each form that the attack takes, and refused in every
//! profile of a gateway, with the codes in the last column; a test keeps that column and the files alike. Five have no files, but
//! the test that their row names: T109, T120 and T122 are about what we write and not about what comes, T137 about how the work grows
//! from one message to the next, and T147 is a configuration, which is refused before there is a message.
//!
//! # Wrapping: what is signed is not what is read
//!
//! | attack | what stops it | refused with |
//! |---|---|---|
//! | T01 – an evil Response keeps the signature, the original inside it | [`SignedInfo`](crate::dsig::Signature::read) and its siblings are read by schema; nothing is ever read from inside a signature | `dsig.structure` |
//! | T02 – the original beside a detached signature | the signature must stand in, and mean, the element that is used: [`Covered::signs`](crate::dsig::Covered::signs) compares nodes | `saml.signature_place` `saml.structure` `wss.unknown_item` |
//! | T03 – an unsigned assertion before the signed one | exactly one assertion, at its place: [`policy::saml`](crate::policy::saml) | `saml.multiple_assertions` `saml.structure` `soap.multiple_bodies` |
//! | T04 – an evil assertion around the signed one | the same | `dsig.missing` `policy.body_not_signed` `saml.structure` |
//! | T05 – an evil assertion with the signature, the original at the end | the same, and [`Envelope`](crate::soap::Envelope) knows no other children | `saml.multiple_assertions` `saml.signature_parent` `saml.structure` `soap.multiple_bodies` `soap.unexpected_element` |
//! | T06 – the original inside the evil assertion's signature | a signature holds what its schema has, and no more | `dsig.structure` `wss.key_info` |
//! | T07 – the evil assertion in Extensions | Extensions are never searched | `dsig.missing` `policy.body_not_signed` `saml.not_signed` `saml.position` |
//! | T08 – the original in `ds:Object` | [`Objects::Refused`](crate::dsig::Objects::Refused) | `dsig.object_present` |
//! | T09 – the signed assertion in a slot for anything | the signature is a direct child of what it signs, after the Issuer | `dsig.missing` `saml.not_signed` `saml.position` `saml.signature_parent` `saml.structure` |
//! | T10 – reader and verifier take different assertions | there is one reader, and one assertion | `dsig.missing` `saml.multiple_assertions` `saml.structure` |
//! | T11 – a second root or document | [`Document::parse`](crate::xml::Document::parse): nothing follows the root | `xml.trailing_content` |
//! | T12 – content in the hole that the enveloped transform leaves | only `ds:` fields are read there, by schema; `covers` excludes it | `dsig.object_present` `dsig.structure` |
//! | T13 – a decoy signature that is left out too | only the signature that holds the Reference is left out | `dsig.digest_mismatch` `saml.multiple_signatures` |
//! | T14 – other signed XML of the same issuer | what is covered must be the element that is asked for, at its place | `dsig.missing` `saml.position` `saml.signature_parent` `wss.unknown_item` |
//! | T15 – the signed Body moved, a new one in its place | the Body is `/Envelope/Body`, and the Reference must resolve to that node: [`Policy::admit`](crate::policy::Policy::admit) | `policy.body_not_signed` `saml.signature_parent` |
//! | T16 – the signed Timestamp moved | one Timestamp, in the header for us, and that node | `dsig.digest_mismatch` `dsig.structure` `policy.signed_elsewhere` `policy.timestamp_not_signed` `wss.timestamp_multiple` `wss.unknown_item` |
//! | T17 – a signed header moved | a header counts as signed at `/Envelope/Header/*` only | `policy.header_not_signed` `policy.signed_elsewhere` `policy.unsigned_header` `soap.reply_to` `xml.element_in_text` |
//! | T18 – several Security headers, nested Envelopes | one Security header a receiver; an Envelope is the root only | `soap.nested_envelope` `wss.multiple_headers` |
//! | T19 – signed pieces in another order or place | places are fixed | `policy.body_not_signed` `soap.header_order` `wss.timestamp_missing` |
//! | T20 – two elements with one ID | all kinds of IDs share one index | `xml.duplicate_id` |
//! | T21 – several IDs on one element | an element has one ID | `xml.ambiguous_id` |
//! | T22 – `Id`, `ID`, `id` | one spelling an element; a look-alike is refused | `dsig.reference_unresolved` `xml.ambiguous_id` |
//! | T23 – other forms of references | [`Target::parse`](crate::dsig::Target::parse) knows four, policies mostly one | `dsig.reference_form` |
//! | T24 – XPath that stays true elsewhere | no XPath in the program | `dsig.transform` |
//! | T25 – a reference to nothing | an element always has octets; what is left out whole is `dsig.empty` | `dsig.digest_mismatch` `dsig.transform` |
//! | T26 – only a part is signed | required parts are whole elements at their places | `policy.body_not_signed` `saml.signature_parent` |
//! | T27 – unsigned extras beside what is signed | what leaves is built from covered octets: [`VerifiedMessage`](crate::inbound::VerifiedMessage) | `policy.unsigned_header` |
//! | T28 – parse, write, parse again | one parse; what leaves are the digested octets | `xml.dtd` `xml.malformed` |
//! | T29 – other message types, less reviewed | one verifier for all | `dsig.missing` `saml.not_supported` `saml.signature_parent` |
//!
//! # Reading: two readers see two messages
//!
//! | attack | what stops it | refused with |
//! |---|---|---|
//! | T30 – verifier and reader have parsers of their own | one reader, [`Document`](crate::xml::Document), and nothing is parsed twice; no other is linked: `tests/layers.rs::no_other_parser_of_xml_is_linked`; it reads as quick-xml does, or refuses: `tests/oracle_quick_xml.rs::fixtures_and_corpora_are_read_alike` | `xml.declaration` `xml.malformed` |
//! | T31 – defaults from a DOCTYPE | any DOCTYPE is refused, before anything else | `xml.dtd` |
//! | T32 – reserved and unbound prefixes | Namespaces 1.0 in full | `xml.malformed` `xml.reserved_prefix` `xml.unbound_prefix` |
//! | T33 – a comment cuts a text short | a text is all of it, joined, and `strict` refuses the comment | `saml.interrupted_text` `wss.timestamp_invalid` |
//! | T34 – a processing instruction does | refused wherever a text means something | `dsig.digest_mismatch` `saml.interrupted_text` |
//! | T35 – elements, CDATA, references split a text | [`Element::text`](crate::xml::Element::text) joins, and refuses elements | `saml.attribute_not_text` `saml.element_in_text` |
//! | T36 – a comment in a digest or signature value | refused | `dsig.structure` `token.interrupted` `xml.element_in_text` |
//! | T37 – several SignedInfo | one, first; references are read from the one that was verified | `dsig.object_present` `dsig.structure` |
//! | T38 – attributes twice, also after expansion | names are compared expanded, each once an element | `xml.duplicate_attribute` |
//! | T39 – encodings | UTF-8 only, declared or not; UTF-16 of one partner, by an exception, where mark, declaration and transport agree: `tests/exceptions.rs::utf16_is_read_for_the_partner_alone_and_as_what_it_says_it_is` | `xml.encoding` `xml.forbidden_character` |
//! | T40 – XML 1.1 | `xml.version` | `xml.reference` `xml.version` |
//! | T41 – look-alikes, white space, case | names are compared by code point, nothing trimmed or folded | `saml.audience` `saml.destination` `saml.recipient` `trust.issuer_unknown` |
//! | T42 – odd times | one form of `xs:dateTime`, with a zone | `saml.time` `wss.timestamp_invalid` |
//! | T43 – lenient base64 and DER | one encoding of each value | `dsig.encoding` `token.base64` `token.certificate_malformed` |
//! | T44 – a second form of the same message, or one signature less | what is remembered is what was signed, and one signature covers the Body | `policy.several_body_signatures` |
//! | T45 – a QName whose prefix is rebound | what a prefix in a value means has to be covered too | `policy.qname_not_covered` |
//! | T46 – `xsi:schemaLocation`, `xsi:nil`, `xsi:type` | nothing is fetched, and `xsi` changes no meaning; what may be nil, an AttributeValue of SAML 2.0, is empty then | `saml.structure` `wss.timestamp_invalid` |
//!
//! # Canonicalization and transforms
//!
//! | attack | what stops it | refused with |
//! |---|---|---|
//! | T47 – a canonicalization that fails digests nothing | failure is an error | `xml.relative_namespace` |
//! | T48 – the signature of nothing | SignedInfo is never empty, nor is what a Reference means | `dsig.signature_mismatch` `dsig.structure` |
//! | T49 – an unknown algorithm falls back | closed enums, no default | `dsig.transform` `dsig.unknown_algorithm` |
//! | T50 – canonicalization with comments | comments are gone when a same-document reference is resolved | `dsig.transform` |
//! | T51 – PrefixLists | at most 32; unknown ones do no harm | `limit.prefixes` |
//! | T52 – `xml:base`, `xml:lang`, `xml:space` inherited or not | the suites of the standards, octet for octet: `tests/corpora.rs::the_suites_of_others_come_out_as_they_say` | `dsig.digest_mismatch` `dsig.signature_mismatch` |
//! | T53 – octets of another order, or fewer | the same octets as libxml2 for generated documents: `tests/oracle_xmllint.rs::whole_documents_are_canonicalized_as_by_xmllint` | `dsig.digest_mismatch` |
//! | T54 – XSLT | no XSLT in the program | `dsig.transform` |
//! | T55 – transform bombs | the same, refused before a key is looked at | `dsig.transform` |
//! | T56 – too many references and transforms | limits, and a budget of digested octets | `limit.digested` `limit.references` `limit.transforms` |
//! | T57 – other transforms | a closed list | `dsig.transform` |
//! | T58 – a token swapped under STR-Transform | not in `strict`; elsewhere the token is what is digested and covered, at its own place; a certificate under it is the one in KeyInfo ([`wss::dereference`](crate::wss::dereference)) | `dsig.signature_mismatch` `dsig.transform` `wss.token_reference` |
//! | T59 – a Manifest that nobody checks | a Manifest is in an Object, and Objects are refused in messages | `dsig.object_present` |
//! | T60 – external references | nothing is ever fetched: there is no code that could | `dsig.reference_form` |
//!
//! # Keys and trust
//!
//! | attack | what stops it | refused with |
//! |---|---|---|
//! | T61 – the signature is stripped | `dsig.missing`, `saml.not_signed`: no evidence admits nothing. Nor does a signature by an EncryptedKey without the one that endorsed it | `dsig.digest_mismatch` `dsig.missing` `policy.not_endorsed` `saml.holder_of_key` `saml.not_signed` `wss.header_missing` `wss.unknown_item` |
//! | T62 – a configuration that trusts nobody checks nothing | `trust.no_anchor`; a route without trust does not start | `trust.no_anchor` |
//! | T63 – the message brings its key | a KeyInfo only chooses among trusted keys; a KeyValue chooses none and is refused, but where metadata says which keys the issuer of a SAML document has; what an EncryptedKey signed is nobody's word until somebody trusted signs that `ds:Signature` itself ([`endorse`](crate::trust::endorse)) | `dsig.key_value` `dsig.signature_mismatch` `policy.not_endorsed` `policy.several_body_signatures` `trust.untrusted` `wss.key_info` `wss.token_reference` |
//! | T64 – a KeyInfo that two readers read differently | one child, one reader, one result for both | `dsig.signature_mismatch` `trust.untrusted` `wss.key_info` `wss.token_reference` |
//! | T65 – a cloned certificate | certificates are compared whole, keys by their SubjectPublicKeyInfo | `dsig.signature_mismatch` `trust.untrusted` |
//! | T66 – truncated HMAC | refused in messages; at least half the hash elsewhere | `dsig.algorithm_not_permitted` `dsig.hmac_truncated` `dsig.structure` |
//! | T67 – HMAC keyed with a public key | a key works with its own family only | `dsig.algorithm_not_permitted` `dsig.key_mismatch` |
//! | T68 – weak keys | least lengths, named curves | `dsig.key_mismatch` `trust.weak_key` |
//! | T69 – r = s = 0 and the like | ranges and lengths are checked before the library is asked | `dsig.signature_length` `dsig.signature_mismatch` `dsig.signature_range` |
//! | T70 – PKCS#1 padding, parameters of PSS | OpenSSL's, tried with all of Wycheproof's vectors; a policy names both digests and the salt of PSS ([`PssSalts`](crate::algorithm::PssSalts)) | `dsig.algorithm_not_permitted` `dsig.pss_parameters` `dsig.signature_mismatch` `dsig.unknown_algorithm` |
//! | T71 – SHA-1, MD5 | SHA-1 in two profiles only, on a gateway by a dated exception for one partner (`tests/exceptions.rs::each_grant_is_needed_named_and_for_its_partner_alone`), MD5 nowhere | `dsig.algorithm_not_permitted` `dsig.unknown_algorithm` `trust.weak_signature` |
//! | T72 – KeyInfo loops | one step, in the same header; in plain documents in the same document ([`token::followed_key_info_items`](crate::token::followed_key_info_items)) | `dsig.signature_mismatch` `wss.key_info` `wss.token_reference` |
//! | T73 – a token of another header | references are resolved among the items of our header | `wss.token_reference` `wss.unknown_encrypted_key` |
//! | T74 – work before trust | the value over SignedInfo, with a trusted key, comes before any digest | `dsig.signature_mismatch` |
//! | T75 – the time of a comparison tells how much was right | MACs and digests are compared in constant time, by [`DigestValue::matches`](crate::crypto::DigestValue::matches) and OpenSSL: `src/crypto/digest.rs::only_the_whole_digest_matches`; `make timing` measures with Welch's t, as dudect does | `dsig.digest_mismatch` |
//! | T76 – a key derived with a billion iterations, or one | [`Derivation::ITERATIONS`](crate::token::username::Derivation::ITERATIONS), and a policy has to name HMAC and UsernameTokens as keys first | `token.empty` `token.iterations` |
//! | T77 – another partner's key | who signed the Body is the sender; trust is a route's own | `dsig.key_mismatch` `dsig.signature_mismatch` |
//!
//! # Encryption: an answer that tells the plaintext
//!
//! | attack | what stops it | refused with |
//! |---|---|---|
//! | T78 – padding and XML of a CBC ciphertext are guessed from answers | in a message, CBC only where a trusted signature that holds covers ciphertext and key, before any key of ours is used ([`Unauthenticated`](crate::xmlenc::Unauthenticated)); one error for all that can go wrong with a ciphertext; what was encrypted does not come back in an answer | `policy.message_id_encrypted` `xmlenc.algorithm_not_permitted` `xmlenc.decryption_failed` `xmlenc.unsigned_ciphertext` |
//! | T79 – the same with the padding of RSA 1.5 | the same, and a key that decrypts nothing where the padding is wrong: [`decrypt_rsa_1_5`](crate::crypto::decrypt_rsa_1_5) | `xmlenc.algorithm_not_permitted` `xmlenc.decryption_failed` `xmlenc.unsigned_ciphertext` |
//! | T80 – a new ciphertext under the name of an old algorithm | [`EncryptionRules`](crate::algorithm::EncryptionRules) are asked before a private key is used | `xmlenc.algorithm_not_permitted` `xmlenc.decryption_failed` `xmlenc.unsigned_ciphertext` |
//! | T81 – ciphertext that nobody signed | what was decrypted counts as signed where the plaintext is, or where its ciphertext was: [`CiphertextCovered`](crate::trust::CiphertextCovered), made only of [`Attested`](crate::trust::Attested); what no list names is refused | `dsig.digest_mismatch` `dsig.missing` `policy.body_not_signed` `saml.signature_parent` `saml.structure` `wss.unlisted_encryption` |
//! | T82 – a signature that is seen only after decryption | the message is read anew, and every signature in it has to hold, or to have held over the ciphertext | `dsig.digest_mismatch` `dsig.missing` `dsig.signature_mismatch` `saml.signature_parent` `saml.structure` `trust.untrusted` |
//! | T83 – ciphertext in another place | the decrypted message is judged as any other: places, names, one Security header; a signature over what vanishes with a ciphertext is refused | `policy.body_not_signed` `policy.signed_elsewhere` `saml.multiple_assertions` `saml.structure` `soap.body_missing` `token.username_token` `wss.data_reference` `wss.multiple_headers` `wss.unknown_item` |
//! | T84 – encryption in encryption | depth one, of data and of keys | `xmlenc.nested` |
//! | T85 – many keys and parts | [`Limits`](crate::xml::Limits), and one operation a key however often it is referred to | `limit.encrypted_data` `limit.encrypted_keys` `wss.data_reference` `wss.unsupported_encryption` |
//! | T86 – a short tag | 128 bits, always: [`decrypt_data`](crate::crypto::decrypt_data) | `xmlenc.decryption_failed` |
//! | T87 – ciphertext that is elsewhere | CipherReference is refused but to an encrypted attachment of the message, references stay in the document | `dsig.digest_mismatch` `policy.attachment_not_signed` `xmlenc.attachment` `xmlenc.cipher_reference` `xmlenc.decryption_failed` `xmlenc.plaintext` `xmlenc.reference` `xmlenc.unsigned_ciphertext` |
//! | T88 – plaintext that reaches out of its place | it is read as a document of its own first, and the outcome again; of signed ciphertext, no name means what an unsigned declaration says | `policy.qname_not_covered` `xml.duplicate_id` `xmlenc.plaintext` |
//! | T89 – parameters of OAEP, or its padding, are tried | a list of digests and masks, and one error | `xmlenc.algorithm_not_permitted` `xmlenc.decryption_failed` |
//! | T90 – encryption is taken for a signature | it is no evidence | `dsig.digest_mismatch` `dsig.missing` `policy.body_not_signed` `saml.not_supported` |
//!
//! # SAML
//!
//! | attack | what stops it | refused with |
//! |---|---|---|
//! | T91 – one issuer's key, another's name | [`Issuers`](crate::trust::Issuers) bind keys to names | `dsig.signature_mismatch` `saml.issuer_mismatch` `trust.issuer_unknown` |
//! | T92 – another audience | every AudienceRestriction must name us | `saml.audience` `saml.audience_missing` |
//! | T93 – another recipient | Recipient and Destination are compared exactly | `saml.destination` `saml.destination_missing` `saml.recipient` `saml.recipient_missing` |
//! | T94 – another request | InResponseTo is compared with the one that was sent | `saml.in_response_to` `saml.request_unknown` |
//! | T95 – the edges of time | half-open windows, to the instant | `saml.empty_window` `saml.expired` `saml.not_yet_valid` |
//! | T96 – long lives | an hour, and the skew is at most 300 s | `saml.expired` `saml.life_too_long` |
//! | T97 – bearer without end | refused | `saml.bearer_not_before` `saml.bearer_without_end` `saml.confirmation_data` `saml.expired` |
//! | T98 – holder-of-key that nobody proved | the Body's signature must be by that key | `dsig.signature_mismatch` `saml.confirmation_method` `saml.holder_of_key` `saml.not_signed` |
//! | T99 – vouching for nothing | one signature, of a certified key, over assertion and Body; with metadata, of an unsigned assertion the issuer's own key | `policy.several_body_signatures` `saml.confirmation_method` `saml.not_signed` `saml.sender_vouches` `trust.untrusted` |
//! | T100 – unknown methods | only those that the policy names count | `saml.confirmation_method` `saml.holder_of_key` `saml.no_confirmation` `saml.recipient_missing` |
//! | T101 – an assertion is used twice | its ID counts once for its issuer, whatever message it comes in, until it has ended, and what cannot be remembered is refused: `src/trust/replay/tests.rs::a_second_use_is_refused_until_the_end_of_validity` | `replay.assertion` |
//! | T102 – unknown conditions, Advice | the first refuse, the second is never read | `saml.structure` `saml.unknown_condition` |
//! | T103 – an encrypted name or attribute of somebody else | decryption changes nothing but its place: the signature around it covered the ciphertext, or covers the plaintext, or does not hold | `dsig.digest_mismatch` `dsig.missing` |
//! | T104 – a failed status with an assertion | refused | `saml.status` `saml.structure` |
//! | T105 – attributes of one friendly name | attributes are known by name and format, and none wins over another | `saml.attribute_not_text` `saml.structure` |
//! | T106 – versions mixed | the namespace decides the reader, which reads nothing of another version | `saml.multiple_assertions` `saml.not_supported` `saml.position` `saml.structure` `saml.version` |
//! | T107 – a stolen key of an identity provider signs | nothing in a message tells; the key is taken out of trust without a restart, and the audit names issuer, ID and times of each assertion: `tests/gateway/reload.rs::who_is_trusted_no_more_is_refused_at_once_and_others_go_on` | `dsig.signature_mismatch` |
//! | T108 – a key of metadata for another use, or of metadata that has ended | `use` and `validUntil` are honoured, and a second description of an entity is refused, as is metadata that nobody signed where it is judged; what was fetched ([`add_fetched`](crate::inbound::add_fetched)) is signed and holds for 30 days at most | `dsig.missing` `dsig.signature_mismatch` `saml.expired` `trust.duplicate_entity` `trust.metadata_expired` |
//! | T109 – a value of ours becomes markup before it is signed | what is written is escaped, and read again before it leaves: `src/mint/saml/tests.rs::no_value_changes_the_elements` | – |
//! | T110 – DEFLATE bombs, and two encodings of one message | a cap on what comes out, and nothing after the end of the stream | `limit.inflated` |
//! | T110 – parameters twice, in another order, encoded again | the octets are verified as they were sent; what two readers could read differently is refused | `dsig.signature_mismatch` `saml.duplicate_parameter` `saml.query_string` |
//!
//! # SOAP and its neighbours
//!
//! | attack | what stops it | refused with |
//! |---|---|---|
//! | T111 – Timestamps missing, expired, of the future | [`Fresh`](crate::policy::Fresh) is made from a signed one only | `dsig.digest_mismatch` `policy.timestamp_not_signed` `wss.timestamp_expired` `wss.timestamp_future` `wss.timestamp_invalid` `wss.timestamp_missing` |
//! | T112 – UsernameTokens that are empty, replayed, moved, or say the password to all | no UsernameToken stands for a signature; a digest needs Nonce and Created, a nonce counts once ([`ReplayKind::Nonce`](crate::trust::ReplayKind::Nonce)), and the token is signed with the Body or came over TLS | `dsig.digest_mismatch` `dsig.missing` `policy.no_nonce` `policy.no_password` `policy.password_text` `policy.username_token_not_signed` `token.username_token` `trust.password` |
//! | T113 – another verb or media type | only POST with a media type of SOAP reaches a route | `soap.not_an_envelope` `xml.empty` `xml.malformed` |
//! | T114 – a spoofed action | transport, WS-Addressing and the verified Body must agree | `policy.action_mismatch` `soap.addressing_duplicate` |
//! | T115 – answers sent elsewhere | anonymous only, and no code that could | `soap.reply_to` |
//! | T116 – addressing headers swapped | they must be signed with the Body | `policy.header_not_signed` |
//! | T117 – attachments that are fetched, swapped, added, or only pointed at | a `cid:` URI names a part of this message and nothing else names anything; what an `xop:Include` stands for is in its place before a digest is computed ([`Package`](crate::soap::attachment::Package)), and an attachment that the Body's signature does not cover refuses the message: see [`attachments`](super::attachments) | `dsig.attachment_header` `dsig.digest_mismatch` `dsig.duplicate_reference` `dsig.reference_form` `dsig.reference_unresolved` `dsig.transform` `policy.attachment_not_signed` `policy.qname_not_covered` `soap.content_id` `soap.content_type` `soap.multipart` `soap.nested_multipart` `soap.xop_include` |
//! | T118 – rules of inner policies are not enforced | a policy is imported whole or not at all, and whatever is taken out of a WSDL loosens nothing: `src/wsdl/tests.rs::whatever_is_taken_out_of_a_wsdl_loosens_nothing` | `dsig.algorithm_not_permitted` `policy.header_not_signed` `policy.key_reference` `wss.timestamp_missing` |
//! | T119 – an answer that was given to another request | ours confirm each signature of the request and relate to it; those of a backend that signs must be signed, used once, and relate to the request ([`verified_answer`](crate::outbound::verified_answer)); `verify --request` asks the same of files | `policy.relates_to` `policy.signature_confirmation` |
//! | T120 – identity headers of a client's own, or our Security header, reach the backend | both are left out, and a value that would break a header refuses the message: `tests/gateway/answering.rs::the_backend_gets_what_was_verified_and_nothing_else` | – |
//! | T121 – `mustUnderstand` ignored | the MustUnderstand fault | `soap.must_understand` |
//! | T122 – the detail of a fault tells what was wrong | one fault for every reason: `tests/gateway/refusing.rs::faults_are_the_same_for_every_reason_and_the_backend_gets_no_byte` | – |
//!
//! # Resources
//!
//! | attack | what stops it | refused with |
//! |---|---|---|
//! | T130 – external entities | no DOCTYPE | `xml.dtd` |
//! | T131 – entity bombs | no DOCTYPE | `xml.dtd` |
//! | T132 – depth | `limit.depth`; nothing recurses | `limit.depth` |
//! | T133 – attributes | `limit.attributes`; sorted, not compared in pairs | `limit.attributes` |
//! | T134 – namespaces | `limit.namespaces`, `limit.namespaces_in_scope` | `limit.namespaces` `limit.namespaces_in_scope` |
//! | T135 – names chosen so that their hashes collide | keyed hashes or sorted lists: `tests/work.rs::no_map_has_a_hash_without_a_key`; the instructions for twice the input are counted, `tests/work.rs::twice_the_input_takes_no_more_than_in_proportion`, and `make linear` measures time and memory | `dsig.digest_mismatch` |
//! | T136 – huge names and values | a limit each | `limit.attribute_value` `limit.name` |
//! | T137 – signatures whose work grows with the square | the same: `tests/work.rs::twice_the_input_takes_no_more_than_in_proportion` | – |
//! | T138 – a value of a message writes to a log or a terminal | cut and escaped: `tests/audit.rs::values_of_messages_are_cut_and_escaped` | `policy.action_mismatch` `saml.time` `soap.must_understand` `trust.issuer_unknown` |
//!
//! # Certificates
//!
//! | attack | what stops it | refused with |
//! |---|---|---|
//! | T139 – expired, or not valid yet | every certificate of the path is judged to the second | `trust.expired` `trust.not_yet_valid` |
//! | T140 – a key for something else signs | `trust.key_usage`, `trust.extended_key_usage` | `trust.extended_key_usage` `trust.key_usage` |
//! | T141 – who is no CA issues, or a CA too deep | `trust.not_a_ca`, `trust.path_length` | `trust.not_a_ca` `trust.path_length` `trust.untrusted` |
//! | T142 – names outside of a CA's | `trust.name_constraints`; what cannot be compared is refused | `trust.name_constraints` |
//! | T143 – revoked, or nobody knows | `trust.revoked`, `trust.revocation_unknown` | `trust.revocation_unknown` `trust.revoked` |
//! | T144 – loops and long paths | six certificates at most, and a budget of steps, signatures and comparisons | `token.pkipath` `trust.untrusted` |
//! | T145 – a certificate says what to fetch | nothing is fetched that a message or a certificate names: what is not given, or fetched from addresses that the operator named, is unknown | `trust.revocation_unknown` |
//! | T146 – weak or ambiguous certificates | strict reading in [`Certificate`](crate::crypto::Certificate), and key sizes, hashes and critical extensions on the path | `token.certificate_algorithms_differ` `token.certificate_duplicate_extension` `token.certificate_version` `trust.critical_extension` `trust.serial_number` `trust.weak_key` `trust.weak_signature` |
//! | T147 – trust in everybody whom a CA certifies | a [`Constraint`](crate::trust::Constraint) for each CA of a route: `tests/trust/signer.rs::a_ca_is_trusted_for_those_its_constraint_names` | – |
//!
//! # Where an attack cannot be
//!
//! An attack comes as SOAP 1.1, SOAP 1.2, Response, Assertion, LogoutRequest and metadata, but for these:
//!
//! | attacks | not as | because |
//! |---|---|---|
//! | T01 T03 T07 T10 | Assertion | it is alone: T01 is T06, and two beside each other are T11; it has no Extensions |
//! | T06 T07 | LogoutRequest | it holds no assertion, and is itself what is signed: T01, T09 |
//! | T03 T06 | metadata | the same entity and signature as in T10 and T01 |
//! | T15 | Response, Assertion, metadata | they are in no Body; places in SAML are T01 to T09 |
//! | T16 T17 T18 T19 | Response, Assertion, LogoutRequest, metadata | no Timestamp, signed headers or Security header; places in SAML are T01 to T09 |
//! | T27 | Response, Assertion, LogoutRequest, metadata | nothing of them is relayed, and what is read outside of a signature only refuses |
//! | T29 | Response, Assertion | it is on all messages but these two, whose own are all the others |
//! | T35 | metadata | its names are attributes, and a certificate with an element in it is no key: T36 |
//! | T41 | metadata | an entity with another name is another entity |
//! | T44 | Response, Assertion, LogoutRequest, metadata | nothing is replayed by its octets: an assertion counts once by issuer and ID (T101) |
//! | T45 | Response, Assertion, LogoutRequest, metadata | no value that is read is a QName but `xsi:type`, which changes nothing |
//! | T58 T73 T76 | Response, Assertion, LogoutRequest, metadata | no SecurityTokenReference, Security header or UsernameToken |
//! | T78 T79 T80 T81 T82 T83 T84 T85 T86 T87 T88 T89 | metadata | nothing in it is decrypted: T90 |
//! | T91 | metadata | it has no issuer: who signed it is who is trusted |
//! | T92 T97 T98 T99 T100 T102 | LogoutRequest, metadata | no audience, conditions or confirmations |
//! | T93 | metadata | for nobody in particular |
//! | T94 | LogoutRequest, metadata | answers nothing |
//! | T95 T96 | metadata | its end is T108 |
//! | T103 | metadata | nothing in it is encrypted |
//! | T101 | Response, Assertion, LogoutRequest, metadata | alone they come to commands only, which remember nothing; a gateway takes them in messages |
//! | T104 | SOAP 1.1, SOAP 1.2, Assertion, LogoutRequest, metadata | no status |
//! | T105 | LogoutRequest, metadata | no attributes are read in them |
//! | T106 | metadata | there is no other version |
//! | T110 | SOAP 1.1, SOAP 1.2, Assertion, metadata | DEFLATE and query strings are bindings of SAML messages |
//! | T118 | Response, Assertion, LogoutRequest, metadata | a WSDL is about SOAP messages |
//! | T111 T112 T114 T115 T116 T117 T119 T121 | Response, Assertion, LogoutRequest, metadata | no headers of SOAP, and no parts beside it |
//! | T113 | SOAP 1.1, SOAP 1.2, Response, Assertion, LogoutRequest, metadata | what comes is none of these |
//!
//! # State
//!
//! | attack | what stops it |
//! |---|---|
//! | a log that cannot say what was relayed (T127) | the audit has digests of what came and what went on |
//! | records that are changed, removed, put in, swapped or cut off (T151) | each has the hash of the one before, and checkpoints are signed and kept elsewhere: [`audit`](crate::audit) |
//! | one message at many gateways at once (T148) | one step at the store says which use is the first, for all that share it |
//! | a store that is lost, flushed, evicted, fails over, or stalls (T149) | a new generation begins, and what was made before is refused; what cannot be told is refused: see [`replay`](crate::replay) |
//! | a clock that goes back (T150) | what ended before the latest time that a store has seen is refused: `replay.forgotten` |
