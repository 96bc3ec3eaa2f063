//! Charts as SVG. Numbers and escaped text are all that goes into them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use chrono::{Datelike, Months, NaiveDate};

use super::super::super::summary::Counts;
use super::super::escaped;

const WIDTH: u64 = 1_000;
/// The most bars of a chart over time.
const BARS: usize = 60;

/// Verdicts over time: by day, by month or by year, whatever gives a readable number of bars.
pub(super) fn over_time(days: &BTreeMap<String, Counts>) -> String {
    let filled = [Period::Day, Period::Month, Period::Year]
        .into_iter()
        .find_map(|period| filled(days, period));
    let bars = filled.unwrap_or_else(|| by_period(days, Period::Year));
    let highest = bars.values().map(Counts::total).max().unwrap_or(0).max(1);
    let count = u64::try_from(bars.len()).unwrap_or(1).max(1);
    let (height, left) = (220_u64, 60_u64);
    let room = WIDTH.saturating_sub(left);
    let step = room.checked_div(count).unwrap_or(room).clamp(1, 80);
    let mut svg = start(height.saturating_add(40), "Verdicts over time");
    let _ = write!(
        svg,
        "<text class=\"faint\" x=\"{x}\" y=\"12\" text-anchor=\"end\">{highest}</text><text class=\"faint\" x=\"{x}\" y=\"{height}\" text-anchor=\"end\">0</text>\
         <line x1=\"{left}\" x2=\"{WIDTH}\" y1=\"{height}\" y2=\"{height}\"/>",
        x = left.saturating_sub(8),
    );
    let every = 90_u64.div_ceil(step);
    for (place, (period, counts)) in (0_u64..).zip(&bars) {
        let x = left.saturating_add(place.saturating_mul(step));
        let mut bottom = height;
        for (class, count) in parts(*counts) {
            let tall = scaled(count, highest, height.saturating_sub(8));
            bottom = bottom.saturating_sub(tall);
            let wide = step.saturating_sub(2).max(1);
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{x}\" y=\"{bottom}\" width=\"{wide}\" height=\"{tall}\"><title>{}: {count} {class}</title></rect>",
                escaped(period)
            );
        }
        if place.checked_rem(every) == Some(0) {
            let y = height.saturating_add(18);
            let _ = write!(
                svg,
                "<text class=\"faint\" x=\"{x}\" y=\"{y}\">{}</text>",
                escaped(period)
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

#[derive(Clone, Copy)]
enum Period {
    Day,
    Month,
    Year,
}

impl Period {
    /// How much of a day as RFC 3339 has it names the period.
    const fn length(self) -> usize {
        match self {
            Self::Day => 10,
            Self::Month => 7,
            Self::Year => 4,
        }
    }

    fn after(self, day: NaiveDate) -> Option<NaiveDate> {
        match self {
            Self::Day => day.succ_opt(),
            Self::Month => day.with_day(1)?.checked_add_months(Months::new(1)),
            Self::Year => day.with_day(1)?.checked_add_months(Months::new(12)),
        }
    }
}

fn by_period(days: &BTreeMap<String, Counts>, period: Period) -> BTreeMap<String, Counts> {
    let mut periods: BTreeMap<String, Counts> = BTreeMap::new();
    for (day, counts) in days {
        let period = day.get(..period.length()).unwrap_or(day);
        periods.entry(period.to_owned()).or_default().add_all(*counts);
    }
    periods
}

/// The same with those periods in which there was nothing; none if all of them are too many for a chart.
fn filled(days: &BTreeMap<String, Counts>, period: Period) -> Option<BTreeMap<String, Counts>> {
    let mut bars = by_period(days, period);
    let mut known = days.keys().filter_map(|day| day.parse::<NaiveDate>().ok());
    let mut day = known.next()?;
    let last = known.next_back().unwrap_or(day).to_string();
    loop {
        let name = day.to_string();
        let name = name.get(..period.length())?;
        if bars.len() > BARS {
            return None;
        }
        if Some(name) > last.get(..period.length()) {
            return Some(bars);
        }
        bars.entry(name.to_owned()).or_default();
        day = period.after(day)?;
    }
}

/// A bar a name, of the verdicts that it has.
pub(super) fn by_name<'n>(title: &str, named: impl Iterator<Item = (&'n str, Counts)>) -> String {
    const MOST: usize = 12;
    const ROW: u64 = 26;
    let named: Vec<_> = named.take(MOST).collect();
    let highest = named
        .iter()
        .map(|(_, counts)| counts.total())
        .max()
        .unwrap_or(0)
        .max(1);
    let rows = u64::try_from(named.len()).unwrap_or(0);
    let mut svg = start(rows.saturating_mul(ROW).max(ROW), title);
    let left = 380_u64;
    for (place, (name, counts)) in (0_u64..).zip(named) {
        let y = place.saturating_mul(ROW);
        let baseline = y.saturating_add(16);
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{baseline}\" text-anchor=\"end\">{}<title>{}</title></text>",
            left.saturating_sub(10),
            escaped(&shortened(name)),
            escaped(name)
        );
        let mut x = left;
        for (class, count) in parts(counts) {
            let wide = scaled(count, highest, WIDTH.saturating_sub(left).saturating_sub(90));
            let top = y.saturating_add(3);
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"{wide}\" height=\"18\"><title>{count} {class}</title></rect>"
            );
            x = x.saturating_add(wide);
        }
        let _ = write!(
            svg,
            "<text class=\"faint\" x=\"{}\" y=\"{baseline}\">{}</text>",
            x.saturating_add(6),
            counts.total()
        );
    }
    svg.push_str("</svg>");
    svg
}

fn start(height: u64, title: &str) -> String {
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {height}\" role=\"img\"><title>{}</title>",
        escaped(title)
    )
}

fn parts(counts: Counts) -> impl Iterator<Item = (&'static str, u64)> {
    [
        ("passed", counts.passed),
        ("failed", counts.failed),
        ("indeterminate", counts.indeterminate),
    ]
    .into_iter()
    .filter(|(_, count)| *count > 0)
}

/// `count` of `of`, on `length`; what is there at all can be seen.
fn scaled(count: u64, of: u64, length: u64) -> u64 {
    count.saturating_mul(length).checked_div(of).unwrap_or(0).max(1)
}

fn shortened(name: &str) -> String {
    const MOST: usize = 52;
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    let start: String = name.chars().take(MOST.saturating_sub(1)).collect();
    format!("{start}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_without_messages_is_seen() {
        let counts = Counts {
            passed: 1,
            ..Counts::default()
        };
        let chart = |days: &[&str]| over_time(&days.iter().map(|day| ((*day).to_owned(), counts)).collect());
        let by_day = chart(&["2026-01-30", "2026-02-02"]);
        let x = |chart: &str| chart.matches("class=\"passed\" x=").count();
        assert_eq!(x(&by_day), 2);
        assert!(
            by_day.contains("x=\"60\"") && by_day.contains("x=\"300\""),
            "{by_day}"
        );
        assert!(chart(&["2024-11-30", "2026-02-02"]).contains(">2025-01<"));
        assert!(chart(&["0001-01-01", "9999-02-02", "other"]).contains("0001: 1 passed"));
        assert!(chart(&[]).ends_with("</svg>"));
    }
}
