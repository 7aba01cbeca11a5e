//! HTML that cannot be injected into: what comes from a record is escaped on its way in, what is not escaped is a literal.

use crate::report::picture::Picture;

/// A piece of the page, and the plots in it as pictures of their own.
#[derive(Debug, Clone, Default)]
pub(in crate::report) struct Markup {
    html: String,
    pictures: Vec<Picture>,
    /// The anchor and the title of the part of the page that its plots belong to.
    topic: Option<(&'static str, &'static str)>,
}

impl Markup {
    /// An empty piece.
    pub fn new() -> Self {
        Self::default()
    }

    /// A piece that is only text.
    pub fn of(text: impl AsRef<str>) -> Self {
        let mut markup = Self::new();
        markup.text(text);
        markup
    }

    /// A piece of literal HTML.
    pub fn literal(html: &'static str) -> Self {
        Markup { html: html.to_owned(), ..Self::default() }
    }

    /// An empty piece of the part of the page with this anchor and title.
    pub fn on(anchor: &'static str, title: &'static str) -> Self {
        Markup { topic: Some((anchor, title)), ..Self::default() }
    }

    /// Adds literal HTML.
    pub fn raw(&mut self, html: &'static str) -> &mut Self {
        self.html.push_str(html);
        self
    }

    /// Adds text, escaped.
    pub fn text(&mut self, text: impl AsRef<str>) -> &mut Self {
        escape(text.as_ref(), &mut self.html);
        self
    }

    /// Adds another piece.
    pub fn add(&mut self, markup: &Markup) -> &mut Self {
        self.html.push_str(&markup.html);
        let topic = self.topic;
        self.pictures.extend(markup.pictures.iter().cloned().map(|picture| picture.on(topic)));
        self
    }

    /// Adds HTML made by this crate with nothing in it from a record that was not escaped before.
    pub fn trusted(&mut self, html: &str) -> &mut Self {
        self.html.push_str(html);
        self
    }

    /// Adds a plot as a picture of its own, beside the HTML.
    pub fn keep(&mut self, picture: Picture) -> &mut Self {
        self.pictures.push(picture.on(self.topic));
        self
    }

    /// The HTML.
    pub fn into_string(self) -> String {
        self.html
    }

    /// The HTML so far.
    pub fn as_str(&self) -> &str {
        &self.html
    }

    /// The plots in it, in their order.
    pub fn into_pictures(self) -> Vec<Picture> {
        self.pictures
    }
}

/// Text for the value of an attribute in double quotes.
pub(in crate::report) fn attribute(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    escape(text, &mut escaped);
    escaped
}

/// Escapes what HTML and XML give a meaning; control characters, which neither allows, become the replacement character.
fn escape(text: &str, into: &mut String) {
    for letter in text.chars() {
        match letter {
            '&' => into.push_str("&amp;"),
            '<' => into.push_str("&lt;"),
            '>' => into.push_str("&gt;"),
            '"' => into.push_str("&quot;"),
            '\'' => into.push_str("&#39;"),
            '\n' | '\t' => into.push(letter),
            '\r' => {}
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => into.push('\u{fffd}'),
            letter => into.push(letter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_a_record_becomes_html() {
        let markup = Markup::of("<script>alert(\"a\" & 'b')</script>\u{0}\r\n");
        assert_eq!(
            markup.into_string(),
            "&lt;script&gt;alert(&quot;a&quot; &amp; &#39;b&#39;)&lt;/script&gt;\u{fffd}\n"
        );
    }
}
