//! Plots as pictures that stand alone: with a title, a legend and colours of their own, for slides, papers and other tools.

use std::sync::Arc;

use super::page::{Entry, Markup, PATTERN, PLOT, Swatch, THEME};

/// Units of a picture to the pixel: plots are drawn this much larger than shown.
const FINENESS: f64 = 4.0;
/// Pixels around everything.
const MARGIN: f64 = 20.0;
const TITLE_SIZE: f64 = 17.0;
const TEXT_SIZE: f64 = 12.5;
/// Height of a line of the legend and of small text.
const LINE: f64 = 20.0;
/// Pixels between two entries of a legend, and between a sign and its name.
const ENTRIES_APART: f64 = 20.0;
const SIGN_WIDTH: f64 = 28.0;
/// Width of an average letter, of its size; wider than most, so that nothing runs into anything in any font.
const LETTER: f64 = 0.57;

/// The colours of a picture.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Theme {
    /// On white.
    #[default]
    Light,
    /// On black.
    Dark,
}

/// What the page has from the rest of its style.
const STYLE: &str = "text { font-family: sans-serif; font-size: 50px; }\n\
    .picture-title { font-size: 68px; font-weight: bold; color: var(--ink); }\n.warm-sign { opacity: 0.25; }\n";
const BACKGROUND_RECTANGLE: &str = "<rect width=\"100%\" height=\"100%\" fill=\"var(--page)\"/>";

/// What the background of a plot may have in it: its class there, that of its sign, and its name. The page says it once for all plots.
const BACKGROUND: [(&str, &str, &str); 3] = [
    ("warm", "warm", "warm-up"),
    ("hatch", "hatch", "the load generator did not keep up"),
    ("fault", "fault-bar", "a fault"),
];

/// A plot of a report.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The anchor and the title of the part of the page it belongs to.
    topic: Option<(&'static str, &'static str)>,
    /// The run it is of.
    source: String,
    caption: String,
    note: String,
    legend: Vec<Entry>,
    /// The inside of the page's SVG, and its size in units.
    plot: Arc<str>,
    size: (f64, f64),
}

impl Picture {
    /// The picture of a plot of the page.
    pub(super) fn new(caption: &Markup, legend: &[Entry], plot: &Markup) -> Self {
        let (caption, note) = caption.as_str().split_once("<small>").unwrap_or((caption.as_str(), ""));
        let svg = plot.as_str();
        let inside = svg.split_once('>').map_or("", |(_, inside)| inside);
        let inside = inside.rsplit_once("</svg>").map_or(inside, |(inside, _)| inside);
        // Figures under the pointer are for the page.
        let inside = match inside.split_once("<g class=\"hover\">") {
            Some((before, after)) => format!("{before}{}", after.split_once("</g>").map_or("", |(_, rest)| rest)),
            None => inside.to_owned(),
        };
        let mut legend = legend.to_vec();
        for (drawn, class, name) in BACKGROUND {
            legend.retain(|entry| !matches!(entry, Entry::Sign(_, known, _) if *known == class));
            if inside.contains(&format!("class=\"{drawn}\"")) {
                legend.push(Entry::Sign(Swatch::Area, class, name.to_owned()));
            }
        }
        Picture {
            topic: None,
            source: String::new(),
            caption: caption.trim().to_owned(),
            note: note.trim_end_matches("</small>").trim().to_owned(),
            legend,
            plot: inside.into(),
            size: size_of(svg),
        }
    }

    /// The picture as one of this part of the page, where it is not one of a smaller part already.
    pub(super) fn on(mut self, topic: Option<(&'static str, &'static str)>) -> Self {
        self.topic = self.topic.or(topic);
        self
    }

    /// The picture as one of this run.
    pub(super) fn of_run(mut self, source: &str) -> Self {
        source.clone_into(&mut self.source);
        self
    }

    /// What tells it from the others of its report, in a few words: `capacity orders, writes`. As text, not escaped.
    pub fn name(&self) -> String {
        let topic = self.topic.map_or("plot", |(anchor, _)| anchor);
        format!("{topic} {}", unescaped(&self.caption)).trim_end().to_owned()
    }

