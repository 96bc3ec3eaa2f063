use chrono::DateTime;
use chrono::Utc;

use super::ends::CertificateUse;
use super::files;
use super::files::IdentityFiles;
use super::problem::KeyPath;
use super::problem::Source;
use super::typed;
use crate::crypto::TlsClient;

/// The TLS of connections that we make, as the keys of `table` have it, if it is asked for. `None` if it cannot work, which is noted.
#[expect(clippy::option_option, reason = "wrong is not the same as not wanted")]
pub(super) fn check(
    typed: &typed::TlsClient,
    table: &KeyPath,
    now: DateTime<Utc>,
    source: &mut Source<'_>,
) -> Option<Option<TlsClient>> {
    let at_anchors = table.key("ca");
    let anchors = files::all_certificates(&typed.ca, &at_anchors, source);
    source.ends(
        CertificateUse::TlsAuthority,
        &at_anchors,
        anchors.as_deref().unwrap_or_default(),
    );
    let own = typed.key.as_deref().map(|key| {
        let files = IdentityFiles {
            table: table.clone(),
            certificate: typed.certificate.as_deref(),
            key,
            password: typed.key_password_file.as_deref(),
            purpose: CertificateUse::Client,
        };
        files::identity(&files, now, source).ok_or(())
    });
    if typed.key.is_none() && typed.certificate.is_some() {
        source.problem(
            &table.key("key"),
            "is missing",
            "name the file of the certificate's key",
        );
        return None;
    }
    let (anchors, own) = (anchors?, own.transpose().ok()?);
    if anchors.is_empty() && own.is_some() {
        source.problem(
            &table.key("ca"),
            "is missing",
            "name the files of who issues the server's certificate",
        );
        return None;
    }
    let client = (!anchors.is_empty()).then(|| TlsClient::new(&anchors, own.as_ref()));
    let client = client.transpose();
    client
        .map_err(|error| source.problem(&table.key("ca"), error.to_string(), "give other certificates"))
        .ok()
}
