//! Colours of the plots by what they mean. Plotters knows colours only as numbers, so each ink is drawn as a number of its own
//! and turned into a class afterwards; the style sheet gives the class its colour, in light and in dark.

use plotters::style::RGBColor;

/// The first two bytes of every ink's number: a colour nothing else is drawn in.
const MARK: (u8, u8) = (0x01, 0xF7);
const MARK_TEXT: &str = "\"#01F7";

/// A colour by its meaning: the class in the style sheet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) struct Ink(u8);

/// The classes, by number. The style sheet has one rule for each.
const CLASSES: [&str; 45] = [
    "grid",
    "axis",
    "label",
    "title",
    "warm",
    "edge",
    "hatch",
    "bad",
    "asked",
    "sent",
    "done",
    "limit",
    "use",
    "use-fill",
    "q0",
    "q1",
    "q2",
    "q3",
    "q0 dash",
    "q2 dash",
    "o0",
    "o1",
    "o2",
    "o3",
    "o0 dash",
    "o1 dash",
    "o2 dash",
    "o3 dash",
    "r0",
    "r1",
    "r2",
    "r3",
    "r4",
    "r5",
    "r6",
    "done-fill",
    "max",
    "fault",
    "fault-bar",
    "tokens",
    "tokens-fill",
    "tokens-min",
    "limit dash",
    "stale",
    "stale-fill",
];

impl Ink {
    /// Lines of the grid.
    pub const GRID: Ink = Ink(0);
    /// The line an axis stands on.
    pub const AXIS: Ink = Ink(1);
    /// Labels of ticks and phases.
    pub const LABEL: Ink = Ink(2);
    /// Titles of axes.
    pub const TITLE: Ink = Ink(3);
    /// Behind a warm-up.
    pub const WARM_UP: Ink = Ink(4);
    /// Where a phase begins.
    pub const PHASE_EDGE: Ink = Ink(5);
    /// Over intervals the harness spoiled.
    pub const INVALID: Ink = Ink(6);
    /// Throttling marked.
    pub const BAD: Ink = Ink(7);
    /// Operations asked for.
    pub const ASKED: Ink = Ink(8);
    /// Operations sent.
    pub const SENT: Ink = Ink(9);
    /// Operations that succeeded.
    pub const SUCCEEDED: Ink = Ink(10);
    /// Under the operations that succeeded.
    pub const SUCCEEDED_FILL: Ink = Ink(35);
    /// Provisioned capacity.
    pub const PROVISIONED: Ink = Ink(11);
    /// Consumed capacity.
    pub const CONSUMED: Ink = Ink(12);
    /// Under consumed capacity.
    pub const CONSUMED_FILL: Ink = Ink(13);
    /// Percentiles, from the median to the tail.
    pub const PERCENTILES: [Ink; 4] = [Ink(14), Ink(15), Ink(16), Ink(17)];
    /// Service time beside response time: the median and the tail.
    pub const SERVICE: [Ink; 2] = [Ink(18), Ink(19)];
    /// The maximum beside percentiles.
    pub const MAXIMUM: Ink = Ink(36);
    /// Operations drawn in one plot.
    pub const OPERATIONS: [Ink; 4] = [Ink(20), Ink(21), Ink(22), Ink(23)];
    /// The same, dashed.
    pub const OPERATIONS_DASHED: [Ink; 4] = [Ink(24), Ink(25), Ink(26), Ink(27)];
    /// The sides of a comparison: the base and the new one.
    pub const SIDES: [Ink; 2] = [Ink(20), Ink(21)];
    /// The same, dashed.
    pub const SIDES_DASHED: [Ink; 2] = [Ink(24), Ink(25)];
    /// Reasons stacked in one plot; the last is all others.
    pub const REASONS: [Ink; 7] = [Ink(28), Ink(29), Ink(30), Ink(31), Ink(32), Ink(33), Ink(34)];

    /// Behind a fault.
    pub const FAULT: Ink = Ink(37);
    /// The name of a fault underlined.
    pub const FAULT_BAR: Ink = Ink(38);
    /// Tokens at hand.
    pub const TOKENS: Ink = Ink(39);
    /// Under the tokens at hand.
    pub const TOKENS_FILL: Ink = Ink(40);
    /// The fewest tokens in an interval.
    pub const TOKENS_LEAST: Ink = Ink(41);
    /// What is served on demand, and the most tokens there can be.
    pub const SERVED: Ink = Ink(42);
    /// Stale reads.
    pub const STALE: Ink = Ink(43);
    /// Under stale reads.
    pub const STALE_FILL: Ink = Ink(44);

    /// The class in the style sheet.
    pub fn class(self) -> &'static str {
        CLASSES[usize::from(self.0)]
    }

    pub(super) fn colour(self) -> RGBColor {
        RGBColor(MARK.0, MARK.1, self.0)
    }
}

/// Replaces the numbers that stand for inks by their classes, and drops attributes that only say what is so anyway.
pub(super) fn classes_for_colours(svg: &str) -> String {
    let mut text = String::with_capacity(svg.len());
    let mut rest = svg;
    while let Some(at) = rest.find(MARK_TEXT) {
        let (before, after) = rest.split_at(at);
        let code = after.get(MARK_TEXT.len()..MARK_TEXT.len() + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        let class = code.and_then(|code| CLASSES.get(usize::from(code))).copied().unwrap_or("label");
        text.push_str(before);
        text.push_str("\"currentColor\" class=\"");
        text.push_str(class);
        text.push('"');
        // The mark, two digits, the closing quote.
        rest = after.get(MARK_TEXT.len() + 3..).unwrap_or("");
    }
    text.push_str(rest);
    let superfluous = [" opacity=\"1\"", " stroke=\"none\"", " font-family=\"sans-serif\"", " font-weight=\"normal\""];
    superfluous.iter().fold(text, |text, attribute| text.replace(attribute, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_a_rule_in_the_style_sheet() {
        let sheet = include_str!("../page/plot.css");
        for class in CLASSES.iter().flat_map(|classes| classes.split(' ')) {
            assert!(sheet.contains(&format!(".{class}")), "{class}");
        }
    }

    #[test]
    fn a_number_becomes_its_class() {
        let svg = "<line opacity=\"1\" stroke=\"#01F707\" x1=\"0\"/>";
        assert_eq!(classes_for_colours(svg), "<line stroke=\"currentColor\" class=\"bad\" x1=\"0\"/>");
    }
}
