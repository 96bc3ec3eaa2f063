//! What becomes of threats, as it is typed.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, de};
use serde_json::{Map, Value, json};

use crate::threat::{Mode, Modes, Rule};

/// A mode for each rule that is named.
#[derive(Debug, Default)]
pub(in crate::config) struct Threats(BTreeMap<Rule, Mode>);

impl Threats {
    /// What every rule does.
    pub(in crate::config) fn modes(&self) -> Modes {
        Modes::new(self.0.clone())
    }
}

impl<'de> Deserialize<'de> for Threats {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let said = BTreeMap::<String, Mode>::deserialize(deserializer)?;
        let rules = said.into_iter().map(|(name, mode)| {
            let unknown = || de::Error::custom(format_args!("no rule is called {name:?}"));
            Ok((Rule::named(&name).ok_or_else(unknown)?, mode))
        });
        rules.collect::<Result<_, _>>().map(Self)
    }
}

impl JsonSchema for Threats {
    fn schema_name() -> Cow<'static, str> {
        "Threats".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let rules = Rule::all().map(|rule| {
            let schema = json!({
                "description": format!("{} (\"{}\" if it is not said).", rule.about(), rule.default_mode().name()),
                "enum": [Mode::Observe.name(), Mode::Block.name()],
                "type": "string",
            });
            (rule.name().to_owned(), schema)
        });
        let rules: Map<String, Value> = rules.collect();
        json_schema!({
            "description": "What becomes of each threat: \"observe\" or \"block\".",
            "type": "object",
            "properties": rules,
            "additionalProperties": false,
        })
    }
}
