//! Arguments as they are typed. What they mean is checked in [`super::inputs`].

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::algorithm::CanonicalizationAlgorithm;

use super::report::Format;
use super::source::Source;

/// Verifies SOAP messages, XML signatures and SAML assertions; relays only what was verified.
///
/// FILE may be - for standard input. Exit codes: 0 all inputs passed, 1 at least one was refused, 2 the command or
/// its configuration is wrong, 3 an input could not be read or the machine failed.
#[derive(Debug, Parser)]
#[command(
    name = "sealgate",
    version,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    C14n(C14nArguments),
    Inspect(InspectArguments),
}

/// Write the canonical form of a document, or of one element of it, to standard output
#[derive(Args, Debug)]
pub(crate) struct C14nArguments {
    /// The canonicalization method
    #[arg(long, value_enum, default_value = "exc", hide_possible_values = false)]
    pub(crate) algorithm: CanonicalizationName,
    /// Prefixes that exclusive canonicalization treats as inclusive does, separated by spaces; #default is the
    /// default namespace
    #[arg(long, value_name = "\"A B #default\"")]
    pub(crate) prefixes: Option<String>,
    /// Only the element that carries this ID
    #[arg(long)]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) ids: IdArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The document
    #[arg(value_parser = Source::parse)]
    pub(crate) file: Source,
}

/// Show what is in a message, nothing verified
#[derive(Args, Debug)]
pub(crate) struct InspectArguments {
    #[command(flatten)]
    pub(crate) ids: IdArguments,
    #[command(flatten)]
    pub(crate) output: OutputArguments,
    /// The messages
    #[arg(required = true, value_name = "FILE", value_parser = Source::parse)]
    pub(crate) files: Vec<Source>,
}

#[derive(Args, Debug)]
pub(crate) struct IdArguments {
    /// A further attribute name that is of type ID in this document (repeatable)
    #[arg(long = "id-attr", value_name = "NAME")]
    pub(crate) id_attributes: Vec<String>,
}

#[derive(Args, Debug)]
pub(crate) struct OutputArguments {
    /// How results are written: for people, or as JSON Lines with one object an input
    #[arg(long, value_enum, default_value = "text", hide_possible_values = false)]
    pub(crate) format: Format,
}

/// [`CanonicalizationAlgorithm`] by its short name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CanonicalizationName(pub(crate) CanonicalizationAlgorithm);

impl ValueEnum for CanonicalizationName {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [CanonicalizationName; 6] = [
            CanonicalizationName(CanonicalizationAlgorithm::Inclusive10),
            CanonicalizationName(CanonicalizationAlgorithm::Inclusive10WithComments),
            CanonicalizationName(CanonicalizationAlgorithm::Inclusive11),
            CanonicalizationName(CanonicalizationAlgorithm::Inclusive11WithComments),
            CanonicalizationName(CanonicalizationAlgorithm::Exclusive),
            CanonicalizationName(CanonicalizationAlgorithm::ExclusiveWithComments),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<clap::builder::PossibleValue> {
        Some(clap::builder::PossibleValue::new(self.0.name()))
    }
}
