//! Which key, how large, which operation: the distributions a workload draws from.
//!
//! - [`key`]: key indexes out of a population that may grow;
//! - [`size`]: sizes and other whole numbers, with what a capacity model expects of them;
//! - [`Weighted`]: one of a few, by weight.
//!
//! Each draws from the [`Random`](crate::random::Random) it is handed and from nothing else, and
//! answers in closed form what it will draw, so that capacity can be reckoned without drawing.
//! Drawn values repeat byte for byte across platforms and versions: own samplers, held still by
//! golden vectors, and the transcendental functions of the `libm` crate, because those of the
//! standard library are the platform's and may differ in the last bit. Measured here
//! (`benches/distribution.rs`, Xeon at 2.5 GHz): libm's logarithm costs 1.4 times the platform's, its
//! exponential 2.4 times, but a scrambled zipfian draw 42 to 71 ns instead of 33 to 57, and a
//! log-normal one, the worst, 31 ns instead of 17. Its power costs 3.3 times (32 ns): no draw takes one.
//!
//! Constructors check their parameters and return [`InvalidParameter`]; after that nothing fails.

mod box_cox;
#[cfg(test)]
mod goodness;
mod harmonic;
pub mod key;
mod parameter;
pub mod size;
mod weighted;

pub use parameter::InvalidParameter;
pub use weighted::Weighted;
