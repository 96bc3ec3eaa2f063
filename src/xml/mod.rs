//! Bounded, strict XML.
