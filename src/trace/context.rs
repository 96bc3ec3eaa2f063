use std::fmt;
use std::num::NonZeroU32;

use crate::crypto::random_name;

/// Identifies a trace; never all zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceId(pub(super) [u8; 16]);

/// Identifies a span of a trace; never all zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanId(pub(super) [u8; 8]);

/// Whether the spans of a trace are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sampling {
    /// They are.
    Sampled,
    /// They are not.
    NotSampled,
}

/// To which trace something belongs, and to which span of it (W3C Trace Context §3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The trace.
    pub trace: TraceId,
    /// The span.
    pub span: SpanId,
    /// Whether the trace is told.
    pub sampling: Sampling,
}

/// `00-`, the trace, the span and the flags, with hyphens between them.
const LENGTH: usize = 55;

/// The flag of a sampled trace (§3.2.2.5.1).
const SAMPLED: u8 = 1;

impl Context {
    /// The context that the value of a `traceparent` header names; `None` if it is not written as §3.2 has it.
    ///
    /// Of a version that is not known yet what version 00 has counts, if more stands only behind another hyphen (§4.3).
    pub fn parse(value: &str) -> Option<Self> {
        let (known, more) = value.split_at_checked(LENGTH)?;
        let mut fields = known.split('-');
        let (version, trace, span, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
        let [version] = hex(version)?;
        let ends = match version {
            0 => more.is_empty(),
            0xff => false,
            _ => more.is_empty() || more.starts_with('-'),
        };
        let (trace, span, [flags]) = (hex(trace)?, hex(span)?, hex(flags)?);
        let good = ends && fields.next().is_none() && trace != [0; 16] && span != [0; 8];
        good.then_some(Self {
            trace: TraceId(trace),
            span: SpanId(span),
            sampling: if flags & SAMPLED == SAMPLED {
                Sampling::Sampled
            } else {
                Sampling::NotSampled
            },
        })
    }

    /// The first context of a new trace, of which one in so many is sampled; `None` without random numbers.
    pub fn begin(one_in: NonZeroU32) -> Option<Self> {
        let trace: [u8; 16] = random()?;
        // The last octets are the random ones for everybody (§5.1.1 of level 2).
        let chosen = trace.last_chunk().map(|last| u32::from_be_bytes(*last))?;
        Some(Self {
            trace: TraceId(trace),
            span: SpanId(random()?),
            sampling: if chosen.checked_rem(one_in.get()) == Some(0) {
                Sampling::Sampled
            } else {
                Sampling::NotSampled
            },
        })
    }

    /// Another span of the same trace; `None` without random numbers.
    pub fn child(&self) -> Option<Self> {
        Some(Self {
            span: SpanId(random()?),
            ..*self
        })
    }

    pub(super) const fn flags(&self) -> u8 {
        match self.sampling {
            Sampling::Sampled => SAMPLED,
            Sampling::NotSampled => 0,
        }
    }
}

/// As a `traceparent` header has it.
impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("00-")?;
        self.trace
            .0
            .iter()
            .try_for_each(|octet| write!(f, "{octet:02x}"))?;
        f.write_str("-")?;
        self.span
            .0
            .iter()
            .try_for_each(|octet| write!(f, "{octet:02x}"))?;
        write!(f, "-{:02x}", self.flags())
    }
}

/// Octets in lower-case hexadecimal digits, exactly as many.
fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() != N.checked_mul(2)? || !text.bytes().all(digit) {
        return None;
    }
    let mut octets = [0; N];
    for (octet, pair) in octets.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        *octet = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(octets)
}

fn random<const N: usize>() -> Option<[u8; N]> {
    let octets = random_name().ok()?;
    (octets != [0; N]).then_some(octets)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn a_context_is_read_and_written_as_it_was() {
        let context = Context::parse(GOOD).unwrap();
        assert_eq!(context.to_string(), GOOD);
        assert_eq!(context.sampling, Sampling::Sampled);
        let not = Context::parse(&GOOD.replace("-01", "-00")).unwrap();
        assert_eq!(not.sampling, Sampling::NotSampled);
        // Flags that nobody knows yet are not handed on.
        assert_eq!(
            Context::parse(&GOOD.replace("-01", "-ff")).unwrap().to_string(),
            GOOD
        );
        assert_eq!(Context::parse(&GOOD.replace("-01", "-02")).unwrap(), not);
    }

    #[test]
    fn what_is_not_written_as_it_has_to_be_is_no_context() {
        for (bad, why) in [
            (String::new(), "nothing"),
            (GOOD.replace("00-", "ff-"), "the version that is none"),
            (GOOD.replace("0af7", "0AF7"), "upper case"),
            (
                GOOD.replace("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
                "no trace",
            ),
            (GOOD.replace("b7ad6b7169203331", &"0".repeat(16)), "no span"),
            (format!("{GOOD}-"), "more of a version that has no more"),
            (format!("{GOOD} "), "a blank"),
            (GOOD.replace("00-", "01-") + "x", "more without a hyphen"),
            (GOOD.replace("-01", "-0g"), "no digit"),
            (GOOD.replace("-01", "-+1"), "a sign"),
            (GOOD.replace("31-01", "-3101"), "a hyphen elsewhere"),
            (GOOD.replace("-b7", "x-b"), "more digits than there are"),
            (GOOD.replace("0af", "é"), "no ASCII"),
        ] {
            assert_eq!(Context::parse(&bad), None, "{why}: {bad:?}");
        }
        let later = GOOD.replace("00-", "01-");
        assert_eq!(Context::parse(&later).unwrap().to_string(), GOOD);
        assert_eq!(Context::parse(&(later + "-more")).unwrap().to_string(), GOOD);
    }

    #[test]
    fn a_trace_begins_with_identifiers_of_its_own_and_one_in_so_many_is_sampled() {
        let all = NonZeroU32::new(1).unwrap();
        let (one, other) = (Context::begin(all).unwrap(), Context::begin(all).unwrap());
        assert_ne!(one.trace, other.trace);
        assert_eq!(one.sampling, Sampling::Sampled);
        let child = one.child().unwrap();
        assert_eq!((child.trace, child.sampling), (one.trace, one.sampling));
        assert_ne!(child.span, one.span);
        let some = NonZeroU32::new(4).unwrap();
        let sampled = (0..1000).filter(|_| Context::begin(some).unwrap().sampling == Sampling::Sampled);
        // 250 are expected; seven standard deviations on either side.
        assert!((150..350).contains(&sampled.count()));
    }
}
