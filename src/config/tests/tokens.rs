use super::GOOD;
use super::folder;
use super::read_in;
use super::refuses;

const KEYS: &str =
    r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

#[test]
fn tokens_for_the_backend_say_something_and_nothing_twice() {
    let backend = "[route.backend]";
    let with = |text: &str| format!("{text}\n{backend}");
    refuses(
        backend,
        &with("[route.security_header.replace]\n"),
        "route[1].security_header.replace: says nothing about the sender",
    );
    let jwt = |more: &str| {
        with(&format!(
            "[route.jwt]\nissuer = \"urn:us\"\naudience = \"urn:backend\"\nsubject = \"signer-subject\"\n{more}"
        ))
    };
    let folder = folder();
    for good in [
        "",
        "header = \"x-jwt\"\n[route.jwt.claims]\nrole = { saml_attribute = \"role\" }",
    ] {
        let checked = read_in(folder.path(), &GOOD.replace(backend, &jwt(good))).unwrap();
        assert!(checked.routes.first().unwrap().route.told.jwt.is_some());
    }
    refuses(
        backend,
        &jwt("[route.jwt.claims]\nexp = \"signer-subject\""),
        "route[1].jwt.claims.exp: is a claim that every token has",
    );
    refuses(
        backend,
        &jwt("header = \"host\""),
        "route[1].jwt.header: is no name for this header",
    );
    refuses(
        backend,
        &jwt("header = \"x-a\"\n[route.identity]\nx-a = \"signer-subject\""),
        "route[1].jwt.header: is the name of a header in identity, too",
    );
    refuses(
        backend,
        &jwt("[route.identity]\nauthorization = \"signer-subject\""),
        "route[1].jwt.header: would be a second authorization header",
    );
}

#[test]
fn where_a_token_stands_for_the_message_nothing_is_about_signatures() {
    let folder = folder();
    std::fs::write(folder.path().join("k.json"), KEYS).unwrap();
    let bearer = "[route.bearer]\nissuer = \"urn:i\"\naudience = \"urn:us\"\njwks = \"k.json\"\nalgorithms = [\"EdDSA\"]\nmessage_security = \"replaced-by-token\"\n";
    let (before, _) = GOOD.split_once("[[route.trust.anchor]]").unwrap();
    let backend = "[route.backend]\nurl = \"http://127.0.0.1:1/\"\n";
    let with = |keys: &str, tables: &str| {
        let text = format!("{before}{keys}{bearer}{backend}{tables}");
        read_in(folder.path(), &text)
            .map(drop)
            .map_err(|problems| problems.to_string())
    };
    let told = "[route.identity]\nx-user = \"token-subject\"\n";
    assert_eq!(with("", told), Ok(()));
    // Uses are remembered for as long as the clock of the issuer may be off.
    let text = format!("{before}{bearer}skew_seconds = 120\n{backend}");
    let skew = read_in(folder.path(), &text).unwrap().replay.skew;
    assert_eq!(skew, chrono::TimeDelta::seconds(120));
    let wrong = |keys: &str, tables: &str, expected: &str| {
        let found = with(keys, tables).unwrap_err();
        assert!(found.contains(expected) && found.lines().count() == 1, "{found}");
    };
    let useless = |key: &str| format!("route[1].{key}: is about signatures");
    let exception = "[[route.exception]]\nsubject = [\"CN=a\"]\nallow = [\"sha1\"]\nreason = \"old\"\nuntil = 2027-03-01\n";
    wrong("", exception, &useless("exception"));
    wrong("attachments = \"signed\"\n", "", &useless("attachments"));
    wrong("security_header = \"keep\"\n", "", &useless("security_header"));
    wrong("allow = [{ username = [\"ann\"] }]\n", "", &useless("allow"));
    let encryption = "[route.answer.encryption]\n";
    wrong("", encryption, &useless("answer.encryption"));
    let key = "[[route.decryption]]\ncertificate = \"gateway.pem\"\nkey = \"gateway.key.pem\"\n";
    wrong("", key, &useless("decryption"));
    let trust = "[[route.trust.anchor]]\nfile = \"ca.pem\"\nsubject = [\"CN=a\"]\n";
    wrong("", trust, &useless("trust"));
    wrong(
        "",
        &told.replace("token-subject", "signer-subject"),
        "route[1].identity.x-user: is what no message proves here",
    );
    // And the other way round.
    refuses(
        "[route.backend]",
        &format!("{told}[route.backend]"),
        "route[1].identity.x-user: is only known where a bearer token is asked for",
    );
    let nobody = format!("{before}{backend}");
    let found = read_in(folder.path(), &nobody).unwrap_err().to_string();
    assert!(found.contains("route[1].trust: is missing"), "{found}");
}

