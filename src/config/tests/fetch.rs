//! What is fetched: from where, for what, and whom it is trusted by.

use super::*;

const CRLS: &str = "[route.trust]\ncrls = [\"a.crl\"]\n[[route.trust.anchor]]";

/// One problem of a configuration that has the table `fetch` and names its file as a list of CRLs.
fn refuses_fetch(fetch: &str, expected: &str) {
    let to = format!("[[fetch]]\nfile = \"a.crl\"\n{fetch}\n[[route]]");
    let text = GOOD
        .replace("[[route]]", &to)
        .replace("[[route.trust.anchor]]", CRLS);
    let folder = folder();
    fs::copy(folder.path().join("ca.crl.pem"), folder.path().join("a.crl")).unwrap();
    let found = read_in(folder.path(), &text).unwrap_err().to_string();
    assert!(found.contains(expected) && found.lines().count() == 1, "{found}");
}

#[test]
fn an_address_is_one_that_may_be_asked() {
    refuses_fetch("", "fetch[1]: has not one of url and issuer");
    refuses_fetch(
        "url = \"http://127.0.0.1/a\"\nissuer = \"http://127.0.0.1\"",
        "fetch[1]: has not one of url and issuer",
    );
    for bad in ["http://pki.example/a", "http://localhost/a", "file:///a"] {
        refuses_fetch(&format!("url = {bad:?}"), &format!("fetch[1].url: is {bad:?}"));
    }
    refuses_fetch(
        "issuer = \"http://idp.example\"",
        "fetch[1].issuer: is \"http://idp.example\"",
    );
    refuses_fetch("url = \"https://pki.example/a\"", "fetch[1].ca: is missing");
    refuses_fetch(
        "url = \"http://127.0.0.1/a\"\nca = [\"ca.pem\"]",
        "fetch[1].ca: has no use without https:",
    );
    refuses_fetch(
        "url = \"http://127.0.0.1/a\"\n[[fetch]]\nfile = \"a.crl\"\nurl = \"http://127.0.0.1/b\"",
        "fetch[2].file: stands for another address, too",
    );
}

#[test]
fn what_was_fetched_stands_for_its_file_and_for_no_other() {
    let fetch = "[[fetch]]\nfile = \"a.crl\"\nurl = \"http://127.0.0.1/a\"\n[[route]]";
    let text = GOOD.replace("[[route]]", fetch);
    let folder = folder();
    let unused = read_in(folder.path(), &text).unwrap_err().to_string();
    assert!(
        unused.contains("fetch[1].file: is fetched for nothing: a.crl"),
        "{unused}"
    );
    // A certificate to trust is not fetched.
    let anchor = text.replace("\"ca.pem\"", "\"a.crl\"");
    fs::copy(folder.path().join("ca.pem"), folder.path().join("a.crl")).unwrap();
    let anchor = read_in(folder.path(), &anchor).unwrap_err().to_string();
    assert!(anchor.contains("is fetched for nothing"), "{anchor}");
    fs::remove_file(folder.path().join("a.crl")).unwrap();
    let text = text.replace("[[route.trust.anchor]]", CRLS);
    let missing = read_in(folder.path(), &text).unwrap_err().to_string();
    assert!(
        missing.contains("route[1].trust.crls[1]: cannot be read: a.crl"),
        "{missing}"
    );
    let with = |list: &str| {
        let (bytes, at) = (fs::read(folder.path().join(list)).unwrap().into(), now());
        let mut fetched = Fetched::default();
        fetched.put(
            folder.path().join("a.crl"),
            crate::fetch::FetchedCopy {
                bytes,
                at: crate::trust::LastSeen::at(at),
            },
        );
        read_with(&folder.path().join("s.toml"), &text, now(), &fetched)
    };
    let checked = with("ca.crl.pem").unwrap();
    assert_eq!(checked.fetches.len(), 1);
    assert!(checked.fetched.get(&folder.path().join("a.crl")).is_some());
    // Nobody looks whether it changes on the disk.
    assert!(!checked.files.iter().any(|file| file.ends_with("a.crl")));
    let bad = with("ca.pem").unwrap_err().to_string();
    assert!(bad.contains("route[1].trust.crls[1]: cannot be used"), "{bad}");
    // A list that the authority did not sign takes no other's place; an answer neither.
    let pem = fs::read_to_string(folder.path().join("ca.crl.pem")).unwrap();
    let lines = pem.lines().filter(|line| !line.starts_with('-'));
    let mut list = crate::crypto::decode_base64(&lines.collect::<String>()).unwrap();
    *list.last_mut().unwrap() ^= 1;
    fs::write(folder.path().join("forged.crl"), list).unwrap();
    assert!(with("crl-named.ocsp.der").is_ok());
    for bad in ["forged.crl", "crl-named-by-alice.ocsp.der"] {
        let bad = with(bad).unwrap_err().to_string();
        assert!(bad.contains("is not signed by a CA"), "{bad}");
    }
    let written = fs::write(folder.path().join("s.toml"), &text);
    written.unwrap();
    assert_eq!(fetches(&folder.path().join("s.toml")).len(), 1);
    assert!(fetches(&folder.path().join("none.toml")).is_empty());
}

