use bytes::Bytes;

use crate::cli::args::{BindingName, SamlPartName, SamlSignArguments};
use crate::cli::console::Console;
use crate::cli::exit::{Exit, Stop};
use crate::cli::inputs::{OwnKey, unusable};
use crate::cli::report::Report;
use crate::mint::saml::{Error, SamlPart, SamlSigner};
use crate::verifier::Reason;
use crate::xml::Limits;

/// `sealgate saml sign`: a SAML document on standard output, with a signature where its schema or binding has it.
pub(in crate::cli) fn run(arguments: SamlSignArguments, console: &mut Console) -> Result<Exit, Stop> {
    if arguments.binding == Some(BindingName::Redirect) && arguments.part != SamlPartName::Document {
        let why = "a query string has one signature, over all of the message";
        return Err(unusable("part", &why));
    }
    let own = OwnKey::of(&arguments.key.paths, &arguments.key.password)?;
    let method = match arguments.algorithm {
        Some(name) => name.0,
        None => own.default_algorithm()?,
    };
    let signer = SamlSigner {
        key: own.key,
        method,
        certificates: own.certificates,
    };
    let report = match arguments.file.read(Limits::metadata().bytes) {
        Err(error) => Report::unreadable(arguments.file, &error),
        Ok(bytes) => match signed(&signer, bytes, &arguments) {
            Ok(signed) => {
                console.print(signed);
                return Ok(Exit::Passed);
            }
            Err(Error::Refused(rejection)) => Report::refused(arguments.file, Reason::from(&rejection)),
            Err(error) => return Err(Stop::failed(error)),
        },
    };
    report.note(arguments.output.format, console);
    Ok(report.exit())
}

fn signed(signer: &SamlSigner, bytes: Bytes, arguments: &SamlSignArguments) -> Result<String, Error> {
    let relay_state = arguments.relay_state.as_deref();
    let part = match arguments.part {
        SamlPartName::Document => SamlPart::Document,
        SamlPartName::Assertion => SamlPart::Assertion,
        SamlPartName::Both => SamlPart::Both,
    };
    match arguments.binding {
        None => signer.sign(bytes, part),
        Some(BindingName::Post) => signer.form(bytes, part, relay_state),
        Some(BindingName::Redirect) => signer.redirect(bytes, relay_state),
    }
}
