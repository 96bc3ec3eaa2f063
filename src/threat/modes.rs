use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::rule::{Kind, Rule};

/// What a rule does.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// It tells.
    Observe,
    /// It also refuses: content what it is about, the others further requests of an address that goes on and on.
    Block,
}

impl Mode {
    /// Its name in configurations and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Observe => "observe",
            Self::Block => "block",
        }
    }

    /// The mode of that name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Observe, Self::Block]
            .into_iter()
            .find(|mode| mode.name() == name)
    }
}

/// The mode of every rule. What is not said is as [`Rule::default_mode`] has it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Modes {
    said: BTreeMap<Rule, Mode>,
}

impl Modes {
    /// With what is said of some rules.
    pub const fn new(said: BTreeMap<Rule, Mode>) -> Self {
        Self { said }
    }

    /// The same mode for all rules.
    pub fn all(mode: Mode) -> Self {
        Self::new(Rule::all().map(|rule| (rule, mode)).collect())
    }

    /// What `rule` does.
    pub fn of(&self, rule: Rule) -> Mode {
        self.said
            .get(&rule)
            .copied()
            .unwrap_or_else(|| rule.default_mode())
    }

    /// Whether an address may come to be shut out for what it sends.
    pub fn shut_out(&self) -> bool {
        Rule::all().any(|rule| rule.kind() != Kind::Content && self.of(rule) == Mode::Block)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_as_the_rule_has_it() {
        let modes = Modes::new([(Rule::SqlPattern, Mode::Block)].into());
        assert_eq!(modes.of(Rule::SqlPattern), Mode::Block);
        assert_eq!(modes.of(Rule::ScriptPattern), Mode::Observe);
        assert_eq!(modes.of(Rule::ExternalInclusion), Mode::Block);
        assert!(!modes.shut_out());
        assert!(Modes::all(Mode::Block).shut_out());
        assert_eq!(Mode::named("block"), Some(Mode::Block));
        assert_eq!(Mode::named("off"), None);
    }
}
