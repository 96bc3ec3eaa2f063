use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What SAML assertions must be, besides what SAML itself asks.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct SamlRules {
    /// Subject confirmations that count in a SOAP message.
    pub soap_confirmations: Vec<Confirmation>,
    /// Subject confirmations that count in a SAML Response, or an Assertion by itself.
    pub sso_confirmations: Vec<Confirmation>,
    /// Whether an assertion without AudienceRestriction passes when no audience was configured.
    pub audience: AudienceRule,
    /// Where in an assertion or message its Signature may stand.
    #[serde(default)]
    pub signature_order: SignatureOrder,
    /// The longest life of an assertion in seconds, from IssueInstant to NotOnOrAfter; none: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_life: Option<u32>,
}

/// A subject confirmation method (SAML Profiles §3, WSS SAML Token Profile §3.5).
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confirmation {
    /// Whoever has it.
    Bearer,
    /// Whoever signs the message with the key that it names.
    HolderOfKey,
    /// Whoever signs it together with the message, and may vouch.
    SenderVouches,
}

impl Confirmation {
    /// Its name in a policy.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::HolderOfKey => "holder-of-key",
            Self::SenderVouches => "sender-vouches",
        }
    }
}

/// What an assertion that names no audience means.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AudienceRule {
    /// It is refused; so is one whose audiences do not hold the configured one.
    Required,
    /// It passes where no audience was configured.
    Optional,
}

/// Where in an assertion or message its Signature may stand (SAML Core §5.4.1; T09).
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignatureOrder {
    /// After the Issuer, where the schema has it.
    #[default]
    AfterIssuer,
    /// Anywhere among the children, as some old signers appended it.
    AnyChild,
}

const ALL: [Confirmation; 3] = [
    Confirmation::Bearer,
    Confirmation::HolderOfKey,
    Confirmation::SenderVouches,
];

impl SamlRules {
    /// For the profile `strict`.
    pub fn strict() -> Self {
        Self {
            soap_confirmations: vec![Confirmation::HolderOfKey, Confirmation::SenderVouches],
            sso_confirmations: vec![Confirmation::Bearer],
            audience: AudienceRule::Required,
            signature_order: SignatureOrder::AfterIssuer,
            max_life: Some(3600),
        }
    }

    /// For the profile `saml-sso`.
    pub fn saml_sso() -> Self {
        Self {
            soap_confirmations: vec![Confirmation::Bearer],
            ..Self::strict()
        }
    }

    /// For the profile `bsp11`.
    pub fn bsp11() -> Self {
        Self {
            soap_confirmations: ALL.to_vec(),
            ..Self::strict()
        }
    }

    /// For the profile `legacy-2004`.
    pub fn legacy_2004() -> Self {
        Self::bsp11()
    }

    /// For the profile `archive-verify`.
    pub fn archive_verify() -> Self {
        Self {
            soap_confirmations: ALL.to_vec(),
            sso_confirmations: ALL.to_vec(),
            audience: AudienceRule::Optional,
            signature_order: SignatureOrder::AnyChild,
            max_life: None,
        }
    }
}
