//! CRLs that do not count, or soon cease to: each is told once, however often it is looked and the configuration is taken on anew.

use std::time::Duration;

use actix_web::rt;
use actix_web::web;
use chrono::Utc;

use super::shared::Shared;
use crate::trust::CrlDue;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(60);

/// How many are named at a look. More are counted in a line, so that none is lost where lines of the log are limited.
const NAMED: usize = 20;

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
        let looking = shared.clone();
        // Whose key signed a CRL of megabytes takes a while to see.
        let looked = web::block(move || {
            let (current, now) = (looking.current(), Utc::now());
            let ends = current.crl_ends(now);
            looking.metrics.lists_end(ends.first);
            ends.due
        });
        // A look that failed tells nothing, and forgets nothing.
        if let Ok(due) = looked.await {
            tell(told.new_of(due));
        }
        rt::time::sleep(LOOK).await;
    }
}

/// Logs what is `new`, the first by name.
fn tell(mut new: Vec<CrlDue>) {
    let others = new.split_off(new.len().min(NAMED)).len();
    for CrlDue { issuer, end } in new {
        let next_update = end.time().map(tracing::field::display);
        tracing::warn!(
            code = "config.ends_soon",
            issuer,
            next_update,
            "a route has {end}"
        );
    }
    if others > 0 {
        tracing::warn!(
            code = "config.ends_soon",
            others,
            "and CRLs of others do not count, or soon cease to: config check names all"
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trust::CrlEnd;

    #[test]
    fn a_list_is_told_once_and_the_next_one_anew() {
        let list = |day: i64| CrlDue {
            issuer: "CN=ca".to_owned(),
            end: CrlEnd::Until(chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(day)),
        };
        let mut told = Told::default();
        assert_eq!(told.new_of(vec![list(1)]), [list(1)]);
        assert!(told.new_of(vec![list(1)]).is_empty());
        assert_eq!(told.new_of(vec![list(1), list(2)]), [list(2)]);
        assert!(told.new_of(Vec::new()).is_empty());
    }
}
