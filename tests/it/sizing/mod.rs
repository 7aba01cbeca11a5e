//! `dyno size`: sizes by hand, sizes simulated operation by operation, and the code that comes out.

mod answers;
mod code;
mod shipped;
