//! B13: messages of all sizes for a long time, at four fifths of what fits: no error, and memory that does not grow.

use std::time::{Duration, Instant};

use sealgate::policy::Profile;
use sealgate::soap::Version;

use super::{alone, row, setting, whole};
use crate::client::post;
use crate::load::{Arrivals, send_all, with_status};
use crate::message::Message;
use crate::replay::{SETTLED, remembering};
use crate::sink::Sink;

/// Octets of messages, each as often as it stands here.
const SIZES: [usize; 20] = [
    2_000, 2_000, 2_000, 2_000, 4_000, 4_000, 4_000, 8_000, 8_000, 8_000, 16_000, 16_000, 32_000, 32_000,
    64_000, 64_000, 250_000, 500_000, 1_000_000, 1_900_000,
];

/// Messages of a round, each of which is measured.
const ROUND: usize = 400;

#[test]
fn memory_does_not_grow_while_messages_of_all_sizes_pass() {
    let time = Duration::from_secs(u64::try_from(setting("SOAK_SECONDS", 1, 3600)).unwrap());
    let round = if whole() { ROUND } else { 40 };
    let sink = Sink::start();
    let (folder, file) = remembering(sink.address, "");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text
        .replace("bytes = 1000000\n", "")
        .replace("workers = 2", "workers = 1");
    std::fs::write(&file, text).unwrap();
    let mut policy = Profile::Strict.policy();
    policy.clock_skew = 1;
    std::fs::write(
        folder.path().join("brisk.toml"),
        toml::to_string(&policy).unwrap(),
    )
    .unwrap();
    let gateway = alone(&file);
    std::thread::sleep(SETTLED);
    let patience = Duration::from_secs(120);
    let first = requests(0, round);
    let begun = Instant::now();
    let outcomes = send_all(gateway.plain, &first, 8, Arrivals::Closed, patience);
    assert_eq!(with_status(&outcomes, 200), first.len());
    let rate = first.len() as f64 / begun.elapsed().as_secs_f64() * 0.8;
    let (mut samples, mut sent) = (Vec::new(), 0);
    let begun = Instant::now();
    while begun.elapsed() < time || samples.len() < 3 {
        let requests = requests(sent + round, round);
        let outcomes = send_all(gateway.plain, &requests, 16, Arrivals::Random(rate), patience);
        assert_eq!(with_status(&outcomes, 200), requests.len());
        sent += requests.len();
        samples.push((
            begun.elapsed().as_secs_f64() / 3600.0,
            gateway.memory("VmRSS") as f64 / 1024.0,
        ));
    }
    let most = gateway.memory("VmHWM") as f64 / 1024.0;
    // The first third is warming up: buffers grow to the longest message that a connection has seen.
    let settled = &samples[samples.len() / 3..];
    let slope = slope(settled);
    row(
        "B13, `make drill-soak`",
        &format!(
            "{sent} messages of 2 KB to 1.9 MB, {:.1} GB, at {rate:.0}/s, {:.2} h: no error; {most:.0} MiB of memory at most, {:.1} to {:.1} MiB after a third, {slope:+.1} MiB/h",
            sink.octets() as f64 / 1e9,
            begun.elapsed().as_secs_f64() / 3600.0,
            settled.iter().map(|sample| sample.1).fold(f64::MAX, f64::min),
            settled.iter().map(|sample| sample.1).fold(0.0, f64::max),
        ),
    );
    // Shorter than half an hour, the difference of two samples is a slope of many MiB an hour.
    if begun.elapsed() >= Duration::from_secs(1800) {
        assert!(slope.abs() <= 1.0, "{slope} MiB/h");
    }
}

/// The slope of the straight line that is nearest to all points.
fn slope(points: &[(f64, f64)]) -> f64 {
    let count = points.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let above: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    above / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
}

fn requests(from: usize, count: usize) -> Vec<Vec<u8>> {
    let make = |number: usize| {
        let size = SIZES[number * 7 % SIZES.len()];
        let item = "<o:Item no=\"1\" status=\"open\"><o:Sku scheme=\"GTIN\">5822900001</o:Sku><o:Quantity>100</o:Quantity></o:Item>";
        let items = item.repeat(size / item.len());
        let message = Message {
            body: format!(
                "<o:PlaceOrder xmlns:o=\"urn:example:orders\"><o:Number>{number}</o:Number>{items}</o:PlaceOrder>"
            ),
            ..Message::default()
        };
        let post = post(Version::Soap11, "urn:place", &message.signed());
        post.replacen("Connection: close\r\n", "", 1).into_bytes()
    };
    (from..from + count).map(make).collect()
}