    /// The picture as an SVG that needs nothing else: colours are resolved, fonts are the viewer's sans-serif.
    pub fn svg(&self, theme: Theme) -> String {
        let width = self.size.0 / FINENESS;
        let mut drawing = Drawing { svg: Markup::new(), width, y: MARGIN };
        let topic = self.topic.map_or("", |(_, title)| title);
        let (title, rest) = if self.caption.is_empty() { (topic, "") } else { (self.caption.as_str(), topic) };
        drawing.lines(&unescaped(title), TITLE_SIZE, "picture-title");
        let note = unescaped(&self.note);
        let parts = [rest, &note, &self.source];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        drawing.lines(&parts.join(" · "), TEXT_SIZE, "label");
        drawing.legend(&self.legend);
        drawing.y += 16.0;
        let plot_y = drawing.y;
        let height = (plot_y + self.size.1 / FINENESS + MARGIN).ceil();
        let mut svg = Markup::new();
        let (whole_width, whole_height) = (width + 2.0 * MARGIN, height);
        svg.trusted(&format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole_width:.0}\" height=\"{whole_height:.0}\" viewBox=\"0 0 {} {}\">",
            units(whole_width),
            units(whole_height)
        ));
        svg.raw("<title>").text(self.name()).raw("</title>");
        for part in ["<style>\n", PLOT, STYLE, "</style>", PATTERN, BACKGROUND_RECTANGLE] {
            svg.trusted(&resolved(part, theme));
        }
        svg.add(&drawing.svg);
        svg.trusted(&format!("<g class=\"plot\" transform=\"translate({} {})\">", units(MARGIN), units(plot_y)));
        svg.trusted(&self.plot).raw("</g></svg>\n");
        svg.into_string()
    }
}

/// What stands above the plot, from the top down.
struct Drawing {
    svg: Markup,
    width: f64,
    y: f64,
}

impl Drawing {
    /// Text in as many lines as it takes.
    fn lines(&mut self, text: &str, size: f64, class: &'static str) {
        let room = (self.width / (size * LETTER)) as usize;
        for line in wrapped(text, room.max(8)) {
            self.y += size * 1.1;
            self.text(MARGIN, self.y, class, &line);
            self.y += size * 0.45;
        }
    }

    fn text(&mut self, x: f64, y: f64, class: &'static str, text: &str) {
        self.svg.trusted(&format!(
            "<text x=\"{}\" y=\"{}\" fill=\"currentColor\" class=\"{class}\">",
            units(x),
            units(y)
        ));
        self.svg.text(text).raw("</text>");
    }

    /// As many entries to the line as have room.
    fn legend(&mut self, entries: &[Entry]) {
        if entries.is_empty() {
            return;
        }
        let text_width = |text: &str| text.chars().count() as f64 * TEXT_SIZE * LETTER;
        self.y += LINE;
        let mut x = MARGIN;
        for entry in entries {
            let width = match entry {
                Entry::Sign(_, _, name) => SIGN_WIDTH + text_width(name),
                Entry::Ramp(classes, low, high) => {
                    text_width(low) + classes.len() as f64 * RAMP_STEP + 16.0 + text_width(high)
                }
            };
            if x > MARGIN && x + width > MARGIN + self.width {
                (x, self.y) = (MARGIN, self.y + LINE);
            }
            match entry {
                Entry::Sign(swatch, class, name) => {
                    self.sign(*swatch, class, x);
                    self.text(x + SIGN_WIDTH, self.y, "label", name);
                }
                Entry::Ramp(classes, low, high) => {
                    self.text(x, self.y, "label", low);
                    let start = x + text_width(low) + 8.0;
                    for (step, class) in classes.iter().enumerate() {
                        self.rectangle(start + step as f64 * RAMP_STEP, RAMP_STEP, class);
                    }
                    self.text(start + classes.len() as f64 * RAMP_STEP + 8.0, self.y, "label", high);
                }
            }
            x += width + ENTRIES_APART;
        }
    }

    fn rectangle(&mut self, x: f64, width: f64, class: &str) {
        self.svg.trusted(&format!(
            "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"currentColor\" class=\"{class}\"/>",
            units(x),
            units(self.y - 10.0),
            units(width),
            units(11.0)
        ));
    }

