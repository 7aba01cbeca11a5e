//! Outcomes as bodies.

mod consumed;
mod error;
mod item;
mod output;
mod writer;

pub use error::fault;
pub use output::answer;
pub use writer::Writer;

/// What the endpoint sends back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body, JSON.
    pub body: Vec<u8>,
}

impl Reply {
    /// A reply to a request that succeeded: an object with this content.
    pub fn ok(content: impl FnOnce(&mut Writer)) -> Self {
        Reply { status: 200, body: document(content) }
    }
}

fn document(content: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut writer = Writer::default();
    writer.object(content);
    writer.finish()
}
