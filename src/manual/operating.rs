//! Operating a gateway: start, health, a new configuration, end.
//!
//! # Start
//!
//! `sealgate config check FILE` says everything that is wrong with a configuration, and asks no address: a file of `[[fetch]]`
//! that is not there yet is a note (`notes`), as the gateway fetches it at its start. `sealgate serve --config FILE` serves. What was issued before a gateway
//! started may have been used in the life of an earlier one, and is refused, unless `[replay]` names a file or a Redis that remembers (T149): see
//! [`replay`](crate::replay). What a fast clock dated later than the start is not told apart from new by a memory that is empty: use a file or a Redis where senders'
//! clocks are not yours. While such a store is new, every message is told to come back later, for the allowed clock skew, and `/readyz` says 503.
//!
//! Clients speak HTTP/1.1, over TLS (1.2 or 1.3) or without. HTTP/2 is not offered: who could speak both agrees on HTTP/1.1 (ALPN).
//! A 503 says `Retry-After`, unless the backend has already done what was asked: sent anew, it would be done twice.
//!
//! # For operators
//!
//! The `[admin]` address needs no authentication. It is one of this machine; with `open = true` it may be another, where only a network of your own
//! reaches it, as that of an orchestrator that probes: from there everything can be read, and `POST /reload` is 403. GET and HEAD are answered alike.
//!
//! | request | what it says |
//! |---|---|
//! | `GET /healthz` | 200: the process lives |
//! | `GET /readyz` | 200: send work; 503: it starts, was told to stop, or its store of uses, its shared limits, its audit log or its message archive refuse, or a [token](super::tokens) is lost; the text says which, as `sealgate_not_ready{reason}` does |
//! | `GET /metrics` | counters and times, as Prometheus reads them: [`metrics`](super::metrics) |
//! | `GET /backends` | JSON: the servers of each route, and whether they are asked (see [`backends`](super::backends)) |
//! | `GET /openapi.json` | all of this as OpenAPI 3.1, `schemas/admin.openapi.json` |
//! | `POST /reload` | takes on the configuration as it is now: 200 and `"outcome": "replaced"`, or 409, `"kept"` and why |
//!
//! A store, a log or an archive refuses when it says so, or when what it does takes 0.8 seconds and longer, as with a disk that hangs, until it goes on; a store of uses
//! also while it has no room for another use (`replay.store_full`). A Redis is asked every second in which nobody needs it, so that one that hangs is found out without a message.
//!
//! `dashboards/grafana.json` shows the metrics in Grafana. The log goes to standard error, where every line is a JSON object, also the one that says why a gateway ended or did not start, be it for a wrong option
//! (with `--log text` none is). `serving` has the URLs that it listens on (`addresses`, with a space between) and the one for operators (`admin`). Of the lines of one kind, as refusals with one code, it has
//! `--log-lines` a second, 1000 if it is not said, and then a line that says how many were left out. The audit log leaves nothing out.
//! Lines that come within ten milliseconds are written together. No request waits for who reads the log: 512 KiB wait for it, what comes then is
//! lost, and `log.lost` says how many lines that were when it goes on. A gateway that is told to stop has written all of them when it ends, or ends two seconds later if nobody
//! reads them; one that is killed may lose the last.
//!
//! # Traces
//!
//! With `[traces]` a collector is told, by OTLP over HTTP (`http/protobuf`), where the time of each request went: a span for the whole of it with route, operation, status,
//! incident and the code of a refusal, and one each for `receive`, `verify`, `backend` and `seal`. Nothing that a message said is among that, and no address. Backends get the span that asks
//! them in a `traceparent` header (W3C Trace Context); no `tracestate` is handed on. What a request says of its trace counts only on routes with `traceparent = "heeded"`, if it is well
//! formed, and so does whether it is sampled: nobody has signed it. `one_in` says how many of the other requests are told.
//!
//! Spans wait for the collector in a queue of `queue`; a message never waits for it. What there is no room for, and what the collector has not taken after three tries, is lost and
//! counted in `sealgate_spans_lost_total`.
//!
//! # A new configuration
//!
//! A gateway reads its configuration again, with every file that it names, at SIGHUP, at `POST /reload`, and with `gateway.watch_seconds` when one of
//! the files has changed and then stayed as it is between two looks. A SIGHUP that comes while it starts is heeded once it serves. The new one takes the place of the old one at once and whole, or not
//! at all; the old one stays, and the log, `/reload` and the counter `sealgate_reloads_total` say so:
//!
//! | code | why |
//! |---|---|
//! | `config.problems` | it could not be started with either: each problem is told with its line |
//! | `config.restart` | it changes addresses, TLS on or off, `workers`, `connections`, `drain_seconds`, `[replay]`, `throttle.redis`, `[audit]`, `[message_archive]` or `[traces]` |
//! | `config.metadata_older` | on some route, metadata that was fetched ends before what is in use of the same entity: an older copy, in which keys may be that were withdrawn (T108). A restart forgets what was in use |
//! | `config.recent` | on some route it refuses everything that was good |
//!
//! For the last, a route keeps up to eight of the messages that it verified, each of up to 64 KiB and without attachments or passwords, and
//! a new configuration judges them as of when they came. That some are refused is told and holds nothing up, and so is that all are, if that is for whose
//! signatures count (stage `trust`) or who may ask (`policy.not_authorized`): a stolen key is shut out by taking its certificate away, at the next message.
//!
//! A request ends under the configuration that it began with (T153). What was used stays used. Connections that are open keep the
//! TLS side that they began with; new ones meet the new certificate and the new `client_ca`, and no session that began before is resumed.
//!
//! # The audit log grows
//!
//! Nothing of it is removed by the gateway. [`audit`](crate::audit) says how old files are archived while it serves, and how the rest is verified from then on
//! (`audit verify --from`). A gateway that starts on such a folder says so (`audit.begins_later`), and also where a file is
//! missing or exchanged (`audit.gap`), the end is gone (`audit.ends_early`) or, if checkpoints are exported, all of it (`audit.begins_anew`): it looks at the first and the last record of each file.
//!
//! # What is fetched
//!
//! `[[fetch]]` names a file and an address: wherever the configuration has this file as `jwks`, `crls` or `metadata`, it gets what is fetched. Addresses are `https:`, with
//! `ca` saying who may have issued their certificates, or `http:` on an IP address of the loopback. No redirect is followed, no address is
//! taken from a message (T145), and no message waits: this is done in the background, each `every_seconds` or sooner where `Cache-Control`,
//! `nextUpdate`, `validUntil` or `cacheDuration` say so, but no more often than once a minute unless `every_seconds` is less. A part of the time that is
//! drawn by lot is left out. After a failure the next try is soon, then later each time, and never later than `every_seconds`.
//!
//! What comes takes the place of the old as by a reload, in the configuration as it was last taken on: what has been written to that file since counts for
//! nothing, while other files are read again. It is tried on recent messages, and what is bad changes nothing. A CRL from before the one in use of the same issuer, key and
//! distribution point is refused (`fetch.older`), as is older metadata; of a JWK Set nobody can say. Of the same time, one with a greater cRLNumber is later. What is fetched must hold one that takes the place of each CRL in use, be that over, and
//! metadata of one entity must go on describing it (`fetch.missing`): another needs another `file`. An address that once served a list more than it does now is let go of by removing the file, also while the gateway
//! runs: with the next answer what is missing is forgotten, and the file is there again; older lists are refused as before. Until then what is in use stays so. Metadata must be signed (`metadata_signer`). The file has the last good copy, so that
//! the gateway starts while an address is down; without one, the address must answer at the start. A JWK Set that was not seen at its address for
//! `max_age_seconds` (a day, or three times `every_seconds`) verifies nothing any more (`bearer.keys_old`): watch `time() - sealgate_fetched_timestamp_seconds` and `sealgate_fetch_failures_total`, whose codes stand in [`gateway_codes`](super::gateway_codes).
//!
//! Each list that is current counts: a certificate that one of them has on hold is refused, also where a newer one of the same issuer has lifted that. Take the older one away.
//!
//! A CRL must be signed with the key of its issuer, whose certificate is among the anchors or `untrusted` of the route. The address of an OCSP response, which stands in
//! `crls` as well, is that of a request by GET (RFC 6960 §A.1): nobody asks for others. It must be signed by one of these certificates, or by a responder that one
//! of them certified, and must have a nextUpdate. One from before the one in use is refused. Such requests are not made for certificates of messages.
//!
//! # Limits of several gateways
//!
//! Besides how often, how many at a time and how many a day, `address_cost_milliseconds` and, for a route, `route_cost_milliseconds`, `signer_cost_milliseconds`, `issuer_cost_milliseconds` and
//! `subject_cost_milliseconds` limit what verification costs. An address pays for every message, and for what came of one that is cut off, too long or refused while it comes; a signer only for those that are verified and used for the first time: nobody pays for a copy
//! that somebody else sends. What a route owes is asked before the message is read (`limit.route_cost`).
//! `address_bytes_per_minute`, `route_bytes_per_minute`, `signer_bytes_per_minute`, `issuer_bytes_per_minute` and `subject_bytes_per_minute` limit likewise how much is sent: the body
//! as it came, with all its parts; of what a token endpoint gets, an address pays for the form, the others for the assertion. The bytes of a minute may come at once, and the message that goes beyond them is still let in: how long one may be is said by
//! `[route.limits]`. However much it used up, who sent it waits a minute at most, so that one who sends messages longer than a budget sends one a minute. What comes at the same time is charged when it has come: how many messages may
//! be under way by then is limited by `concurrent`, which belongs beside a budget. A signer, issuer and subject pay for all of a message
//! that is used for the first time, also for what of it nobody signed. A budget that a reload changes begins anew; gateways that share their limits count together only where theirs are equal.
//!
//! A gateway knows 100,000 names of each kind at a time, of addresses, routes, signers, issuers and subjects: however many addresses ask, signers keep their places. Where more ask, it forgets those that have no effect, and what was asked for in this day by those that asked for no more than is usual; whoever still finds no
//! room shares one budget with others like that: addresses with addresses, and signers with signers.
//!
//! `[throttle]` and `[route.throttle]` count at each gateway, which forgets what was asked for, also in this day, when it ends. With `throttle.redis` the gateways of one `prefix` count rates, quotas, what verification has cost and how many bytes came together, on the clock
//! of the Redis; how many requests there are at the same time stays each gateway's own. A gateway asks the Redis only about what
//! its own count would let in, and once for all limits: of the address before the message is read, of the others before and after its first use. What an address owes for a message, it is told without anybody
//! waiting for that; what a route owes for messages at other gateways, a gateway finds out by one that it reads. While the Redis does not answer, what has such a limit is told to come back later (`limit.store_unavailable`) and is not
//! used up; with `on_store_loss = "local"` each gateway goes on by its own count. A Redis that is flushed has forgotten what was asked for: all
//! of this begins anew.
//!
//! # End
//!
//! At SIGTERM and SIGINT `/readyz` says 503, no connection is taken any more, and messages in work have `drain_seconds`; a second signal
//! does not wait for them. A message counts as long as it is worked on, also where its client has gone: what was begun goes on to its end, costs its sender what it costs, and its record
//! says `"client": "gone"`.
//!
//! How many messages were not answered is said then (`http.abandoned`), and for each of those that were accepted the audit log has a record `failed` with that code: what their backends
//! did is not known.
//!
//! Audit log and message archive have 20 seconds then, and three after a second signal. What does not end in that time, because a disk hangs or much is still to be packed, is told in the log:
//! `archive.not_ended` (the next start makes the files), and `audit.not_ended`, with which the exit code is 3: the last checkpoint is missing.
