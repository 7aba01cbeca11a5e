//! Figures of the page: a caption, a legend, and the plot in the shapes that suit the screens.

use crate::report::picture::Picture;
use crate::report::plot::{Format, Ink};

use super::markup::Markup;

/// How an entry of a legend is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Swatch {
    /// A line.
    Line,
    /// An area.
    Area,
    /// A triangle up and one down.
    Triangles,
    /// A cross.
    Cross,
    /// A diamond on a line.
    Diamond,
    /// A dot.
    Dot,
}

/// One entry of a legend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) enum Entry {
    /// A sign with its class in the style sheet, and what it stands for.
    Sign(Swatch, &'static str, String),
    /// Classes of a ramp from low to high, what stands before it and after it.
    Ramp(&'static [&'static str], &'static str, &'static str),
}

/// What the signs and colours of a plot stand for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Legend(pub Vec<Entry>);

/// A legend of signs.
pub(super) fn legend(entries: impl IntoIterator<Item = (Swatch, Ink, String)>) -> Legend {
    Legend(entries.into_iter().map(|(swatch, ink, name)| Entry::Sign(swatch, ink.class(), name)).collect())
}

impl Legend {
    /// For a plot that explains itself.
    pub fn none() -> Self {
        Self::default()
    }

    /// The legend as text of the page: it wraps where the screen is narrow and hides nothing of the plot.
    pub fn markup(&self) -> Markup {
        let mut html = Markup::new();
        if self.0.is_empty() {
            return html;
        }
        html.raw("<ul class=\"legend\">");
        for entry in &self.0 {
            html.raw("<li>");
            match entry {
                Entry::Sign(swatch, class, name) => html.add(&self::swatch(*swatch, class)).text(name),
                Entry::Ramp(classes, low, high) => {
                    html.text(low).raw("<span class=\"ramp\">");
                    for class in *classes {
                        html.raw("<i class=\"").raw(class).raw("\"></i>");
                    }
                    html.raw("</span>").text(high)
                }
            };
            html.raw("</li>");
        }
        html.raw("</ul>");
        html
    }
}

/// What stands before an entry of a legend.
fn swatch(swatch: Swatch, class: &'static str) -> Markup {
    let (shape, sign) = match swatch {
        Swatch::Line => ("line ", ""),
        Swatch::Area => ("area ", ""),
        Swatch::Triangles => ("sign ", "▲▼"),
        Swatch::Cross => ("sign ", "✕"),
        Swatch::Diamond => ("sign ", "◆"),
        Swatch::Dot => ("sign ", "●"),
    };
    let mut html = Markup::new();
    html.raw("<i class=\"").raw(shape).raw(class).raw("\">").raw(sign).raw("</i>");
    html
}

/// A figure as wide as the page, with a narrower plot for narrow screens.
pub(super) fn wide(caption: impl AsRef<str>, legend: &Legend, draw: impl Fn(Format) -> Markup) -> Markup {
    let mut html = Markup::new();
    let caption = Markup::of(caption);
    html.raw("<figure class=\"both\">");
    if !caption.as_str().is_empty() {
        html.raw("<figcaption>").add(&caption).raw("</figcaption>");
    }
    html.add(&legend.markup());
    for format in Format::BOTH {
        let plot = draw(format);
        if format == Format::Wide {
            html.keep(Picture::new(&caption, &legend.0, &plot));
        }
        html.add(&plot);
    }
    html.raw("</figure>");
    html
}

/// One of several figures side by side.
pub(super) fn panel(caption: &Markup, legend: &Legend, plot: &Markup) -> Markup {
    let mut html = bare(caption, &legend.markup(), plot);
    html.keep(Picture::new(caption, &legend.0, plot));
    html
}

/// One of several figures side by side whose legend stands above them all, or in the text; a picture of it has its own.
pub(super) fn panel_sharing(caption: &Markup, legend: &Legend, plot: &Markup) -> Markup {
    let mut html = bare(caption, &Markup::new(), plot);
    html.keep(Picture::new(caption, &legend.0, plot));
    html
}

fn bare(caption: &Markup, legend: &Markup, plot: &Markup) -> Markup {
    let mut html = Markup::new();
    html.raw("<figure><figcaption>").add(caption).raw("</figcaption>").add(legend).add(plot).raw("</figure>");
    html
}

/// Figures side by side where there is room.
pub(super) fn grid(panels: impl IntoIterator<Item = Markup>) -> Markup {
    let mut html = Markup::new();
    html.raw("<div class=\"grid\">");
    for panel in panels {
        html.add(&panel);
    }
    html.raw("</div>");
    html
}
