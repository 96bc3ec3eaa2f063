use super::gate::Gate;
use crate::c14n::Octets;
use crate::policy::{Admitted, Unmet, UnmetKind};
use crate::rejection::Rejection;
use crate::schema;
use crate::soap::Envelope;
use crate::threat::{self, Mode, Threat};
use crate::xml::Element;

impl Gate {
    /// Why the Body, in the octets that will be relayed, is not as its schemas have it, where that is only to be told.
    ///
    /// # Errors
    /// The same, where it refuses the message.
    pub(super) fn invalid(&self, envelope: &Envelope, octets: &Octets) -> Result<Option<Unmet>, Unmet> {
        let Some(check) = self
            .schema
            .as_ref()
            .filter(|check| check.mode != schema::Mode::Off)
        else {
            return Ok(None);
        };
        let Err(invalid) = check.schemas.validate(&octets.to_vec()) else {
            return Ok(None);
        };
        // The octets have the elements of the Body, each in its place.
        let body = envelope.body();
        let place = body.descendants().nth(invalid.element).unwrap_or(body);
        let unmet = Unmet::at(place, UnmetKind::from(invalid.kind));
        if check.mode == schema::Mode::Enforce {
            return Err(unmet);
        }
        Ok(Some(unmet))
    }

    /// The threats in what was admitted of a message, Body and header blocks, and in what else goes along, that are only to be told.
    ///
    /// # Errors
    /// One that the gate blocks.
    pub(super) fn threats<'d>(
        &self,
        admitted: &Admitted<'d>,
        along: Vec<Element<'d>>,
    ) -> Result<Vec<Threat>, Rejection> {
        let parts = admitted.body().into_iter();
        self.threats_in(parts.chain(admitted.headers().iter().copied()).chain(along))
    }

    /// The threats in `parts` that are only to be told.
    ///
    /// # Errors
    /// One that the gate blocks.
    pub(super) fn threats_in<'d>(
        &self,
        parts: impl Iterator<Item = Element<'d>>,
    ) -> Result<Vec<Threat>, Rejection> {
        let Some(modes) = &self.threats else {
            return Ok(Vec::new());
        };
        let threats = threat::inspect(parts);
        let blocked = threats
            .iter()
            .find(|threat| modes.of(threat.rule()) == Mode::Block);
        match blocked {
            Some(threat) => Err(threat.clone().into()),
            None => Ok(threats),
        }
    }
}