#[test]
fn keys_are_those_of_the_issuer_that_tokens_name() {
    let fetch = "[[fetch]]\nfile = \"k.json\"\nissuer = \"http://127.0.0.1/idp\"\n[[route]]";
    let bearer = "[route.bearer]\nissuer = \"http://127.0.0.1/idp/\"\naudience = \"a\"\nalgorithms = [\"EdDSA\"]\njwks = \"k.json\"\n[route.backend]";
    let text = GOOD
        .replace("[[route]]", fetch)
        .replace("[route.backend]", bearer);
    let keys =
        r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;
    let folder = folder();
    fs::write(folder.path().join("k.json"), keys).unwrap();
    let other = read_in(folder.path(), &text).unwrap_err().to_string();
    assert!(
        other.contains("route[1].bearer.jwks: has the keys of another issuer: \"http://127.0.0.1/idp\""),
        "{other}"
    );
    let text = text.replace("/idp/", "/idp");
    let most = |more: &str| {
        let text = text.replace("[[route]]", &format!("{more}\n[[route]]"));
        let checked = read_in(folder.path(), &text).map_err(|problems| problems.to_string())?;
        let age = checked.routes[0].bearer.as_ref().unwrap().age.clone();
        Ok::<i64, String>(age.unwrap().most.num_seconds())
    };
    assert_eq!(most(""), Ok(86_400));
    assert_eq!(most("every_seconds = 100000"), Ok(300_000));
    assert_eq!(most("max_age_seconds = 3600"), Ok(3600));
    let short = most("max_age_seconds = 3599").unwrap_err();
    assert!(
        short.contains("fetch[1].max_age_seconds: is less than every_seconds"),
        "{short}"
    );
    refuses_fetch(
        "url = \"http://127.0.0.1/a\"\nmax_age_seconds = 7200",
        "fetch[1].max_age_seconds: is for JWK Sets",
    );
}

#[test]
fn what_the_gateway_fetches_at_its_start_need_not_be_there_when_it_is_examined() {
    let folder = folder();
    let anchor = "[[route.trust.anchor]]\nfile = \"ca.pem\"\nsubject = [\"O=Example,CN=alice\"]\n";
    // Nobody is trusted but by what is fetched.
    let fetched = "[route.trust]\ncrls = [\"a.crl\"]\n[route.trust.saml]\nmetadata = [\"m.xml\"]\n\
        metadata_signer = \"ca.pem\"\naudience = \"urn:a\"\n[route.bearer]\nissuer = \"http://127.0.0.1/idp\"\n\
        audience = \"a\"\nalgorithms = [\"EdDSA\"]\njwks = \"k.json\"\n";
    let fetches = ["a.crl", "m.xml", "k.json"]
        .map(|file| format!("[[fetch]]\nfile = \"{file}\"\nurl = \"http://127.0.0.1/{file}\"\n"));
    let text = GOOD
        .replace(anchor, fetched)
        .replace("[[route]]", &format!("{}[[route]]", fetches.concat()));
    let file = folder.path().join("s.toml");
    let examined = |text: &str| {
        fs::write(&file, text).unwrap();
        examine(&file, now()).map_err(|problems| problems.to_string())
    };
    let told = examined(&text).unwrap();
    assert_eq!((told.listeners, told.routes, told.warnings.len()), (1, 1, 0));
    let notes: Vec<_> = told.notes.iter().map(ToString::to_string).collect();
    for (file, note) in ["a.crl", "m.xml", "k.json"].iter().zip(&notes) {
        assert!(note.contains(&format!("is not there yet: {file}")), "{note}");
    }
    assert_eq!(notes.len(), 3);
    assert!(notes[2].contains("fetch[3].file: "), "{}", notes[2]);
    // The gateway does not start without them.
    let missing = load(&file, now()).unwrap_err().to_string();
    assert_eq!(missing.matches("cannot be read").count(), 3, "{missing}");
    // What nobody fetches has to be there, and what is there has to be good.
    for (fetch, expected) in fetches.iter().zip([
        "route[1].trust.crls[1]: cannot be read: a.crl",
        "route[1].trust.saml.metadata[1]: cannot be read: m.xml",
        "route[1].bearer.jwks: cannot be read: k.json",
    ]) {
        let unfetched = examined(&text.replace(fetch, "")).unwrap_err();
        assert!(unfetched.contains(expected), "{unfetched}");
    }
    fs::write(folder.path().join("k.json"), "{}").unwrap();
    let bad = examined(&text).unwrap_err();
    assert!(bad.contains("route[1].bearer.jwks: cannot be used"), "{bad}");
    fs::remove_file(folder.path().join("k.json")).unwrap();
    let issuer = "issuer = \"http://127.0.0.1/other\"";
    let other = examined(&text.replace("url = \"http://127.0.0.1/k.json\"", issuer)).unwrap_err();
    assert!(other.contains("has the keys of another issuer"), "{other}");
    // Nothing to come does not stand for somebody who is trusted.
    let nobody = text.replace("metadata = [\"m.xml\"]", "metadata = []");
    let nobody = examined(&nobody.replace(&fetches[1], "")).unwrap_err();
    assert!(nobody.contains("names nobody whose signatures count"), "{nobody}");
}
