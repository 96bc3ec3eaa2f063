//! UsernameTokens: whether the password behind one is the user's.

use crate::policy::saml::Claims;
use crate::policy::{Admitted, Unmet, UnmetKind};
use crate::rejection::Rejection;
use crate::token::username::Proof;
use crate::trust::{Owner, PasswordError, Passwords, ReplayKey, ReplayKind, Use, UserKey, VerifiedUser};
use crate::wss;
use crate::xml::Element;

/// The key that a signature was made with that names `element`, the UsernameToken of `header`.
///
/// # Errors
/// The token does not say how a key is derived; nobody's passwords are known.
pub(super) fn derived_key(
    header: &wss::Header<'_>,
    element: Element<'_>,
    passwords: &Passwords,
) -> Result<UserKey, Rejection> {
    let token = header.username_token().filter(|token| token.element() == element);
    match token.map(|token| (token, token.proof())) {
        Some((token, Proof::Derivation(derivation))) => Ok(passwords.derive(token.username(), derivation)?),
        _ => Err(Unmet::at(element, UnmetKind::NoDerivation).into()),
    }
}

/// Compares the password of an admitted message's UsernameToken. `None` where there is no token, or the policy judges none.
///
/// # Errors
/// [`PasswordError`].
pub(super) fn user(
    admitted: &Admitted<'_>,
    passwords: &Passwords,
) -> Result<Option<VerifiedUser>, PasswordError> {
    let Some(presented) = admitted.username().filter(|presented| presented.judged) else {
        return Ok(None);
    };
    let token = &presented.token;
    let name = token.username();
    let user = match token.proof() {
        Proof::Text(password) => passwords.verify_text(name, password)?,
        Proof::Digest(digest) => {
            let created = token.created().map_or("", |created| created.text.as_str());
            let nonce = token.nonce().unwrap_or_default();
            passwords.verify_digest(name, digest, nonce, created)?
        }
        Proof::Derivation(_) | Proof::Nothing => {
            let mut owners = admitted.main().into_iter().map(|main| main.owner());
            let user = owners.find_map(|owner| match owner {
                Owner::User(key) if key.user().name() == name => Some(key.user().clone()),
                Owner::User(_) | Owner::Certified(_) | Owner::Entity(_) | Owner::Subject(_) => None,
            });
            user.ok_or(PasswordError::Wrong)?
        }
    };
    Ok(Some(user))
}

/// The use of the nonce of a token (T112).
///
/// # Errors
/// There is no SHA-256.
pub(super) fn the_use(admitted: &Admitted<'_>) -> Result<Option<Use>, Rejection> {
    let Some(presented) = admitted.username() else {
        return Ok(None);
    };
    let (Some((issued, until)), Some(nonce)) = (presented.once, presented.token.nonce()) else {
        return Ok(None);
    };
    let created = presented
        .token
        .created()
        .map_or("", |created| created.text.as_str());
    let names: [&[u8]; 2] = [nonce, created.as_bytes()];
    let key = ReplayKey::new(ReplayKind::Nonce, presented.token.username().as_bytes(), &names)?;
    Ok(Some(Use { key, issued, until }))
}

/// What is told of a user, beside what an assertion says.
pub(super) fn claims(user: Option<&VerifiedUser>, assertion: Option<&Claims>) -> Option<serde_json::Value> {
    let mut claims = assertion.and_then(|claims| serde_json::to_value(claims).ok());
    if let Some(user) = user {
        let all = claims.get_or_insert_with(|| serde_json::json!({}));
        if let Some(all) = all.as_object_mut() {
            all.insert("username".to_owned(), user.name().into());
        }
    }
    claims
}
