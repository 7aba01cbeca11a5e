//! Results in forms that other tools read: interval logs of HdrHistogram, tables of comma-separated values, plots as pictures.
//!
//! Everything is made from the record alone. Warm-ups are in all of it, and told apart: by their tag in the log, by a column
//! in the tables, by the shade in the plots.

mod csv;
mod hdr;
mod name;
mod picture;
#[cfg(feature = "png")]
mod png;

use thiserror::Error;

use crate::record::RunResult;
use crate::report::{self, Theme};

/// A file to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFile {
    /// Its name, without a folder.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// Why a record could not be exported.
#[derive(Debug, Error)]
pub enum ExportError {
    /// A table could not be written.
    #[error("a table could not be written: {0}")]
    Table(String),
    /// The machine has no font to write the texts of a picture with.
    #[error(
        "no font was found to write the texts of the plots with: install one that the system knows, such as the package \
         fonts-dejavu-core (Debian, Ubuntu), dejavu-sans-fonts (Fedora) or font-dejavu (Alpine), or export svg, which needs none"
    )]
    NoFont,
    /// A picture could not be drawn.
    #[error("{name}: the picture could not be drawn: {why}")]
    Picture {
        /// The file.
        name: String,
        /// Why.
        why: String,
    },
}

/// The latencies of a run as an HdrHistogram V2 interval log, `latency.hlog`.
///
/// It has one line for every interval of the record's series, operation and kind of time in which operations succeeded, in the
/// order of time. Tags are `OPERATION.response` and `OPERATION.service`, with `.warm-up` after them for warm-ups; letters that
/// the log's format has a use for are replaced. Values are nanoseconds of the operations that succeeded, by the time they were due.
/// Times of intervals are seconds since the base time, the start of the run; the maximum of a line is in milliseconds, as
/// HdrHistogram's own tools expect.
pub fn hdr_log(result: &RunResult) -> ExportedFile {
    ExportedFile { name: "latency.hlog".to_owned(), bytes: hdr::log(result).into_bytes() }
}

/// The series of a run as tables (RFC 4180): `operations.csv`, `intervals.csv`, `capacity.csv` and `failures.csv`.
///
/// Every row is of one interval of one phase; the end of a phase parts an interval in two. Columns have their units in their names.
pub fn csv_tables(result: &RunResult) -> Result<Vec<ExportedFile>, ExportError> {
    csv::tables(result)
}

/// Every plot of the report as a picture that stands alone.
pub fn svg_plots(result: &RunResult, theme: Theme) -> Vec<ExportedFile> {
    let pictures = report::pictures(result);
    let names = picture::names(&pictures, "svg");
    let all = pictures.iter().zip(names);
    all.map(|(picture, name)| ExportedFile { name, bytes: picture.svg(theme).into_bytes() }).collect()
}

/// Every plot of the report as a picture in pixels, `scale` to the pixel of the page.
#[cfg(feature = "png")]
pub fn png_plots(result: &RunResult, theme: Theme, scale: f32) -> Result<Vec<ExportedFile>, ExportError> {
    let pictures = report::pictures(result);
    let names = picture::names(&pictures, "png");
    let painter = png::Painter::new()?;
    let all = pictures.iter().zip(names);
    all.map(|(picture, name)| {
        let bytes = painter.paint(&picture.svg(theme), scale);
        let bytes = bytes.map_err(|why| ExportError::Picture { name: name.clone(), why })?;
        Ok(ExportedFile { name, bytes })
    })
    .collect()
}

#[cfg(test)]
mod tests;
