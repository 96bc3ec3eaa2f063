//! Threat rules: names for what an attack looks like, and patterns that verified content is looked through for.
//!
//! A rule never makes anything pass. Each has a mode on each route of a gateway, `observe` or `block`, under `[route.threats]`; the tables say what it
//! is where nothing is said. The name there is the code without `threat.`; another name is an error of configuration:
//!
//! ```toml
//! [route.threats]
//! sql_pattern = "block"
//! password_guessing = "block"
//! ```
//!
//! Whatever a rule applies to is told in the log (`threat`, `mode`, `position`), counted in `sealgate_threats_total` by `route`,
//! `rule` and `mode`, and recorded under `threats` in the audit log. The peer gets the fault that it gets anyway.
//! The examples are folders of `fixtures/`.
//!
//! # What is refused in any case
//!
//! Each such refusal is named. It carries the code of the check that refused it; which codes belong to a rule says
//! [`Rule::of_refusal`](crate::threat::Rule::of_refusal). With `block`, an address from which more than 10 of them by one rule come at once, or later one in 6 s, is shut out of the
//! route for a minute: 503 with `Retry-After`, before anything of its requests is read (`limit.address_threats`). All of an IPv6 /64 are one address, and so are all
//! clients behind one proxy, so `block` is not for a gateway that sees only the address of a load balancer. Where more addresses are counted than there is room for (100,000), the others
//! share one count, as in throttling.
//!
//! | rule | by itself | what it is about | an example |
//! |---|---|---|---|
//! | `threat.signature_wrapping` | observe | what is signed stands elsewhere than what is read | `attacks/T04-xsw4/soap11` |
//! | `threat.doubled_envelope` | observe | a part of the envelope twice, or where it does not belong | `attacks/T03-xsw3/soap11` |
//! | `threat.assertion_wrapping` | observe | an assertion or its signature where another reader would take another one | `attacks/T07-xsw7/saml-response` |
//! | `threat.duplicate_identifier` | observe | an ID that may mean two elements | `attacks/T20-duplicate-ids/saml-assertion` |
//! | `threat.signature_stripping` | observe | the signature that has to be there is not | `attacks/T61-signature-stripped/soap11-header` |
//! | `threat.spoofed_action` | observe | transport, addressing and Body ask for different things | `attacks/T114-action/soap11-http` |
//! | `threat.spoofed_addressing` | observe | addressing that leads elsewhere, or can be read in two ways | `attacks/T115-reply-to/soap11-replyto` |
//! | `threat.oversized_message` | observe | longer than a limit | `cases/limit/bytes` |
//! | `threat.deep_nesting` | observe | nested more deeply than a limit | `attacks/T132-deep-nesting/saml-assertion-closed` |
//! | `threat.attribute_flood` | observe | more attributes than a limit, or one twice | `attacks/T133-attribute-flood/saml-assertion` |
//! | `threat.namespace_flood` | observe | more namespace declarations than a limit | `attacks/T134-namespace-flood/saml-assertion-one` |
//! | `threat.reference_amplification` | observe | a short signature that would cause much work | `attacks/T56-too-much-work/soap11-references` |
//! | `threat.document_type` | observe | a DOCTYPE or an entity of one | `attacks/T130-external-entity/saml-assertion-file` |
//! | `threat.encoding_confusion` | observe | an encoding or version that another reader would read otherwise | `attacks/T39-encodings/saml-assertion-latin1-declared` |
//! | `threat.text_truncation` | observe | a comment or element in a text, where another reader would stop | `attacks/T33-comment-truncation/saml-assertion-audience` |
//! | `threat.multipart_confusion` | observe | parts of a message that can be told apart in two ways | `attacks/T117-attachments/soap11-nested` |
//! | `threat.algorithm_downgrade` | observe | an algorithm or key that is weaker than is allowed | `attacks/T66-hmac-truncated/soap11-0` |
//! | `threat.external_reference` | observe | a reference or transform that would fetch or run something | `attacks/T87-cipher-reference/file-soap` |
//! | `threat.embedded_key` | observe | a message that brings the key it wants to be verified with | `attacks/T63-self-supplied-key/soap11-key-value` |
//! | `threat.decryption_oracle` | observe | a ciphertext as those send that try what the answer tells | `attacks/T78-cbc-oracle/changed-vector-soap` |
//!
//! # Many of them from one address
//!
//! One of these may be a mistake, as a partner's new key or a message sent twice. They are named from the eleventh on, counted as above, and `block` shuts out as above.
//! Wrong passwords are compared only where everything else of a message was found good, so whoever guesses is a partner, or has a partner's key.
//!
//! | rule | by itself | what it is about | an example |
//! |---|---|---|---|
//! | `threat.replay_burst` | observe | many messages from one address that were used before | `cases/good/soap11` |
//! | `threat.stranger_key_burst` | observe | many signatures from one address by keys that nobody trusts | `attacks/T63-encrypted-key/soap11-endorsed-by-stranger` |
//! | `threat.password_guessing` | observe | many wrong passwords from one address | `attacks/T112-username-token/soap11-digest-of-nothing` |
//! | `threat.tampering_burst` | observe | many messages from one address that were changed after they were signed | `attacks/T103-encrypted-name/saml-assertion-swapped` |
//!
//! # What stands in verified messages
//!
//! These look through what was signed and would be relayed: the Body and the header blocks, their texts and attributes, after everything else about
//! a message was found good, but for its schema and its one use. `observe` relays it; `block` refuses it under the rule's code. What an element's text has on both sides of a comment or child
//! is looked at as one. Attachments, claims of assertions and what is encrypted to others are not looked at, nor are base64 and other encodings undone.
//! `sealgate verify`, `batch verify` and [`Setup`](crate::verifier::Setup) do what a gateway does by itself, and tell under `warnings` what is only observed.
//! `verify --threats block` refuses what any of these rules applies to; `--threats observe` only tells.
//!
//! | rule | by itself | what it is about | an example |
//! |---|---|---|---|
//! | `threat.sql_pattern` | observe | a value that ends a string of SQL and goes on in SQL | `cases/threat/sql_pattern` |
//! | `threat.script_pattern` | observe | a value that a browser would run | `cases/threat/script_pattern` |
//! | `threat.path_traversal` | observe | a value that leads out of a folder | `cases/threat/path_traversal` |
//! | `threat.expression_injection` | observe | a value that a logger or template would evaluate, as ${jndi: | `cases/threat/expression_injection` |
//! | `threat.request_forgery` | observe | a value that is an address of a kind to attack servers from inside | `cases/threat/request_forgery` |
//! | `threat.embedded_entity` | observe | a value that is XML with entities, for whoever parses it | `cases/threat/embedded_entity` |
//! | `threat.schema_poisoning` | observe | xsi:schemaLocation, which some readers fetch | `cases/threat/schema_poisoning` |
//! | `threat.external_inclusion` | block | XInclude, which some readers follow | `cases/threat/external_inclusion` |
//! | `threat.oversized_value` | observe | a text of more than 65,536 bytes | `cases/threat/oversized_value` |
//! | `threat.nested_content` | observe | content of more than 32 levels | `cases/threat/nested_content` |
//! | `threat.sibling_flood` | observe | an element with more than 10,000 children | `cases/threat/sibling_flood` |
//! | `threat.attribute_load` | observe | an element of the content with more than 64 attributes | `cases/threat/attribute_load` |
//!
//! Patterns are no proof, neither of an attack nor of its absence: a backend that builds SQL from values is broken with them too. They are
//! made to leave alone what people write: O'Brien, words in quotes, "select a date", prose with semicolons and dashes, HTML that runs
//! nothing, one `../`, `${amount}`, UUIDs, times, base64. An SQL pattern is what follows a quote that ends a string
//! (the first, third, … of its kind) or a number that the value begins with, and is a condition on constants or of a column and a string, a UNION SELECT, a further
//! statement, a clause that a comment ends or a final comment; or one of nine names that nobody writes in prose, as `information_schema.`. The case of letters, SQL's comments
//! between words, character references, lookups within lookups and tabs in `javascript:` hide nothing; addresses of this machine are no request forgery, as
//! `http://localhost:8080/` is written by many that test.
