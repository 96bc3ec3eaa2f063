//! The rules of the WS-I Basic Security Profile 1.1, and what becomes of each.
//!
//! *always*: a message that breaks it can be understood in two ways, or in none, and is refused in every profile. *by profile*: it
//! can be understood in one way only all the same; `strict` and `bsp11` refuse it, `legacy-2004` warns and `archive-verify` reports
//! (`basic_security_profile` in a policy). *warned of*: it refuses nothing, whatever the policy, and `verify` and `batch verify` warn where the
//! profile applies. *replaced*: a rule of ours stands in its place. *not asked*: nothing is lost without it. The
//! numbers in the first two groups are those that refusals carry as their clause, and a test keeps this page and the code alike, with those of the third.
//!
//! # Security header and Timestamp
//!
//! | rule | asks that | here |
//! |---|---|---|
//! | R3203 | a Timestamp has one Created | always: `wss.timestamp_invalid` |
//! | R3204 | no two `wsu:Id` are the same | replaced: no two IDs of any kind are, `xml.duplicate_id` |
//! | R3206 | one Security header without actor | always: `wss.multiple_headers` |
//! | R3210 | one Security header an actor | always: `wss.multiple_headers` |
//! | R3212 | signatures and encryption stand in the order of processing | replaced: what is signed and what is encrypted follows from references, in any order |
//! | R3213 | seconds of Created are below 60 | replaced: every time is one that exists |
//! | R3215 | seconds of Expires are below 60 | replaced: the same |
//! | R3217 | Created is in UTC | by profile: `wss.timestamp_invalid`; without a zone always |
//! | R3220 | Created has at most milliseconds | not asked: nine digits are read, and count |
//! | R3221 | Created stands before Expires | always: `wss.timestamp_invalid` |
//! | R3222 | a Timestamp has nothing else | always: `wss.timestamp_invalid` |
//! | R3223 | Expires is in UTC | by profile: `wss.timestamp_invalid` |
//! | R3224 | a Timestamp has at most one Expires | always: `wss.timestamp_invalid` |
//! | R3225 | Created has no ValueType | always: `wss.timestamp_invalid` |
//! | R3226 | Expires has no ValueType | always: `wss.timestamp_invalid` |
//! | R3227 | a Security header has at most one Timestamp | always: `wss.timestamp_multiple` |
//! | R3229 | Expires has at most milliseconds | not asked: as R3220 |
//! | R4006 | a message is UTF-8 or UTF-16 | always: UTF-8 alone, `xml.encoding`; UTF-16 by an [exception](super::exceptions), archives also others |
//!
//! # References to tokens
//!
//! | rule | asks that | here |
//! |---|---|---|
//! | R3027 | no token is named by KeyName | always: `wss.token_reference` |
//! | R3054 | a KeyIdentifier says its ValueType | always: `wss.token_reference` |
//! | R3056 | Embedded holds a token, and no reference | always: `wss.token_reference` |
//! | R3057 | a reference leads to no reference | always: `wss.token_reference` |
//! | R3058 | a Reference says of its token what the token is | always: `wss.token_reference` |
//! | R3059 | a Reference says the ValueType of its token | not asked: the token says it |
//! | R3060 | Embedded holds one token | always: `wss.token_reference` |
//! | R3061 | a SecurityTokenReference holds one reference | always: `wss.token_reference` |
//! | R3062 | a Reference has a URI | always: `wss.token_reference` |
//! | R3063 | a KeyIdentifier's ValueType is one of the profile's | always: `wss.token_reference`; by profile where it is a certificate |
//! | R3065 | an STR-Transform has TransformationParameters | always: `dsig.structure` |
//! | R3066 | a token is in the same Security header | always: `wss.token_reference` |
//! | R3070 | a KeyIdentifier says its EncodingType | by profile: `wss.token_reference` |
//! | R3071 | that is base64 | always: `wss.token_reference` |
//! | R5402 | KeyInfo has one child | always: `wss.key_info`; none by profile: `dsig.key_missing` |
//! | R5417 | KeyInfo of a signature holds a SecurityTokenReference | by profile: `wss.key_info` |
//!
//! # Tokens
//!
//! | rule | asks that | here |
//! |---|---|---|
//! | R3029 | a BinarySecurityToken says its EncodingType | by profile: `token.encoding_type` |
//! | R3030 | that is base64 | always: `token.encoding_type` |
//! | R3031 | a BinarySecurityToken says its ValueType | always: `token.value_type` |
//! | R4201 | a Password says its Type | by profile: `token.username_token`; another Type always |
//! | R4212 | a PasswordDigest is of nonce, time and password | always: `trust.password`, or `token.username_token` where it is no SHA-1 |
//! | R4218 | a key is derived with 1,000 iterations or more | always: `token.iterations`, which also wants 1,000,000 or fewer |
//! | R4220 | a Nonce says its EncodingType | by profile: `token.username_token` |
//! | R4221 | that is base64 | always: `token.username_token` |
//! | R4222 | a UsernameToken has at most one Password | always: `token.username_token` |
//! | R4223 | a UsernameToken has at most one Created | always: `token.username_token` |
//! | R4225 | a UsernameToken has at most one Nonce | always: `token.username_token` |
//!
//! # Signatures
//!
//! | rule | asks that | here |
//! |---|---|---|
//! | R3102 | no signature is enveloping | replaced: no `ds:Object` in a message, `dsig.object_present` |
//! | R5401 | HMACOutputLength is absent | always: `dsig.hmac_truncated`; archives take half and more |
//! | R5403 | a signature holds no Object with a Manifest | always: no Object at all, `dsig.object_present` |
//! | R5404 | SignedInfo is canonicalized exclusively | replaced: by what the policy permits, `dsig.algorithm_not_permitted` |
//! | R5405 | the PrefixList of CanonicalizationMethod names each prefix that is bound at SignedInfo or inside and that no name there uses | warned of: `signed_info_prefix_list` |
//! | R5406 | CanonicalizationMethod has a PrefixList, unless it would be empty | warned of: the same |
//! | R5407 | an exclusive Transform has a PrefixList, unless it would be empty | warned of: `transform_prefix_list` |
//! | R5408 | that names each prefix that is bound where something is signed and that no name in it uses | warned of: the same |
//! | R5411 | Transforms holds a Transform | replaced: read by the schema of XML Signature |
//! | R5412 | the last Transform canonicalizes | replaced: by what the policy permits, also where it is implied |
//! | R5414 | the prefixes of a PrefixList are read in any order | replaced: they are a set |
//! | R5415 | white space before, between and after them means nothing | replaced: the same, at most 32 of them (`limit.prefixes`) |
//! | R5416 | a Reference has Transforms | replaced: the same |
//! | R5420 | digests are SHA-1 | replaced: never SHA-1 where a policy does not name it |
//! | R5421 | signatures are HMAC-SHA1 or RSA-SHA1 | replaced: the same |
//! | R5423 | transforms are of a list | replaced: by what the policy permits |
//!
//! Why the rules about PrefixLists only warn: of the stacks in [`interop`](super::interop) WSS4J alone writes PrefixLists, and what they are for is asked
//! where it matters. An exclusive form does not say what a prefix means that only a value uses; where such a value is a QName, what it means has to be covered, by a
//! PrefixList or by a name that uses the prefix, or the message is refused as `policy.qname_not_covered`.
//!
//! # SignatureConfirmation
//!
//! | rule | asks that | here |
//! |---|---|---|
//! | R5441 | a SignatureConfirmation has a `wsu:Id` | by profile: `wss.signature_confirmation` |
//!
//! # Encryption
//!
//! | rule | asks that | here |
//! |---|---|---|
//! | R3208 | an EncryptedKey stands before what it lists in the header | replaced: as R3212, in any order |
//! | R3209 | an EncryptedKey says no Type | by profile: `wss.encrypted_key` |
//! | R5424 | KeyInfo of encryption has one child | not asked: a key that does not fit decrypts nothing, so each that is named is tried |
//! | R5426 | that is a SecurityTokenReference | not asked: which key it was says nothing about the sender |
//! | R5601 | an EncryptedData has an EncryptionMethod | replaced: we know the algorithm from nowhere else, `xmlenc.structure` |
//! | R5602 | an EncryptedKey says no Recipient | by profile: `wss.encrypted_key` |
//! | R5603 | an EncryptedKey has an EncryptionMethod | replaced: the same |
//! | R5607 | Envelope, Header and Body are not encrypted | replaced: what comes is read as SOAP has it, before and after |
//! | R5620 | data is encrypted with Triple DES or AES in CBC | replaced: by what the policy permits, `xmlenc.algorithm_not_permitted` |
//! | R5621 | keys are transported with RSA 1.5 or RSA-OAEP | replaced: the same |
//! | R5622 | an EncryptedKey says no MimeType | by profile: `wss.encrypted_key` |
//! | R5623 | an EncryptedKey says no Encoding | by profile: `wss.encrypted_key` |
//! | R5625 | keys are wrapped with Triple DES or AES | replaced: the same |
//! | R5629 | an EncryptedData that no EncryptedKey lists has a KeyInfo | by profile: `wss.encrypted_data` |
//!
//! # SAML
//!
//! | rule | asks that | here |
//! |---|---|---|
//! | R6604 | a KeyIdentifier of an assertion says no EncodingType | always: `wss.token_reference` |
//! | R6611 | a reference to an assertion of SAML 1.1 says its TokenType | not asked: ValueType and assertion say it, and have to agree |
//! | R6617 | a reference to an assertion of SAML 2.0 says its TokenType | not asked: the same |
//!
//! # Rules that no check carries
//!
//! R5206, R5606, R5608, R5614, R5624 and R5626 are about references to what is encrypted, and about its algorithms. No text of the profile was at
//! hand from which their exact words could be taken, and a number that stands at another rule misleads whoever looks it up. What a
//! message has to be in this respect it has to be by XML Encryption and WSS 1.1 §9, whatever the profile: each DataReference is `#` and the
//! ID of an EncryptedData for us (`wss.data_reference`), everything that is encrypted to us in Body and headers is listed
//! (`wss.unlisted_encryption`), what replaces it is an EncryptedData (`xmlenc.structure`), and algorithms are those that the policy permits
//! (`xmlenc.algorithm_not_permitted`).
