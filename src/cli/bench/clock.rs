use crate::verifier::Reason;

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rustix::time::{ClockId, clock_gettime};

use super::job::Job;

/// What one window of measurement gave.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    /// Messages in all.
    pub(super) messages: u64,
    /// CPU time of the measuring threads, together.
    cpu: Duration,
    /// Time from the first message to the last.
    wall: Duration,
}

/// Judges the message for so many seconds on so many threads.
pub(super) fn window(job: &Job, bytes: &Bytes, threads: u16, seconds: f64) -> Result<Sample, Reason> {
    let length = Duration::from_secs_f64(seconds);
    let begin = Instant::now();
    if threads == 1 {
        return round(job, bytes, begin, length);
    }
    let rounds: Vec<Result<Sample, Reason>> = thread::scope(|scope| {
        let start = |_| scope.spawn(|| round(job, bytes, begin, length));
        let running: Vec<_> = (0..threads).map(start).collect();
        let result = |thread: thread::ScopedJoinHandle<'_, _>| thread.join().unwrap_or(Ok(Sample::default()));
        running.into_iter().map(result).collect()
    });
    let mut sum = Sample::default();
    for round in rounds {
        let round = round?;
        sum.messages = sum.messages.saturating_add(round.messages);
        sum.cpu = sum.cpu.saturating_add(round.cpu);
        sum.wall = sum.wall.max(round.wall);
    }
    Ok(sum)
}

fn round(job: &Job, bytes: &Bytes, begin: Instant, length: Duration) -> Result<Sample, Reason> {
    let cpu_begin = thread_cpu();
    let mut messages = 0_u64;
    loop {
        job.run(bytes.clone())?;
        messages = messages.saturating_add(1);
        let wall = begin.elapsed();
        if wall >= length {
            let cpu = thread_cpu().saturating_sub(cpu_begin);
            return Ok(Sample { messages, cpu, wall });
        }
    }
}

/// The CPU time that this thread has used.
pub(super) fn thread_cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// What `work` costs in CPU µs, on average of as many times as fit into `length`, at least three.
pub(super) fn cost(length: Duration, mut work: impl FnMut()) -> f64 {
    let begin = thread_cpu();
    let mut times = 0_u32;
    loop {
        work();
        times = times.saturating_add(1);
        let used = thread_cpu().saturating_sub(begin);
        if used >= length && times >= 3 {
            return microseconds(used) / f64::from(times);
        }
    }
}

impl Sample {
    /// CPU µs a message.
    pub(super) fn cpu_us(&self) -> f64 {
        microseconds(self.cpu) / self.count()
    }

    /// µs of time a message; of several threads, as they work side by side.
    pub(super) fn wall_us(&self) -> f64 {
        microseconds(self.wall) / self.count()
    }

    pub(super) fn messages_per_second(&self) -> f64 {
        self.count() / self.wall.as_secs_f64()
    }

    /// Of messages of so many bytes.
    pub(super) fn megabytes_per_second(&self, bytes: usize) -> f64 {
        let bytes = u32::try_from(bytes).map_or(f64::INFINITY, f64::from);
        self.messages_per_second() * bytes / 1e6
    }

    fn count(&self) -> f64 {
        // A window has at least one message, and no more than fit into a day.
        u32::try_from(self.messages)
            .map_or(f64::from(u32::MAX), f64::from)
            .max(1.0)
    }
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// The memory of this process before a message.
pub(super) struct Memory {
    resident_kib: Option<u64>,
}

impl Memory {
    /// As it is now. The kernel is asked to forget the peak so far, which it may not be able to.
    pub(super) fn before() -> Self {
        let _ = fs::write("/proc/self/clear_refs", "5");
        Self {
            resident_kib: status("VmRSS:"),
        }
    }

    /// How much more there was at most since then.
    pub(super) fn growth_kib(&self) -> Option<u64> {
        Some(status("VmHWM:")?.saturating_sub(self.resident_kib?))
    }
}

/// A value of /proc/self/status in KiB, where there is such a file.
fn status(name: &str) -> Option<u64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_costs_is_measured() {
        let mut sum = 0_u64;
        let cost = cost(Duration::from_millis(5), || {
            sum = (0..100_000_u64).fold(sum, |sum, next| std::hint::black_box(sum ^ next));
        });
        assert!(cost > 0.1, "{cost}");
    }

    #[test]
    fn memory_that_is_used_is_seen() {
        let memory = Memory::before();
        let used = std::hint::black_box(vec![1_u8; 32 << 20]);
        let growth = memory.growth_kib();
        assert!(growth.is_none_or(|growth| growth > 30 << 10), "{growth:?}");
        drop(used);
    }
}
