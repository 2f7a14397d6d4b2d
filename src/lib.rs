//! Finds spam and boilerplate in scraped article text and takes it out, leaving every other
//! byte as it was.

// Writing models is part of the core's file format and used by training only.
#![cfg_attr(not(feature = "train"), allow(dead_code))]

// The command speaks of the library as any program does.
#[cfg(feature = "cli")]
extern crate self as unspam;

#[cfg(feature = "batch")]
pub mod batch;
pub mod clean;
#[cfg(feature = "cli")]
pub mod cli;
pub mod decode;
pub mod detector;
pub mod document;
mod eight;
pub mod error;
pub mod features;
pub mod gate;
#[cfg(feature = "batch")]
pub mod io;
#[cfg(feature = "batch")]
pub mod journal;
pub mod label;
#[cfg(feature = "batch")]
pub mod ledger;
pub mod model;
pub mod normalize;
pub mod offsets;
pub mod policy;
#[cfg(feature = "batch")]
pub mod profile;
pub mod report;
pub mod segment;
#[cfg(feature = "serve")]
pub mod serve;
pub mod span;
#[cfg(feature = "batch")]
pub mod stats;
mod test_line;
#[cfg(feature = "train")]
pub mod train;

pub use clean::{Cleaned, Cleaner, Edit};
pub use detector::{Detector, DetectorBuilder, LineExplanation};
pub use document::Document;
pub use error::ModelError;
pub use gate::{Because, Decision, Gate, GateBuilder, Outcome, Rule, When};
pub use label::{Class, Label, LabelSet};
pub use policy::{Policy, PolicyError, Preset};
pub use report::{Action, Evidence, Finding, Probability, Report, Verdict};
pub use span::Span;
pub use test_line::{TEST_LINE, TEST_LINE_REASON};
