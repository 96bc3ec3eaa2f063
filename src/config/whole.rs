//! Routes on which a bearer token stands for the message: what is about signatures has no meaning there.

use super::problem::KeyPath;
use super::problem::Source;
use super::typed;
use crate::mint::Fact;
use crate::second_opinion::SecondOpinion;

/// Whether a token stands for the messages of `route`.
pub(super) fn is_whole(route: &typed::Route) -> bool {
    let bearer = route.bearer.as_ref();
    bearer.is_some_and(|bearer| bearer.message_security == typed::MessageSecurity::ReplacedByToken)
}

/// Notes what has no meaning on `route`; the facts of tokens where none is asked for.
pub(super) fn check(route: &typed::Route, path: &KeyPath, source: &mut Source<'_>) {
    let is_whole = is_whole(route);
    for (key, fact) in facts(route, path) {
        let (what, instead) = match fact.is_of_token() {
            true if route.bearer.is_none() => (
                "is only known where a bearer token is asked for",
                "add bearer to the route, or name what a message proves, as signer-subject",
            ),
            false if is_whole => (
                "is what no message proves here, as a token stands for it",
                "write token-subject, token-issuer or a table: token_claim",
            ),
            true | false => continue,
        };
        source.problem(&key, what, instead);
    }
    if !is_whole {
        return;
    }
    let used = [
        (path.key("trust"), route.trust.is_some()),
        (path.key("exception"), !route.exception.is_empty()),
        (path.key("users"), route.users.is_some()),
        (path.key("decryption"), !route.decryption.is_empty()),
        (
            path.key("attachments"),
            route.attachments == typed::Attachments::Signed,
        ),
        (
            path.key("client_certificate"),
            route.client_certificate == typed::ClientCertificate::Signer,
        ),
        (
            path.key("security_header"),
            matches!(route.security_header, typed::SecurityHeader::Keep),
        ),
        (
            path.key("second_opinion"),
            route.second_opinion == SecondOpinion::Required,
        ),
        (
            path.key("answer").key("encryption"),
            route.answer.encryption.is_some(),
        ),
        (
            path.key("allow"),
            route.allow.iter().any(typed::Allow::is_about_sender),
        ),
    ];
    for (key, used) in used {
        if used {
            let what = "is about signatures, and a token stands for them here";
            source.problem(
                &key,
                what,
                "leave it out, or set message_security to \"required\"",
            );
        }
    }
}

/// All facts that the backend of `route` is told, with their keys.
fn facts<'r>(route: &'r typed::Route, path: &KeyPath) -> Vec<(KeyPath, &'r Fact)> {
    let mut facts = Vec::new();
    let at = path.key("identity");
    facts.extend(route.identity.iter().map(|(name, fact)| (at.key(name), fact)));
    if let Some(jwt) = &route.jwt {
        let at = path.key("jwt");
        facts.push((at.key("subject"), &jwt.subject));
        let at = at.key("claims");
        facts.extend(jwt.claims.iter().map(|(name, fact)| (at.key(name), fact)));
    }
    if let typed::SecurityHeader::Replace(new) = &route.security_header {
        let at = path.key("security_header").key("replace");
        if let Some(assertion) = &new.assertion {
            let at = at.key("assertion");
            facts.push((at.key("subject"), &assertion.subject));
            let at = at.key("attributes");
            facts.extend(
                assertion
                    .attributes
                    .iter()
                    .map(|(name, fact)| (at.key(name), fact)),
            );
        }
        if let Some(token) = &new.username_token {
            facts.push((at.key("username_token").key("username"), &token.username));
        }
    }
    facts
}
