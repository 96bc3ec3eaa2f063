use std::collections::HashMap;

/// Which namespace each prefix has in the output so far, at the place that is written. A declaration is written
/// only where it differs from that.
#[derive(Debug, Default)]
pub(super) struct Rendered {
    current: HashMap<u16, u16>,
    undo: Vec<(u16, u16)>,
    /// Where elements end, by number, and what to undo there.
    open: Vec<(u32, usize)>,
}

impl Rendered {
    /// Comes to element `number`, which leaves every element that ended before it.
    pub(super) fn reach(&mut self, number: u32) {
        while let Some((next, undo)) = self.open.last().copied()
            && next <= number
        {
            self.open.pop();
            for (prefix, namespace) in self.undo.drain(undo..).rev() {
                self.current.insert(prefix, namespace);
            }
        }
    }

    /// Enters an element that ends before element `next`.
    pub(super) fn enter(&mut self, next: u32) {
        self.open.push((next, self.undo.len()));
    }

    /// Whether `prefix` has to be declared as `namespace` here; notes that it is. Zero is no namespace.
    pub(super) fn declare(&mut self, prefix: u16, namespace: u16) -> bool {
        let before = self.current.insert(prefix, namespace).unwrap_or(0);
        if before == namespace {
            return false;
        }
        self.undo.push((prefix, before));
        true
    }
}
