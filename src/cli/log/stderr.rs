use std::io;
use std::io::Write;
use std::os::fd::AsFd;

use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::poll;
use rustix::io::Errno;

/// A descriptor that is waited for where it takes nothing at present, though somebody has made it one that does not wait.
pub(super) struct Waiting<D>(pub(super) D);

impl<D: AsFd> Write for Waiting<D> {
    /// Not by the standard library's own, whose lock who says something else on it would wait for.
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        loop {
            match rustix::io::write(&self.0, octets) {
                Err(Errno::AGAIN) => {
                    let mut it = [PollFd::new(&self.0, PollFlags::OUT)];
                    poll(&mut it, None)?;
                }
                written => return Ok(written?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may panic")]
    use std::io::Read;
    use std::thread;

    use rustix::fs::OFlags;
    use rustix::fs::fcntl_setfl;

    use super::*;

    #[test]
    fn a_pipe_that_does_not_wait_loses_nothing() {
        let (mut reader, writer) = io::pipe().unwrap();
        fcntl_setfl(&writer, OFlags::NONBLOCK).unwrap();
        let lines: String = (0..100_000).map(|number| format!("line {number}\n")).collect();
        let written = lines.clone();
        let writing = thread::spawn(move || Waiting(writer).write_all(written.as_bytes()));
        let mut read = String::new();
        reader.read_to_string(&mut read).unwrap();
        writing.join().unwrap().unwrap();
        assert!(read == lines);
    }
}
