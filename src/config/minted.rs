//! What a backend is told about senders in tokens of ours.

use chrono::TimeDelta;

use super::files;
use super::problem::KeyPath;
use super::problem::Source;
use super::typed;
use crate::crypto::Identity;
use crate::crypto::Secret;
use crate::mint::AssertionMinter;
use crate::mint::ClaimNameError;
use crate::mint::Confirmation;
use crate::mint::Fact;
use crate::mint::JwtMinter;
use crate::mint::JwtTerms;
use crate::mint::NewSecurityHeader;
use crate::mint::SecurityHeader;
use crate::mint::Signer;
use crate::mint::UsernameTokenMinter;
use crate::relay::TokenHeader;

/// What the backend of `route` gets in the place of the Security header. `None` if anything is wrong, which is then noted.
pub(super) fn security_header(
    route: &typed::Route,
    identity: Option<&Identity>,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<SecurityHeader> {
    let typed::SecurityHeader::Replace(new) = &route.security_header else {
        return Some(SecurityHeader::None);
    };
    let path = path.key("security_header").key("replace");
    if new.assertion.is_none() && new.username_token.is_none() {
        source.problem(
            &path,
            "says nothing about the sender",
            "add assertion or username_token, or strip the header",
        );
        return None;
    }
    let username_token = match &new.username_token {
        Some(token) => Some(username_token(token, &path.key("username_token"), source)?),
        None => None,
    };
    Some(SecurityHeader::Replaced(Box::new(NewSecurityHeader {
        signer: signer(identity?, &path, source)?,
        assertion: new.assertion.as_ref().map(assertion),
        username_token,
    })))
}

/// The header with a JWT that the backend of `route` gets. `None` if anything is wrong, which is then noted.
pub(super) fn jwt(
    route: &typed::Route,
    identity: Option<&Identity>,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<Option<TokenHeader>> {
    let Some(jwt) = &route.jwt else {
        return Some(None);
    };
    let path = path.key("jwt");
    let terms = JwtTerms {
        issuer: jwt.issuer.clone(),
        audience: jwt.audience.clone(),
        life: TimeDelta::seconds(jwt.seconds.into()),
        subject: jwt.subject.clone(),
        claims: facts(&jwt.claims),
    };
    let minter = jwt_minter(terms, identity?, &path, source)?;
    let header = TokenHeader::new(jwt.header.clone(), minter).map_err(|_| {
        let instead = "use another name, as x-jwt, or leave it out for Authorization: Bearer";
        source.problem(&path.key("header"), "is no name for this header", instead);
    });
    let header = header.ok()?;
    if header
        .name()
        .is_some_and(|name| route.identity.contains_key(name))
    {
        source.problem(
            &path.key("header"),
            "is the name of a header in identity, too",
            "use another name",
        );
        return None;
    }
    if header.name().is_none() && route.identity.contains_key("authorization") {
        source.problem(
            &path.key("header"),
            "would be a second authorization header",
            "name another header, or remove that in identity",
        );
        return None;
    }
    Some(Some(header))
}

/// What says `terms` with the key of `identity`. `None` if anything is wrong, which is then noted.
pub(super) fn jwt_minter(
    terms: JwtTerms,
    identity: &Identity,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<JwtMinter> {
    let minter = JwtMinter::new(signer(identity, path, source)?, terms).map_err(|error| match error {
        ClaimNameError::Reserved(name) => source.problem(
            &path.key("claims").key(&name),
            "is a claim that every token has",
            "use another name",
        ),
        ClaimNameError::Algorithm(method) => source.problem(
            path,
            format!("cannot be signed: JWS has no name for {method}"),
            "give the gateway an RSA, EC or Ed25519 key",
        ),
    });
    minter.ok()
}

fn signer(identity: &Identity, path: &KeyPath, source: &mut Source<'_>) -> Option<Signer> {
    let signer = Signer::new(identity);
    signer
        .map_err(|_| {
            let what = "cannot be signed with the key of the gateway";
            source.problem(path, what, "give the gateway an RSA, EC or Ed25519 key");
        })
        .ok()
}

fn assertion(typed: &typed::NewAssertion) -> AssertionMinter {
    AssertionMinter {
        issuer: typed.issuer.clone(),
        audience: typed.audience.clone(),
        life: TimeDelta::seconds(typed.seconds.into()),
        subject: typed.subject.clone(),
        confirmation: match &typed.confirmation {
            typed::NewConfirmation::SenderVouches => Confirmation::SenderVouches,
            typed::NewConfirmation::Bearer(recipient) => Confirmation::Bearer {
                recipient: recipient.clone(),
            },
        },
        attributes: facts(&typed.attributes),
    }
}

fn username_token(
    typed: &typed::NewUsernameToken,
    path: &KeyPath,
    source: &mut Source<'_>,
) -> Option<UsernameTokenMinter> {
    let password = match &typed.password_file {
        Some(file) => {
            let line = files::password(file, &path.key("password_file"), source)?;
            Some(Secret::new(line.as_bytes().to_vec()))
        }
        None => None,
    };
    Some(UsernameTokenMinter {
        username: typed.username.clone(),
        password,
    })
}

pub(super) fn facts(typed: &std::collections::BTreeMap<String, Fact>) -> Vec<(String, Fact)> {
    let facts = typed.iter();
    facts.map(|(name, fact)| (name.clone(), fact.clone())).collect()
}
