//! Closed sets of algorithms.
