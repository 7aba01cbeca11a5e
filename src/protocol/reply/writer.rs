//! JSON written straight into bytes.

use std::fmt::{Display, Write as _};

/// Writes one JSON document. Commas come by themselves: between a value and what follows it.
#[derive(Debug, Default)]
pub struct Writer {
    out: String,
}

impl Writer {
    /// The document.
    pub fn finish(self) -> Vec<u8> {
        self.out.into_bytes()
    }

    /// `{ … }`
    pub fn object(&mut self, content: impl FnOnce(&mut Self)) {
        self.separate();
        self.out.push('{');
        content(self);
        self.out.push('}');
    }

    /// `[ … ]`
    pub fn array(&mut self, content: impl FnOnce(&mut Self)) {
        self.separate();
        self.out.push('[');
        content(self);
        self.out.push(']');
    }

    /// The name of a member; its value is written next.
    pub fn name(&mut self, name: &str) -> &mut Self {
        self.text(name);
        self.out.push(':');
        self
    }

    /// A string.
    pub fn text(&mut self, text: &str) {
        self.separate();
        self.out.push('"');
        push_escaped(&mut self.out, text);
        self.out.push('"');
    }

    /// A string of digits and other characters that need no escaping.
    pub fn plain_text(&mut self, text: impl Display) {
        self.separate();
        // Writing to a string does not fail.
        let _ = write!(self.out, "\"{text}\"");
    }

    /// A whole number.
    pub fn integer(&mut self, integer: u64) {
        self.separate();
        let _ = write!(self.out, "{integer}");
    }

    /// −1, which stands for no limit.
    pub fn none(&mut self) {
        self.separate();
        self.out.push_str("-1");
    }

    /// A finite number, with a decimal point, as the service writes doubles.
    pub fn decimal(&mut self, decimal: f64) {
        self.separate();
        let _ = write!(self.out, "{decimal:?}");
    }

    /// `true` or `false`
    pub fn boolean(&mut self, truth: bool) {
        self.separate();
        self.out.push_str(if truth { "true" } else { "false" });
    }

    /// Bytes in base64.
    pub fn binary(&mut self, bytes: &[u8]) {
        use base64::Engine as _;
        self.separate();
        self.out.push('"');
        base64::engine::general_purpose::STANDARD.encode_string(bytes, &mut self.out);
        self.out.push('"');
    }

    /// Inside a string there is no last byte to mistake for an opening one: every string is closed with a quotation mark.
    fn separate(&mut self) {
        if !matches!(self.out.as_bytes().last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(',');
        }
    }
}

/// Escapes what JSON does not allow in strings, and nothing else.
fn push_escaped(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|byte| byte < 0x20 || matches!(byte, b'"' | b'\\')) {
        // Bytes below 0x80 are characters of their own: the cuts are between characters.
        let (clean, special) = rest.split_at(at);
        out.push_str(clean);
        match special.as_bytes()[0] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            control => {
                let _ = write!(out, "\\u{control:04x}");
            }
        }
        rest = &special[1..];
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_string_reads_back(text: String, controls in "[\\x00-\\x7f\"\\\\é\u{2028}😀]{0,40}") {
            for text in [text, controls] {
                let mut writer = Writer::default();
                writer.text(&text);
                prop_assert_eq!(serde_json::from_slice::<String>(&writer.finish()).unwrap(), text);
            }
        }
    }

    #[test]
    fn commas_stand_between_values() {
        let mut writer = Writer::default();
        writer.object(|writer| {
            writer.name("a").array(|writer| {
                writer.integer(1);
                writer.text("{");
                writer.object(|_| {});
                writer.decimal(0.5);
                writer.decimal(2.0);
            });
            writer.name("b").boolean(true);
            writer.name("c").binary(&[0, 255]);
        });
        let text = String::from_utf8(writer.finish()).unwrap();
        assert_eq!(text, r#"{"a":[1,"{",{},0.5,2.0],"b":true,"c":"AP8="}"#);
    }
}
