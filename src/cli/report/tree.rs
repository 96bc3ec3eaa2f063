use crate::inbound::Coverage;
use crate::inbound::CoverageLine;

use super::plain;
use crate::cli::console::{Style, Tone};

/// The lines of the coverage tree, each with its mark at the left and the branches of a tree before its name.
pub(crate) fn render(lines: &[CoverageLine], style: Style) -> Vec<String> {
    let mut last = LastChildren::default();
    let mut rendered: Vec<String> = Vec::with_capacity(lines.len());
    // From the end, because whether a line is the last child is known only from what follows it.
    for line in lines.iter().rev() {
        let branches = last.branches(usize::from(line.depth));
        let (mark, tone) = mark(line.covered);
        let name = match line.covered {
            Coverage::Signature => style.paint(Tone::Faint, &plain(&line.name)),
            Coverage::Covered | Coverage::NotCovered | Coverage::Partly => plain(&line.name),
        };
        let branches = style.paint(Tone::Faint, &branches);
        rendered.push(format!("{} {branches}{name}", style.paint(tone, mark)));
    }
    rendered.reverse();
    rendered
}

fn mark(covered: Coverage) -> (&'static str, Tone) {
    match covered {
        Coverage::Covered => ("✓", Tone::Good),
        Coverage::NotCovered => ("✗", Tone::Bad),
        Coverage::Partly => ("·", Tone::Faint),
        Coverage::Signature => (" ", Tone::Faint),
    }
}

/// Read from the last line up: at which depths a sibling has been seen below.
#[derive(Default)]
struct LastChildren {
    continues: Vec<bool>,
}

impl LastChildren {
    fn branches(&mut self, depth: usize) -> String {
        self.continues.truncate(depth.saturating_add(1));
        self.continues.resize(depth.saturating_add(1), false);
        let mut text = String::new();
        for (level, continues) in self.continues.iter().enumerate().skip(1) {
            text.push_str(match (level == depth, *continues) {
                (true, true) => "├─ ",
                (true, false) => "└─ ",
                (false, true) => "│  ",
                (false, false) => "   ",
            });
        }
        if let Some(own) = self.continues.last_mut() {
            *own = true;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_join_children_to_their_parents() {
        let line = |name: &str, depth, covered| CoverageLine {
            path: String::new(),
            name: name.to_owned(),
            depth,
            covered,
        };
        let lines = [
            line("Envelope", 0, Coverage::Partly),
            line("Header", 1, Coverage::Partly),
            line("Security", 2, Coverage::Partly),
            line("Timestamp", 3, Coverage::Covered),
            line("Signature", 3, Coverage::Signature),
            line("To", 2, Coverage::NotCovered),
            line("Body", 1, Coverage::Covered),
        ];
        let wanted = [
            "· Envelope",
            "· ├─ Header",
            "· │  ├─ Security",
            "✓ │  │  ├─ Timestamp",
            "  │  │  └─ Signature",
            "✗ │  └─ To",
            "✓ └─ Body",
        ];
        assert_eq!(render(&lines, Style::Plain), wanted);
    }
}