    fn sign(&mut self, swatch: Swatch, class: &str, x: f64) {
        let middle = self.y - 4.5;
        let path = |d: String, more: &str| format!("<path d=\"{d}\" class=\"{class}\" {more}/>");
        let at = |x: f64, y: f64| format!("{} {}", units(x), units(y));
        let filled = "fill=\"currentColor\"";
        let shape = match swatch {
            Swatch::Area if class == "hatch" => format!(
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"url(#hatch)\" stroke=\"currentColor\" class=\"hatch\"/>",
                units(x),
                units(self.y - 10.0),
                units(16.0),
                units(11.0)
            ),
            Swatch::Area => {
                let own = if class == "warm" { "warm warm-sign" } else { class };
                return self.rectangle(x, 16.0, own);
            }
            Swatch::Line => {
                let (thickness, dashes) = match class {
                    "sent" => (20, ""),
                    "asked" => (8, " stroke-dasharray=\"16 20\""),
                    class if class.ends_with("dash") => (8, " stroke-dasharray=\"20 14\""),
                    _ => (12, ""),
                };
                let line = format!("M{}L{}", at(x, middle), at(x + 20.0, middle));
                path(line, &format!("fill=\"none\" stroke=\"currentColor\" stroke-width=\"{thickness}\"{dashes}"))
            }
            Swatch::Triangles => {
                let up =
                    format!("M{}L{}L{}z", at(x, middle + 4.5), at(x + 10.0, middle + 4.5), at(x + 5.0, middle - 4.5));
                let down = format!(
                    "M{}L{}L{}z",
                    at(x + 11.0, middle - 4.5),
                    at(x + 21.0, middle - 4.5),
                    at(x + 16.0, middle + 4.5)
                );
                path(up + &down, filled)
            }
            Swatch::Cross => {
                let (left, right, top, bottom) = (x + 5.0, x + 13.0, middle - 4.0, middle + 4.0);
                let arms = format!("M{}L{}M{}L{}", at(left, top), at(right, bottom), at(left, bottom), at(right, top));
                path(arms, "fill=\"none\" stroke=\"currentColor\" stroke-width=\"8\"")
            }
            Swatch::Dot => {
                let (left, right) = (at(x + 5.0, middle), at(x + 15.0, middle));
                let arc = format!("A{0} {0} 0 1 1", units(5.0));
                path(format!("M{left}{arc} {right}{arc} {left}z"), filled)
            }
            Swatch::Diamond => {
                let (left, right) = (x + 5.0, x + 15.0);
                let edges = format!(
                    "M{}L{}L{}L{}z",
                    at(left, middle),
                    at(x + 10.0, middle - 5.0),
                    at(right, middle),
                    at(x + 10.0, middle + 5.0)
                );
                path(edges, filled)
            }
        };
        self.svg.trusted(&shape);
    }
}

/// Width of a step of a ramp in pixels.
const RAMP_STEP: f64 = 14.0;

/// Pixels in units of the picture.
fn units(pixels: f64) -> i64 {
    (pixels * FINENESS).round() as i64
}

/// The size that the plot's `viewBox` has.
fn size_of(svg: &str) -> (f64, f64) {
    let numbers =
        svg.split_once("viewBox=\"0 0 ").and_then(|(_, rest)| rest.split_once('"')).map_or("", |(size, _)| size);
    let mut numbers = numbers.split(' ').map(|number| number.parse().unwrap_or(0.0));
    (numbers.next().unwrap_or(0.0), numbers.next().unwrap_or(0.0))
}

/// Words in lines of at most so many letters; a longer word has a line of its own.
fn wrapped(text: &str, letters: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= letters => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// The text that escaped text stands for.
fn unescaped(html: &str) -> String {
    let letters = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")];
    letters.iter().fold(html.to_owned(), |text, (escaped, letter)| text.replace(escaped, letter))
}

/// Puts the colours of a theme where their variables stand.
fn resolved(svg: &str, theme: Theme) -> String {
    let light = THEME.split_once(":root {").map_or("", |(_, rest)| rest);
    let block = match theme {
        Theme::Light => light,
        Theme::Dark => light.split_once(":root {").map_or("", |(_, rest)| rest),
    };
    let block = block.split_once('}').map_or("", |(block, _)| block);
    let variables = block.split(';').filter_map(|declaration| declaration.trim().split_once(": "));
    variables
        .filter(|(name, _)| name.starts_with("--"))
        .fold(svg.to_owned(), |svg, (name, value)| svg.replace(&format!("var({name})"), value))
}
