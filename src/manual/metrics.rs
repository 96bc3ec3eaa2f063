//! Every metric that a gateway exports at `GET /metrics` of its `[admin]` address, as Prometheus reads it.
//!
//! Labels have values of closed sets, of the configuration, or codes: nothing that a message says. What nothing was counted of yet is not there. Times are seconds
//! since 1970, and +Inf of what never ends; `dashboards/grafana.json` shows all of these.
//!
//! | metric | kind | labels | what it says |
//! |---|---|---|---|
//! | `sealgate_requests_total` | counter | `route`, `outcome` (`answered`, `refused`, `failed`), `code` | requests, and why they were not answered: [`codes`](super::codes); `none` where they were |
//! | `sealgate_step_seconds` | histogram | `route`, `step` (`receive`, `verify`, `backend`, `seal`) | time of a step in the life of a message |
//! | `sealgate_messages_in_work` | gauge | | messages that are verified or answered now, of `gateway.messages` |
//! | `sealgate_body_bytes_held` | gauge | | bytes of bodies in memory, and of answers that their clients do not have yet |
//! | `sealgate_panics_total` | counter | | faults of ours that were caught: each is a bug |
//! | `sealgate_wrong_passwords_total` | counter | `route` | messages that were refused for the password of their UsernameToken |
//! | `sealgate_threats_total` | counter | `route`, `rule`, `mode` | messages that a threat rule applies to: [`threats`](super::threats) |
//! | `sealgate_invalid_bodies_total` | counter | `route` | messages that were relayed although their bodies are not valid: [`schemas`](super::schemas) |
//! | `sealgate_legacy_total` | counter | `route`, `name` | verified messages that needed what `strict` does not allow: [`exceptions`](super::exceptions) |
//! | `sealgate_exception_ends_timestamp_seconds` | gauge | `route` | when the next exception of the route ends |
//! | `sealgate_server_available` | gauge | `route`, `server` | 1 if the server is asked, 0 if it is down or failed too often: [`backends`](super::backends) |
//! | `sealgate_server_answered_total` | counter | `route`, `server` | messages that it answered, whatever it said |
//! | `sealgate_server_failed_total` | counter | `route`, `server` | messages that it did not answer |
//! | `sealgate_server_opened_total` | counter | `route`, `server` | how often its circuit breaker opened |
//! | `sealgate_connections` | gauge | `listener` | open connections of an address that is listened on; of TLS, from when it is agreed |
//! | `sealgate_not_ready` | gauge | `reason` (`stopping`, `starting`, `replay_store`, `shared_limits`, `audit_log`, `token`, `message_archive`) | 1 if that is why `/readyz` says 503, and 0 if not |
//! | `sealgate_store_available` | gauge | `store` (`replay_store`, `shared_limits`, `audit_log`, `message_archive`) | 1 if it can be used, 0 if not, though the configuration may have the gateway go on without it (`on_store_loss`, `on_loss`) |
//! | `sealgate_token_available` | gauge | `token` | 1 if a token with keys of ours is there, 0 if it is lost: [`tokens`](super::tokens) |
//! | `sealgate_spans_exported_total` | counter | | spans that the collector has taken |
//! | `sealgate_spans_lost_total` | counter | `reason` (`no_room`, `not_taken`) | spans that it has not |
//! | `sealgate_archive_rows_total` | counter | | messages that the [message archive](super::message_archive) has on the disk |
//! | `sealgate_archive_bytes_total` | counter | | their bytes, before they are compressed |
//! | `sealgate_archive_failures_total` | counter | | messages that it may not have, and files that could not be made of them at an attempt |
//! | `sealgate_archive_files_total` | counter | | Parquet files that were made of messages |
//! | `sealgate_reloads_total` | counter | `outcome` (`replaced`, `kept`) | attempts to replace the configuration |
//! | `sealgate_configuration` | gauge | | the configuration in use, counted from 1 since the start |
//! | `sealgate_configuration_since_timestamp_seconds` | gauge | | since when it is in use |
//! | `sealgate_fetched_timestamp_seconds` | gauge | `file` | when what is in use for a file of `[[fetch]]` was last seen at its address |
//! | `sealgate_fetch_failures_total` | counter | `file`, `code` | how often nothing good came for it |
//! | `sealgate_certificate_ends_timestamp_seconds` | gauge | | when the certificate that signs answers ceases to hold |
//! | `sealgate_certificates_end_timestamp_seconds` | gauge | `use` | when the first certificate of the configuration for that use does |
//! | `sealgate_crl_next_update_timestamp_seconds` | gauge | | from when, for the first route and issuer of CRLs that are in use, none of them counts (`nextUpdate`); 0 where none has counted yet |
//!
//! # Certificates that end
//!
//! `use` is `signing`, `decryption`, `listener`, `audit` or `token_endpoint` for our own, `client` for those that we show to servers in TLS, `tls_authority` for
//! whom others' in TLS are from, `anchor`, `pinned` and `metadata_signer` for whose signatures count; of chains and files with several the first that ends counts. Certificates in
//! metadata are not among them: their dates count for nothing. In the 30 days before the end of each, and after it, `config check` (`warnings`), start and reload
//! (`config.ends_soon`) name it.
//!
//! A CRL is named by `config check` when less than a tenth of the time from its thisUpdate to its nextUpdate and less than 30 days are left, when it has ended, and when it
//! does not count yet or never does (without nextUpdate, a delta CRL, signed with another key), and nothing of its issuer and key counts in its place. One by a key whose certificates are over, as the old key after a rollover, is named no more. What counts is asked for each
//! route by itself, as for a message: a CRL that begins after the other has ended, or that another route has, is none in its place. A gateway that serves looks each minute, and
//! logs it once before its end and once after (`config.ends_soon`; of more than 20 at a time the others are counted), also when the one that is fetched does not come.
