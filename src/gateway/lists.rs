//! CRLs that soon cease to count: each is told once, however often it is looked and the configuration is taken on anew.

use std::time::Duration;

use actix_web::rt;
use actix_web::web;
use chrono::Utc;

use super::shared::Shared;
use crate::trust::{CrlDue, crls_due};

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(60);

/// What was told and is still so.
#[derive(Debug, Default)]
struct Told(Vec<CrlDue>);

impl Told {
    /// Those of `due` that were not told yet.
    fn new_of(&mut self, due: Vec<CrlDue>) -> Vec<CrlDue> {
        let new = due
            .iter()
            .filter(|list| !self.0.contains(list))
            .cloned()
            .collect();
        self.0 = due;
        new
    }
}

/// Looks at the CRLs that are in use, as long as the gateway serves.
pub(super) async fn look(shared: web::Data<Shared>) {
    let mut told = Told::default();
    loop {
        let due = crls_due(shared.current().crls(), Utc::now());
        for CrlDue { issuer, next_update } in told.new_of(due) {
            tracing::warn!(code = "config.ends_soon", issuer, next_update = %next_update, "a CRL soon ceases to count, and none is in its place");
        }
        rt::time::sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_told_once_and_the_next_one_anew() {
        let list = |day: i64| CrlDue {
            issuer: "CN=ca".to_owned(),
            next_update: chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(day),
        };
        let mut told = Told::default();
        assert_eq!(told.new_of(vec![list(1)]), [list(1)]);
        assert!(told.new_of(vec![list(1)]).is_empty());
        assert_eq!(told.new_of(vec![list(1), list(2)]), [list(2)]);
        assert!(told.new_of(Vec::new()).is_empty());
    }
}