#[test]
fn bearer_tokens_are_those_of_an_issuer_whose_keys_are_there() {
    let backend = "[route.backend]";
    let folder = folder();
    let good =
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let file = folder.path().join("jwks.json");
    std::fs::write(&file, good).unwrap();
    let with =
        |more: &str| format!("[route.bearer]\nissuer = \"urn:i\"\naudience = \"urn:us\"\n{more}\n{backend}");
    let checked = read_in(
        folder.path(),
        &GOOD.replace(
            backend,
            &with(&format!("algorithms = [\"ES256\", \"EdDSA\"]\njwks = {file:?}")),
        ),
    )
    .unwrap();
    assert!(checked.routes.first().unwrap().bearer.is_some());
    assert!(checked.files.iter().any(|file| file.ends_with("jwks.json")));
    refuses(
        backend,
        &with("jwks = \"none.json\""),
        "route[1].bearer.jwks: cannot be read: none.json",
    );
    refuses(
        backend,
        &with("jwks = \"alice.pem\""),
        "route[1].bearer.jwks: cannot be used: alice.pem: it is no JWK Set",
    );
    refuses(
        backend,
        &with(&format!("algorithms = [\"RS256\", \"HS256\"]\njwks = {file:?}")),
        "route[1].bearer.algorithms[2]: is \"HS256\"",
    );
    // A key that signs with none of the algorithms, and one that everybody knows now.
    refuses(
        backend,
        &with(&format!("jwks = {file:?}")),
        "route[1].bearer.jwks: has no key for any of the algorithms: RS256, PS256, ES256",
    );
    let listed = folder.path().join("listed.json");
    std::fs::write(&listed, good.replace("[{", "[[{").replace("}]", "}]]")).unwrap();
    refuses(
        backend,
        &with(&format!("jwks = {listed:?}")),
        "key 1 is no JSON object",
    );
    let private = folder.path().join("private.json");
    std::fs::write(&private, good.replace("\"x\"", "\"d\":\"AA\",\"x\"")).unwrap();
    refuses(
        backend,
        &with(&format!("jwks = {private:?}")),
        "key 1 is a private or secret key",
    );
    refuses(
        backend,
        &with(&format!("algorithms = [\"none\"]\njwks = {file:?}")),
        "route[1].bearer.algorithms[1]: is \"none\"",
    );
}

#[test]
fn where_assertions_are_exchanged_the_endpoint_is_named_and_tokens_say_what_assertions_prove() {
    const ENDPOINT: &str = r#"
[[token_endpoint]]
path = "/token"
[token_endpoint.trust.saml]
metadata = ["idp-metadata.xml"]
audience = "urn:us"
recipient = "https://us.example/token"
[token_endpoint.token]
issuer = "urn:us"
audience = "urn:api"
"#;
    let with = |from: &str, to: &str| {
        assert!(ENDPOINT.contains(from), "{from}");
        let folder = folder();
        let text = format!("{GOOD}{}", ENDPOINT.replace(from, to));
        let checked = read_in(folder.path(), &text);
        checked.map_err(|problems| problems.to_string())
    };
    let good = with("/token", "/token").unwrap();
    assert_eq!(good.token_endpoints.len(), 1);
    let own = "[token_endpoint.token]\ncertificate = \"alice.pem\"\nkey = \"alice.key.pem\"\n";
    assert!(with("[token_endpoint.token]\n", own).is_ok());
    let wrong = |from: &str, to: &str, expected: &str| {
        let found = with(from, to).unwrap_err();
        let expected = format!("token_endpoint[1].{expected}");
        assert!(found.contains(&expected) && found.lines().count() == 1, "{found}");
    };
    wrong("/token", "/orders", "path: is the path of a route");
    wrong("/token", "/a//b", "path: is \"/a//b\"");
    let path = "path = \"/token\"\n";
    let published = |keys: &str| format!("{path}{keys}");
    assert!(
        with(
            path,
            &published("keys_path = \"/keys\"\nfurther_keys = [\"bob.pem\"]\n")
        )
        .is_ok()
    );
    for taken in ["/token", "/orders"] {
        let keys = published(&format!("keys_path = {taken:?}\n"));
        wrong(
            path,
            &keys,
            "keys_path: is the path of a route or another endpoint",
        );
    }
    wrong(
        path,
        &published("keys_path = \"keys\"\n"),
        "keys_path: is \"keys\"",
    );
    wrong(
        path,
        &published("further_keys = [\"bob.pem\"]\n"),
        "further_keys: is published nowhere",
    );
    wrong(
        path,
        &published("keys_path = \"/keys\"\nfurther_keys = [\"nobody.pem\"]\n"),
        "further_keys[1]: cannot be read",
    );
    let recipient = "recipient = \"https://us.example/token\"\n";
    wrong(recipient, "", "trust.saml.recipient: is missing");
    let anchor = "[[token_endpoint.trust.anchor]]\nfile = \"ca.pem\"\nsubject = [\"CN=a\"]\n";
    let (_, rest) = ENDPOINT.split_once("[token_endpoint.trust.saml]").unwrap();
    let (saml, _) = rest.split_once("[token_endpoint.token]").unwrap();
    wrong(
        &format!("[token_endpoint.trust.saml]{saml}"),
        anchor,
        "trust.saml: is missing",
    );
    let token = "issuer = \"urn:us\"\n";
    for (more, expected) in [
        (
            "subject = \"username\"\n",
            "token.subject: is what no assertion proves",
        ),
        (
            "claims = { a = \"signer-san\" }\n",
            "token.claims.a: is what no assertion proves",
        ),
        (
            "claims = { sub = \"saml-issuer\" }\n",
            "token.claims.sub: is a claim that every token has",
        ),
        (
            "certificate = \"encipherment.pem\"\nkey = \"encipherment.key.pem\"\n",
            "token.certificate: is a certificate whose key may not sign",
        ),
    ] {
        wrong(token, &format!("{token}{more}"), expected);
    }
    let twice = format!("{GOOD}{ENDPOINT}{ENDPOINT}");
    let found = read_in(folder().path(), &twice).unwrap_err().to_string();
    assert!(
        found.contains("token_endpoint[2].path: is the path of"),
        "{found}"
    );
}

