//! CRLs that soon cease to count.

use std::fs;

use crate::backend::orders;
use crate::client::{request, send};
use crate::fetch::revoking;
use crate::gateway::{configuration, prepared};
use crate::process::Process;
use crate::site::wait_until;

#[test]
fn a_list_that_is_near_its_end_is_told_once_however_often_the_configuration_is_taken_on() {
    let text = configuration(&format!("http://{}/legacy", orders().address));
    let lists = "[route.trust]\ncrls = [\"near.crl\"]\n[route.trust.saml]";
    let (folder, file) = prepared(&text.replace("[route.trust.saml]", lists));
    fs::write(folder.path().join("near.crl"), revoking(30, 1, &[])).unwrap();
    let gateway = Process::start(&file).unwrap();
    let told = || {
        let lines = gateway.lines();
        let told = lines
            .iter()
            .filter(|line| line["fields"]["code"] == "config.ends_soon");
        let issuers = told.map(|line| line["fields"]["issuer"].clone());
        issuers.collect::<Vec<_>>()
    };
    wait_until("it is told", || !told().is_empty());
    for _ in 0..3 {
        let reloaded = send(gateway.admin, &request("POST", "/reload", &[], ""));
        assert_eq!(reloaded.status, 200, "{reloaded:?}");
    }
    assert_eq!(told(), ["O=Example,CN=Example CA"]);
}
