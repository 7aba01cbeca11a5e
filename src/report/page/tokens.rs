//! Tokens and bank: how much of its throughput a table or index had left.

use crate::api::ReadWrite;
use crate::report::figures::{Figures, access_name};
use crate::report::plot::tokens::TokensOverTime;
use crate::report::plot::{Format, Ink};
use crate::report::timeline::Timeline;
use crate::report::units;

use super::figure::{self, Swatch};
use super::markup::Markup;

/// Most plots drawn: of the tables and indexes that come first in the record.
const DRAWN_MAX: usize = 24;

/// The plots of all tables and indexes that are limited and were used; nothing where the record has no tokens.
pub(super) fn part(figures: &Figures, timeline: &Timeline) -> Markup {
    let mut html = Markup::on("tokens", "Tokens left");
    let Some(observed) = &figures.observed else { return html };
    let spans = observed.spans(usize::MAX);
    let accesses = [ReadWrite::Read, ReadWrite::Write];
    let all = observed.facts.iter().flat_map(|facts| accesses.map(|access| (facts, access)));
    let drawn: Vec<_> = all
        .filter_map(|(facts, access)| Some((facts, access, TokensOverTime::of(facts.history, access, &spans)?)))
        .take(DRAWN_MAX)
        .collect();
    if drawn.is_empty() || spans.is_empty() || timeline.is_empty() {
        return html;
    }
    html.raw("<h3>Tokens left</h3><p class=\"lead\">What a table or index could still serve at once: what has accrued and what burst has banked. ")
        .raw("A line that falls is lived on the bank; where it lies at zero, only what accrues each second is served.</p>");
    let legend = |drawn: &[&TokensOverTime]| {
        let any = |holds: fn(&TokensOverTime) -> bool| drawn.iter().any(|tokens| holds(tokens));
        let entries = [
            (true, Swatch::Line, Ink::TOKENS, "tokens at hand"),
            (any(|tokens| tokens.has_least()), Swatch::Line, Ink::TOKENS_LEAST, "the fewest in between"),
            (any(|tokens| tokens.most_drawn), Swatch::Line, Ink::SERVED, "the most there can be"),
            (any(|tokens| tokens.ran_out), Swatch::Area, Ink::BAD, "ran out: requests were refused"),
        ];
        let entries = entries.into_iter().filter(|(shown, ..)| *shown);
        figure::legend(entries.map(|(_, swatch, ink, name)| (swatch, ink, name.to_owned())))
    };
    let all: Vec<&TokensOverTime> = drawn.iter().map(|(.., tokens)| tokens).collect();
    html.add(&legend(&all).markup());
    let panels = drawn.iter().map(|(facts, access, tokens)| {
        let mut caption = Markup::of(format!("{}, {}s", facts.label, access_name(*access)));
        if !tokens.most_drawn {
            let most = format!("at most {}, far above the plot", units::quantity(tokens.most));
            caption.raw(" <small>").text(most).raw("</small>");
        }
        figure::panel_sharing(&caption, &legend(&[tokens]), &tokens.draw(figures.result, timeline, Format::Panel))
    });
    html.add(&figure::grid(panels));
    html
}
