//! Whether the time of a comparison tells how much of a secret was right (T75): for two kinds of values, taken by turns at random,
//! Welch's t between their times. At |t| below 4.5 they cannot be told apart; a comparison that stops at the first difference is
//! measured beside them, to show that it would be seen.
//!
//! `SEALGATE_SAMPLES` says how many times each is measured (1,000,000; of RSA a two hundredth of that).
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::print_stdout,
    reason = "a measurement may panic, and rounds what it shows"
)]

#[path = "../tests/generate/mod.rs"]
mod generate;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::Instant;

use generate::{Random, setting};
use sealgate::algorithm::{DigestAlgorithm, SignatureAlgorithm};
use sealgate::crypto::{
    PrivateKey, Secret, SigningKey, VerifyingKey, decrypt_rsa_1_5, digest, is_password_digest,
    password_digest, sign, verify,
};

/// What dudect takes for a difference.
const MOST: f64 = 4.5;
/// Another program may make a difference once, but not each time.
const ATTEMPTS: usize = 3;

fn main() -> ExitCode {
    let samples = setting("SEALGATE_SAMPLES", 1_000_000) as usize;
    println!(
        "{:<60}{:>10}{:>9}",
        "first octet wrong, or the last", "samples", "t"
    );
    let mut told = 0;
    let right = digest(DigestAlgorithm::Sha512, b"message").unwrap();
    let seen = report(
        "a comparison that stops at the first difference",
        samples,
        wrong(right.as_bytes()),
        |value| {
            repeated(|| {
                let mut both = right.as_bytes().iter().zip(value);
                both.all(|(one, other)| one == other)
            });
        },
    );
    told += usize::from(!seen);
    let alike = report(
        "a digest of 64 octets",
        samples,
        wrong(right.as_bytes()),
        |value| {
            repeated(|| right.matches(value));
        },
    );
    told += usize::from(alike);

    let secret = || Secret::new(vec![7; 32]);
    let method = SignatureAlgorithm::HmacSha256;
    let mac = sign(method, &SigningKey::Hmac(secret()), b"message").unwrap();
    let key = VerifyingKey::Hmac(secret());
    let alike = report("an HMAC", samples, wrong(&mac), |value| {
        assert!(verify(method, &key, b"message", value).is_err());
    });
    told += usize::from(alike);

    let created = "2026-11-24T00:00:00Z";
    let right = password_digest(b"nonce", created, &secret()).unwrap();
    let password = secret();
    let alike = report("a PasswordDigest", samples, wrong(right.as_bytes()), |value| {
        let value = value.try_into().unwrap();
        assert!(!is_password_digest(value, b"nonce", created, &password).unwrap());
    });
    told += usize::from(alike);

    let key = PrivateKey::generate_rsa(2048).unwrap();
    let pair = [padded(&key, 2), padded(&key, 1)];
    let alike = report(
        "padding of RSA 1.5, right or wrong",
        samples / 200,
        pair,
        |value| {
            black_box(decrypt_rsa_1_5(&key, value, 16)).unwrap();
        },
    );
    told += usize::from(alike);
    match told {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// `value` with its first octet wrong, and with its last.
fn wrong(value: &[u8]) -> [Vec<u8>; 2] {
    let (mut first, mut last) = (value.to_vec(), value.to_vec());
    first[0] ^= 1;
    *last.last_mut().unwrap() ^= 1;
    [first, last]
}

/// What takes some nanoseconds is done often in one sample: the clock is no finer.
fn repeated(compare: impl Fn() -> bool) {
    for _ in 0..20 {
        assert!(!black_box(compare()));
    }
}

/// A ciphertext whose plaintext begins with 0 and `kind`: RSA 1.5 wants 2, then padding, 0 and a key.
fn padded(key: &PrivateKey, kind: u8) -> Vec<u8> {
    let mut plain = vec![0xa5; 256];
    (plain[0], plain[1], plain[256 - 17]) = (0, kind, 0);
    let key = openssl::pkey::PKey::private_key_from_pem(&key.to_pem().unwrap()).unwrap();
    let mut ciphertext = vec![0; 256];
    let rsa = key.rsa().unwrap();
    rsa.public_encrypt(&plain, &mut ciphertext, openssl::rsa::Padding::NONE)
        .unwrap();
    ciphertext
}

/// Measures `work` on the first and the second of `pair`; whether their times differ, however often that is tried.
fn report(what: &str, samples: usize, pair: [Vec<u8>; 2], work: impl Fn(&[u8])) -> bool {
    let mut least = f64::INFINITY;
    for attempt in 0..ATTEMPTS {
        let t = difference(samples, attempt as u64 + 1, &pair, &work);
        if t.abs() < least.abs() {
            least = t;
        }
        if least.abs() < MOST {
            break;
        }
    }
    println!("{what:<60}{samples:>10}{least:>9.2}");
    least.abs() >= MOST
}

/// Welch's t between the times of the two, without the slowest tenth of all: there other programs ran. Both lie at the same place when
/// they are measured, or the time would tell one place from the other.
fn difference(samples: usize, seed: u64, pair: &[Vec<u8>; 2], work: &impl Fn(&[u8])) -> f64 {
    let mut value = pair[0].clone();
    let mut random = Random::new(seed);
    let mut times: Vec<(usize, f64)> = Vec::with_capacity(2 * samples);
    for _ in 0..2 * samples {
        let which = random.below(2);
        value.copy_from_slice(&pair[which]);
        let start = Instant::now();
        work(black_box(&value));
        times.push((which, start.elapsed().as_nanos() as f64));
    }
    let mut sorted: Vec<f64> = times.iter().map(|(_, time)| *time).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    let longest = sorted[sorted.len() * 9 / 10];
    let of = |which: usize| {
        let kept = times
            .iter()
            .filter(|(each, time)| *each == which && *time <= longest);
        let kept: Vec<f64> = kept.map(|(_, time)| *time).collect();
        let count = kept.len() as f64;
        let mean = kept.iter().sum::<f64>() / count;
        let variance = kept.iter().map(|time| (time - mean).powi(2)).sum::<f64>() / (count - 1.0);
        (mean, variance / count)
    };
    let ((one, of_one), (other, of_other)) = (of(0), of(1));
    (one - other) / (of_one + of_other).sqrt()
}
