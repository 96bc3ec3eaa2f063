//! Random names.

use std::cell::RefCell;

use openssl::error::ErrorStack;
use openssl::rand::rand_bytes;

use super::Unavailable;

/// So many bytes are drawn at a time: to ask the generator for a few takes it as long as to ask it for all of these.
const DRAWN: usize = 512;

thread_local!(static AHEAD: RefCell<Ahead> = const { RefCell::new(Ahead { bytes: [0; DRAWN], used: DRAWN }) });

/// Bytes that were drawn and have named nothing yet.
struct Ahead {
    bytes: [u8; DRAWN],
    used: usize,
}

/// Random bytes to name something with, such as an ID. They lie in memory before they are asked for, and after it, as secrets must not: those come
/// from [`Secret::random`](super::Secret::random).
///
/// # Errors
///
/// [`Unavailable`] when the generator fails.
pub fn random_name<const N: usize>() -> Result<[u8; N], Unavailable> {
    const { assert!(N <= DRAWN, "more than is drawn at a time") };
    let name = AHEAD.with_borrow_mut(|ahead| ahead.take(rand_bytes));
    name.map_err(|error| Unavailable::new("random bytes", error))
}

impl Ahead {
    fn take<const N: usize>(
        &mut self,
        draw: impl FnOnce(&mut [u8]) -> Result<(), ErrorStack>,
    ) -> Result<[u8; N], ErrorStack> {
        if let Some(name) = self.next() {
            return Ok(name);
        }
        // Of what a failure leaves nothing is used.
        self.used = DRAWN;
        draw(&mut self.bytes)?;
        self.used = 0;
        self.next().ok_or_else(ErrorStack::get)
    }

    fn next<const N: usize>(&mut self) -> Option<[u8; N]> {
        let name = self.bytes.get(self.used..)?.first_chunk().copied()?;
        self.used = self.used.saturating_add(N);
        Some(name)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_byte_names_two_things() {
        let all: Vec<[u8; 16]> = (0..1000).map(|_| random_name().unwrap()).collect();
        assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len());
        let elsewhere = std::thread::spawn(|| random_name::<16>().unwrap());
        assert!(!all.contains(&elsewhere.join().unwrap()));
        let mut ahead = Ahead {
            bytes: [0; DRAWN],
            used: DRAWN,
        };
        let numbered = |bytes: &mut [u8]| {
            bytes
                .iter_mut()
                .zip(0_u8..=255)
                .for_each(|(byte, number)| *byte = number);
            Ok(())
        };
        assert_eq!(ahead.take(numbered).unwrap(), [0, 1, 2]);
        assert_eq!(ahead.take(numbered).unwrap(), [3, 4]);
    }

    #[test]
    fn without_a_generator_there_is_no_name() {
        let mut ahead = Ahead {
            bytes: [7; DRAWN],
            used: DRAWN - 3,
        };
        let broken = |bytes: &mut [u8]| {
            bytes.fill(1);
            Err(ErrorStack::get())
        };
        assert!(ahead.take::<4>(broken).is_err());
        assert!(ahead.take::<1>(broken).is_err());
    }
}
