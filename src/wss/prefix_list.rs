use crate::c14n::leaves_prefixes_out;
use crate::dsig::Processing;
use crate::dsig::Reference;
use crate::dsig::Signature;

/// A PrefixList that does not name all that the Basic Security Profile 1.1 wants in it: the prefixes that are bound where something is signed and that
/// no name there uses. Never a reason to refuse: what such a prefix means is covered where it matters, or the message is refused for that (T45).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PrefixList {
    /// That of the CanonicalizationMethod, for SignedInfo (BSP 1.1 R5405, R5406).
    SignedInfo,
    /// That of a Transform, for what its Reference is to (BSP 1.1 R5407, R5408).
    Transform,
}

impl PrefixList {
    /// Those of `signature` that leave prefixes out, or are not there.
    pub fn incomplete(signature: &Signature<'_>) -> impl Iterator<Item = Self> {
        let signed_info = leaves_prefixes_out(signature.signed_info, &signature.canonicalization);
        let transform = signature.references.iter().any(leaves_out);
        let signed_info = signed_info.then_some(Self::SignedInfo);
        signed_info
            .into_iter()
            .chain(transform.then_some(Self::Transform))
    }

    /// The name of the warning.
    pub fn warning(self) -> &'static str {
        match self {
            Self::SignedInfo => "signed_info_prefix_list",
            Self::Transform => "transform_prefix_list",
        }
    }
}

fn leaves_out(reference: &Reference<'_>) -> bool {
    let Processing::Canonical(form) = &reference.transforms.processing else {
        return false;
    };
    let signed = reference.target.resolve(reference.element.document());
    signed.is_some_and(|signed| leaves_prefixes_out(signed, form))
}
