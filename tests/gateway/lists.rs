//! CRLs that soon cease to count.

use std::fs;

use crate::authority::{Party, common_name};
use crate::backend::orders;
use crate::client::{request, send};
use crate::fetch::{authority, list, pem, revoking};
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

#[test]
fn each_route_is_told_of_by_itself_and_many_lists_are_counted() {
    let text = configuration(&format!("http://{}/legacy", orders().address));
    let lists = "[route.trust]\ncrls = [\"lists.crl\"]\n[route.trust.saml]";
    let text = text.replace("[route.trust.saml]", lists);
    let (head, route) = text.split_once("[[route]]").unwrap();
    let other = route
        .replace("\"/orders\"", "\"/other\"")
        .replace("lists.crl", "newer.crl");
    let (folder, file) = prepared(&format!("{head}[[route]]{route}[[route]]{other}"));
    let ended = (0..30).map(|number| Party {
        name: common_name(&format!("CA {number}")),
        ..authority()
    });
    let ended = ended.chain([authority()]);
    let ended: Vec<u8> = ended
        .flat_map(|issuer| pem(&[&list(30, -1, &[]).der(&issuer)]))
        .collect();
    fs::write(folder.path().join("lists.crl"), ended).unwrap();
    fs::write(folder.path().join("newer.crl"), revoking(1, 300, &[])).unwrap();
    let gateway = Process::start(&file).unwrap();
    let told = |field: &str| {
        let lines = gateway.lines();
        let fields = lines.iter().map(|line| line["fields"].clone());
        let told = fields.filter(|fields| fields["code"] == "config.ends_soon" && !fields[field].is_null());
        told.collect::<Vec<_>>()
    };
    wait_until("it is told", || !told("others").is_empty());
    assert_eq!(told("issuer").len(), 20);
    assert_eq!(told("others")[0]["others"], 11);
    let first = told("issuer")[0]["message"].clone();
    assert!(
        first.as_str().unwrap().contains("no longer count since"),
        "{first}"
    );
}
