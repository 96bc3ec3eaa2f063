//! What each metric says, as Prometheus shows it.

use metrics::with_local_recorder;

use super::Metrics;

impl Metrics {
    /// Tells of each metric what it is.
    pub(super) fn describe(&self) {
        with_local_recorder(&self.recorder, || {
            metrics::describe_counter!("sealgate_requests_total", "Requests by route, outcome and code.");
            metrics::describe_histogram!(
                "sealgate_step_seconds",
                "Time of a step in the life of a message."
            );
            metrics::describe_gauge!(
                "sealgate_messages_in_work",
                "Messages being verified or answered."
            );
            metrics::describe_gauge!(
                "sealgate_body_bytes_held",
                "Bytes of bodies in memory, and of answers that their clients do not have yet."
            );
            metrics::describe_counter!("sealgate_panics_total", "Faults of ours that were caught.");
            metrics::describe_counter!(
                "sealgate_wrong_passwords_total",
                "Messages that were refused for the password of their UsernameToken, by route."
            );
            metrics::describe_counter!(
                "sealgate_threats_total",
                "Messages that a threat rule applies to, by route, rule and what the rule does."
            );
            metrics::describe_counter!(
                "sealgate_invalid_bodies_total",
                "Messages relayed although their bodies are not valid, by route."
            );
            metrics::describe_counter!(
                "sealgate_legacy_total",
                "Verified messages that needed what strict does not allow, by route and its name."
            );
            metrics::describe_gauge!(
                "sealgate_exception_ends_timestamp_seconds",
                "When the next exception of a route ends; +Inf without any."
            );
            metrics::describe_gauge!(
                "sealgate_server_available",
                "1 if a server of the backend of a route is asked, 0 if it is down or failed too often."
            );
            metrics::describe_counter!(
                "sealgate_server_answered_total",
                "Messages that a server answered, whatever it said."
            );
            metrics::describe_counter!(
                "sealgate_server_failed_total",
                "Messages that a server did not answer."
            );
            metrics::describe_counter!(
                "sealgate_server_opened_total",
                "How often the circuit breaker of a server opened."
            );
            metrics::describe_gauge!("sealgate_connections", "Open connections, by listener.");
            metrics::describe_gauge!(
                "sealgate_not_ready",
                "1 for each reason why the gateway is not ready, 0 for those that do not hold."
            );
            metrics::describe_gauge!(
                "sealgate_store_available",
                "1 if what is recorded and remembered in can be used, 0 if not."
            );
            metrics::describe_gauge!(
                "sealgate_token_available",
                "1 if a token with keys of ours is there, 0 if it is lost."
            );
            metrics::describe_counter!(
                "sealgate_spans_exported_total",
                "Spans that the collector has taken."
            );
            metrics::describe_counter!(
                "sealgate_spans_lost_total",
                "Spans that there was no room for, or that the collector has not taken."
            );
            metrics::describe_counter!(
                "sealgate_archive_rows_total",
                "Messages that the message archive has on the disk."
            );
            metrics::describe_counter!(
                "sealgate_archive_bytes_total",
                "Their bytes, before they are compressed."
            );
            metrics::describe_counter!(
                "sealgate_archive_failures_total",
                "Messages that the message archive may not have, and files that could not be made of them at an attempt."
            );
            metrics::describe_counter!(
                "sealgate_archive_files_total",
                "Parquet files that were made of messages."
            );
            metrics::describe_counter!(
                "sealgate_reloads_total",
                "Attempts to replace the configuration, by what became of it."
            );
            metrics::describe_gauge!(
                "sealgate_fetched_timestamp_seconds",
                "When what is in use for a file that is fetched was last seen at its address."
            );
            metrics::describe_counter!(
                "sealgate_fetch_failures_total",
                "How often nothing good came for a file that is fetched, by code."
            );
            metrics::describe_gauge!(
                "sealgate_configuration",
                "The configuration in use, counted from 1 since the start."
            );
            metrics::describe_gauge!(
                "sealgate_configuration_since_timestamp_seconds",
                "Since when it is in use."
            );
            metrics::describe_gauge!(
                "sealgate_certificate_ends_timestamp_seconds",
                "When the certificate that signs answers ceases to hold: that of the gateway, and that of each route; +Inf for a route that is no more."
            );
            metrics::describe_gauge!(
                "sealgate_certificates_end_timestamp_seconds",
                "When the first certificate for a use ceases to hold; +Inf without any."
            );
            metrics::describe_gauge!(
                "sealgate_crl_next_update_timestamp_seconds",
                "From when no CRL of an issuer counts for a route, the first of all; 0 where none has counted yet, +Inf without any."
            );
        });
    }
}
