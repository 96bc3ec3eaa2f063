//! The commands, and what programs may rely on in what they print.
//!
//! `sealgate COMMAND --help` explains the options. `-` as a file is standard input.
//!
//! | command | judges, or makes |
//! |---|---|
//! | `verify` | SOAP messages, as the gateway would judge them; nothing is remembered, so no message is a replay |
//! | `saml verify` | SAML 2.0 assertions, metadata and protocol messages, and assertions and Responses of SAML 1.1, in an ArtifactResponse or a SOAP Body or not, as a relying party does; as XML, base64, base64 of deflate, or a URL, query string or form as a browser sent it |
//! | `dsig verify` | the signatures in any XML document, as mathematics: do they hold, whose are they, what do they cover |
//! | `saml trace` | a login that a browser recorded (HAR, SAML-tracer), from message to message, as of when each was sent: where it breaks |
//! | `saml sign` | a SAML message, assertion or metadata, with the signature where its schema has it; `--part` says what of a Response; for `--binding post` as a form, for `redirect` as a query string that is signed as it stands |
//! | `sign`, `dsig sign` | a SOAP message with a Security header; a document with a signature as the last child of its root |
//! | `encrypt` | a document, XML or SOAP, of which parts are encrypted: `--to` a certificate, or with a `--secret-key` that both know |
//! | `decrypt` | a document, XML or SOAP, with what was encrypted in it; it says nothing about who encrypted it |
//! | `c14n` | canonical octets, for a comparison with those of another stack |
//! | `explain` | why a signature does not hold: the change that makes the digest match ([`explain`](crate::explain)); trust is not asked |
//! | `inspect` | nothing: it shows what a message says of itself |
//! | `batch verify` | every message of an archive, on all cores, with reports: [`archives`](super::archives) |
//! | `bench` | how many of these messages this machine handles |
//! | `audit verify` | a gateway's log of what it decided ([`audit`](crate::audit)): 1 and the first bad record where it is not as it was written |
//! | `audit show`, `audit export` | nothing: records for people; as JSON Lines or CSV. Control and invisible characters of a value are escaped, and one that a spreadsheet could take for a formula has `'` before it in CSV |
//! | `password add`, `password check` | the files of users and passwords; the password is the first line of standard input |
//! | `policy infer` | messages and SAML documents, again and again under ever tighter policies: the tightest that all of them pass, as TOML |
//! | `policy import` | nothing: what a WSDL states with WS-SecurityPolicy, as a policy in TOML, and what became of each assertion |
//! | `route import` | nothing: the routes to the services of a WSDL 1.1, as TOML: path, addresses, and each operation's action, body and whether it is one-way; addresses with one path are one route. An operation without SOAPAction has the action of WS-Addressing that is said, or its default (WS-Addressing 1.0 Metadata §4.4.4), and the backend no SOAPAction. 1 if an operation cannot be told by these, if addresses with one path have other operations, or if an address is missing, is no URL of HTTP, has user information, a query or a fragment, or a path that no route can have (what is served there is a route of its own); what is written otherwise is taken by `config check` once trust and backend are there |
//! | `policy diff` | nothing: what changed between a partner's last good message and this one; 1 if anything did |
//! | `demo`, `serve` | the gateway, with a world made for it or for real; `demo --archive N FOLDER` makes an archive instead |
//! | `config check`, `config explain`, `config schema`, `config reference`, `config init`, `policy show` | what the gateway and the policies are told |
//! | `completions`, `man` | nothing: a script that has a shell complete commands, options and values; a folder of pages for man(1) |
//!
//! # Exit codes
//!
//! | | |
//! |---|---|
//! | 0 | every input passed |
//! | 1 | at least one was refused |
//! | 2 | the command, an option or a configuration is wrong; nothing was judged |
//! | 3 | an input could not be read, or the machine failed |
//!
//! Of several inputs the worst counts: 3, then 1, then 0. A reader of the output that goes away changes nothing. What `sign`, `saml sign`,
//! `encrypt`, `decrypt` and `c14n` make goes to standard output and everything else to standard error.
//!
//! # Messages of several parts
//!
//! A file for `verify` that begins with a `Content-Type` or `MIME-Version` header is read as that says: MTOM, SOAP with
//! Attachments ([`attachments`](super::attachments)), or one envelope; lines of the header end in CRLF. With `--content-type FIELD` files are the bodies that came with that field. The
//! `action` of the media type counts where `--action` is not given. `covered` and `not_covered` name attachments as `cid:ID`. Long attachments wait in
//! temporary files without names.
//!
//! # What explanations say
//!
//! Each cause that `explain --format json` tells has a `group`: causes of one number happened together, and each number is an answer by itself, the best one first. Of a file that cannot be read,
//! `references` is empty and `signature_value` null. How much is searched is counted in bytes and the same on every machine: most answers come in milliseconds, and where nothing explains a message of 1 MiB, it took
//! 2 s of CPU for 20,000 records, 4 s for 260,000 elements without content, 3 s for 87,000 texts with escapes, 5 s for 60 references, 2 s for 33,000 namespaces and 1 s for one long text, in a release build. `--octets FOLDER` writes what each reference digests, for nobody else to read; of several files, each into a folder of its number.
//!
//! # Explaining what is encrypted
//!
//! With `--key` or `--secret-key`, `explain` decrypts by every algorithm that is known, as nobody is answered, and says of each reference in which `form` it is told: `received`, where the digest is one of the message as
//! it came (encrypted, then signed), or `decrypted` (signed, then encrypted); signatures that came encrypted are told too. Where nothing could be decrypted, `not_decrypted` says why, and references whose digest is
//! of something encrypted have the cause `encrypted` and whose key is needed, if the message says so: such a message is `indeterminate`. It is all decrypted, or nothing is: also what is meant for others needs its key.
//!
//! # Cases for partners
//!
//! Of what came encrypted no case is made: `--redact` with a key is refused where the explanation is of plaintext, and without one the case has the ciphertext hidden and the same cause.
//!
//! `explain --redact FOLDER FILE` writes `message.xml`, `key.pem` and a `README.txt` that says what stays: structure, names, namespaces, algorithms and white space; whether a
//! character is of ASCII, and how long words were only where the failure does not show otherwise. Texts and values are hidden, IDs numbered, digests and signature values made anew by a key that is forgotten. The case is
//! written only if it is explained as the message is; 3 where the failure shows only in what the message says (a wrong encoding, an attachment), or no key
//! can be made for the algorithm (SHA-1, HMAC, DSA, Ed25519).
//!
//! # Logins
//!
//! `saml trace` reads the SAML messages in URLs and forms of a recording, what it says beside them of the same request, and nothing else; JSON or text that
//! quotes a URL carries none. Each is compared with where it was sent and
//! with the request that it answers: Destination, InResponseTo, AssertionConsumerServiceURL, RelayState. Of a request that has a message in its URL
//! and one in its form both are steps, and a name that some reader takes for a parameter of SAML (`+SAMLResponse`, `SAML%52esponse`, `x;SAMLResponse`)
//! is refused as `saml.duplicate_parameter`. Responses, and other messages whose
//! issuer the metadata knows, are judged as by `saml verify`, with the URL that they were sent to, the request that they answer and, without
//! `--audience`, the issuer of that request. An assertion that a step before brought, by its own issuer and ID, is refused as `replay.assertion`
//! whatever Response it comes in, another answer to a request that was answered as `saml.in_response_to`. Steps stand in the order in which they were sent, where every entry says when. URLs are shown
//! without query string. An artifact is compared with the last request before it and, by its SourceID, with the entities of the metadata; as
//! the message itself never passes the browser, such a login is `indeterminate`.
//!
//! With `--format json`: `source`, `verdict`, `stage`, `code` and `message` of the first problem, `breaks_at` (the request of the recording, from 1)
//! and `steps`, each with `request`, `at`, `binding`, `sent_to`, `message`, `id`, `issuer`, `destination`, `in_response_to`, `answer_to`,
//! `relay_state`, `judged` and `problems` (`verdict`, `stage`, `code`, `message`, `hint`, `position` in the decoded message); `passed_over`: the
//! requests that are not as HAR or SAML-tracer has them, whose form is not there though one was sent, whose body has parts
//! (`multipart/form-data`) and names a message, whose time cannot be read, or that say two things (`text` and `params`, `url` and
//! `queryString`, `requests` beside `log`), by their places, of which nothing was read, so that a login in which no step breaks is
//! `indeterminate` (`saml.passed_over`). One of them may be the request or the answer that is missing, so that is then not said.
//!
//! # Metadata
//!
//! Each entity of `--metadata` is read by itself, and its keys when an issuer is looked up, so that an aggregate never stands in one tree.
//! With `--metadata-signer`, and `metadata_signer` in a configuration, the files were fetched: the root of each must be signed by that
//! certificate, or one that it certifies, and have a `validUntil` of at most 30 days; its `cacheDuration` counts from when the file was
//! written. The signature is over the whole, so then all of it stands in one tree until it is verified.
//!
//! An aggregate of 10,000 entities, 105 MiB, is read in 0.4 s and 5 MiB beside its octets; with its signature in 0.9 s and 48 MiB
//! (two shared cores; `SEALGATE_ENTITIES=10000 cargo test --config profile.dev.package.sealgate.opt-level=2 --test federation -- --nocapture`).
//!
//! # What `verify` and `saml verify` decrypt
//!
//! What the Security header for us lists as encrypted, and what stands in it, with `--key` and `--secret-key`; the gateway with the keys of
//! `[[route.decryption]]`. A file of `--key`, PEM or PKCS#12, may have any number of keys. Where one signs, and in a configuration, a PKCS#12 file of several is refused with the names that it has for them. Encrypting first or signing first is all the same, but CBC and RSA 1.5 need a trusted signature over ciphertext
//! and key ([`life_of_a_message`](super::life_of_a_message)). Positions and paths are then those of the decrypted message, which
//! `sealgate decrypt` prints. `saml verify` decrypts EncryptedAssertion, EncryptedID, EncryptedAttribute and NewEncryptedID, with an EncryptedKey
//! inside or beside, by the one whose Recipient is `--audience` if there is one. Without a key they are refused as `saml.encrypted`.
//!
//! # What `encrypt` encrypts
//!
//! Of a SOAP message the content of the Body, of another document all of it; or the elements that `--id` and `--element` name, and with
//! `--content` what is in them. A header of a SOAP message goes into a `wsse11:EncryptedHeader` that binds as the header did. The key is made
//! anew each time and encrypted by RSA-OAEP, to an EC key by ECDH-ES with ConcatKDF and AES key wrap, with a shared key by AES key wrap. It
//! stands in the first EncryptedData, in a SOAP message in the Security header. `--policy` names what the recipient allows: without it, AES in
//! GCM and SHA-256. RSA 1.5 is never written. What is encrypted declares each prefix that is bound there, so that it can be read alone;
//! exclusive canonicalization, and so a signature, does not see that.
//!
//! # What `policy infer` asks for
//!
//! It starts from `--policy` and takes every step that all samples pass, in each field of a policy: parts that are signed, algorithms, key references,
//! limits down to those that hold when nothing is said, ages in steps. So what no sample needs is forbidden, as UsernameTokens where none has one, and
//! all encryption where nothing is encrypted. Where each sample holds a ciphertext, whatever was encrypted has to be, and what none of them has would have to be if it came;
//! headers whose names are encrypted are not asked for. `second_opinion` stays as it is. Whether certificates need an answer about revocation depends
//! on `--trust` and `--crl` as much as on the samples: give those of the route.
//!
//! # What `policy import` takes over
//!
//! WS-Policy 1.2 and 1.5 with WS-SecurityPolicy 1.1 to 1.3, attached to a port, its binding and port type, an operation and its request in a
//! WSDL 1.1. The policy is that of `--policy`, tightened: what a service states and that policy forbids stays forbidden. Each
//! assertion has an outcome:
//!
//! | | |
//! |---|---|
//! | `taken` | the policy asks for it, or for more |
//! | `noted` | no message has to prove anything for it: layout, forms of certificates, tokens of answers, WS-Addressing |
//! | `not_permitted` | the policy of `--policy` forbids it: SHA-1, RSA 1.5, key references, SymmetricBinding without `encrypted-key`, CBC, and where it permits CBC, CBC that is not below a signature; messages that need it are refused |
//! | `not_enforced` | it restricts messages and the policy does not: encrypted certificates, endorsing signatures beside the first, issuers, TLS |
//! | `not_understood` | it may restrict messages: IssuedToken, derived keys, assertions of others, XPath beyond a path of names |
//!
//! With one of the last two nothing is printed and the exit code is 1, unless `--partial` asks for the policy without them. They are comments in it, as
//! is what is not permitted. Of the alternatives of an operation one that leaves more open than another is passed over, as that with an assertion that is
//! not understood and `wsp:Optional`.
//! All signatures of the suites are `rsa-sha1` in the standard's table; under those with SHA-256, stacks sign with `rsa-sha256`, which is taken. Where
//! a suite's SHA-1 is forbidden, SHA-256 stands for it. Of CXF's own suites those with AES in GCM are known, and CustomAlgorithmSuite as what CXF has if nothing else is configured. The lengths of encryption keys are not held. Alternatives, operations and ports whose policies differ have to be
//! chosen between; `--format json` has them all in `choices`, and `assertions` with `file`, `position`, `assertion`, `outcome` and `detail`.
//!
//! # JSON
//!
//! Beside it `--validation-report FILE` of `verify`, `saml verify` and `dsig verify` writes a [report in XML](super::validation_reports).
//!
//! `--format json` prints one object a line and input, in the order of the inputs.
//!
//! | field | |
//! |---|---|
//! | `source` | the file as it was typed |
//! | `verdict` | `passed`, `failed`, or `indeterminate` where something is missing that would decide |
//! | `stage`, `code`, `message`, `position`, `clause` | why not: the stage, the code ([`codes`](super::codes)), text that may change, line and column in characters from 1, the rule that is broken |
//! | `signatures` | each with `algorithm`, `canonicalization`, `trusted`, `signer` and `references` |
//! | `signer` | of the certificate: `subject`, `issuer`, `serial`, `sha256`. Where `trusted` is false, who it would be |
//! | `references` | each with `uri`, `element`, `digest_algorithm`, `expected`, `actual` (`null` where nothing was computed) and `ok` |
//! | `covered`, `not_covered` | paths of elements, each standing for all inside it; a signature is in neither |
//! | `coverage_omitted` | how many paths are left out, if any are |
//! | `claims` | what a SAML assertion or message says, and `username` of a UsernameToken, only where they were verified |
//! | `legacy` | what the verdict needed that `strict` does not allow: `sha1`, names of algorithms and transforms, `reference-form`, `hmac-truncated`, `timestamp.optional`, `username_token.no_nonce` and the like; on a gateway an exception may grant some ([`exceptions`](super::exceptions)) |
//! | `warnings` | true and worth knowing, but no reason to refuse |
//!
//! An input that cannot be read is `indeterminate` with the code `input.unreadable`.
//!
//! # Warnings
//!
//! | | |
//! |---|---|
//! | `unconstrained_ca` | a CA is trusted for everybody it certifies, as a CA named on the command line is |
//! | `revocation_unknown` | no CRL and no OCSP response decides, and the policy lets that pass |
//! | `legacy_by_age` | something of `legacy` was taken as the message was signed before the time until which [it is](super::archives#algorithms-of-their-time) |
//! | `legacy_too_late` | what the message is refused for would have been taken of one signed before such a time |
//! | `time_not_signed` | with `--at message`, of what is refused: the time as of which it was judged (`judged_at`) is what the message says, and no trusted signature over it was seen before the refusal |
//! | `embedded_key` | `--embedded-key`: the key came with the document |
//! | `only_text_covered` | a base64 transform covers the text of an element and not its attributes |
//! | `unbound_issuer` | no metadata binds the assertion's issuer to its key: whoever is trusted may say that they are this issuer |
//! | `audience_not_compared`, `recipient_not_compared`, `request_not_compared` | what was not said on the command line was not compared |
//! | `entity_expired` | of metadata: an entity in it, or a role of one, has ended, and none of its keys counts any more |
//! | `username_token_not_signed` | the UsernameToken is not signed; it came over TLS, and the policy lets that pass |
//! | `username_token_not_judged` | the policy does not judge UsernameTokens |
//! | `signed_info_prefix_list`, `transform_prefix_list` | a PrefixList leaves out, or nobody gives one for, prefixes that are bound where something is signed and that no name there uses ([`basic_security_profile`](super::basic_security_profile#signatures)) |
//! | a code | a rule of the Basic Security Profile that the policy only reports |