#[test]
fn the_keys_of_tokens_for_a_backend_are_published_where_nothing_else_is() {
    let url = "url = \"http://127.0.0.1:1/\"";
    let jwt = |more: &str| {
        format!(
            "{url}\n[route.jwt]\nissuer = \"urn:us\"\naudience = \"urn:backend\"\nsubject = \"signer-subject\"\n{more}"
        )
    };
    let published = jwt("keys_path = \"/orders/keys\"\nfurther_keys = [\"bob.pem\"]");
    let route = read_in(folder().path(), &GOOD.replace(url, &published))
        .unwrap()
        .routes
        .remove(0);
    let keys = route.keys.unwrap();
    assert_eq!(keys.path, "/orders/keys");
    let set: serde_json::Value = serde_json::from_slice(&keys.set).unwrap();
    assert_eq!(set["keys"].as_array().unwrap().len(), 2);
    for (more, expected) in [
        (
            "keys_path = \"/orders\"",
            "keys_path: is the path of a route or of other keys",
        ),
        ("keys_path = \"keys\"", "keys_path: is \"keys\""),
        (
            "further_keys = [\"bob.pem\"]",
            "further_keys: is published nowhere",
        ),
        (
            "keys_path = \"/keys\"\nfurther_keys = [\"nobody.pem\"]",
            "further_keys[1]: cannot be read",
        ),
    ] {
        refuses(url, &jwt(more), &format!("route[1].jwt.{expected}"));
    }
    let (before, route) = GOOD.split_once("[[route]]").unwrap();
    let route = format!("[[route]]{}", route.replace(url, &jwt("keys_path = \"/keys\"")));
    let twice = format!("{before}{route}{}", route.replace("\"/orders\"", "\"/bills\""));
    let found = read_in(folder().path(), &twice).unwrap_err().to_string();
    assert!(
        found.contains("route[2].jwt.keys_path: is the path of a route or of other keys")
            && found.lines().count() == 1,
        "{found}"
    );
}

#[test]
fn what_a_bearer_token_says_is_told_and_asked_for_where_one_is_brought() {
    let url = "url = \"http://127.0.0.1:1/\"";
    let folder = folder();
    std::fs::write(folder.path().join("k.json"), KEYS).unwrap();
    let bearer = "[route.bearer]\nissuer = \"urn:i\"\naudience = \"urn:us\"\njwks = \"k.json\"\nalgorithms = [\"EdDSA\"]\n";
    let told = "[route.identity]\nx-user = \"token-subject\"\nx-tenant = { token_claim = \"tenant\" }\n";
    let allow = |text: &str| format!("[[route.allow]]\n{text}\n");
    let read = |more: &str| {
        let text = GOOD.replace(url, &format!("{url}\n{more}"));
        read_in(folder.path(), &text).map_err(|problems| problems.to_string())
    };
    for good in [
        told.to_owned(),
        allow("token_subject = [\"ann\"]"),
        allow("token_scope = [\"orders.write\", \"orders.all\"]"),
        allow("token_claim = [{ name = \"tenant\", values = [\"north\"] }]"),
    ] {
        assert!(read(&format!("{bearer}{good}")).is_ok(), "{good}");
        let without = read(&good).unwrap_err();
        assert!(
            without.contains("is only known where a bearer token is asked for"),
            "{without}"
        );
    }
    for (bad, what) in [
        (
            "token_scope = [\"orders.read orders.write\"]",
            "allow[1].token_scope: is no scope",
        ),
        ("token_scope = [\"\"]", "allow[1].token_scope: is no scope"),
        (
            "token_claim = [{ name = \"scope\", values = [\"orders.write\"] }]",
            "allow[1].token_claim: names a claim that has several values in one text",
        ),
        (
            "token_claim = [{ name = \"tenant\", values = [] }]",
            "allow[1].token_claim[1].values",
        ),
    ] {
        let found = read(&format!("{bearer}{}", allow(bad))).unwrap_err();
        assert!(found.contains(what), "{found}");
    }
}
