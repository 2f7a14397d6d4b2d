//! Errors of the library.

use std::fmt;

/// Why a model could not be loaded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// The file does not begin with the header line of a model.
    #[error("not an unspam model: {reason}")]
    NotAModel {
        /// What was found instead.
        reason: String,
    },
    /// The file is of a format that this build does not read.
    #[error("model has format {found}; this build reads {min} to {max}: update the program or retrain")]
    Format {
        /// Format of the file.
        found: u32,
        /// Oldest format read.
        min: u32,
        /// Newest format read.
        max: u32,
    },
    /// The features the model was trained on are not those of this build.
    #[error(
        "model was trained on feature schema {found}, this build has {expected}: retrain or use the build it came from"
    )]
    Schema {
        /// Digest in the file.
        found: String,
        /// Digest of this build.
        expected: String,
    },
    /// The file ends before its last section.
    #[error("model is cut short: section \"{section}\" needs {needed} bytes, {found} are left")]
    Truncated {
        /// Name of the section.
        section: String,
        /// Bytes the table promises.
        needed: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// A section's bytes are not those that were written.
    #[error("model is damaged: checksum of section \"{section}\" is {found:08x}, expected {expected:08x}")]
    Checksum {
        /// Name of the section.
        section: String,
        /// Checksum the table promises.
        expected: u32,
        /// Checksum of the bytes.
        found: u32,
    },
    /// The labels of the model are not those of this build.
    #[error("model has other labels than this build: {found}")]
    Labels {
        /// The labels in the file, in order.
        found: String,
    },
    /// A section that every model has is not there.
    #[error("model has no section \"{section}\"")]
    MissingSection {
        /// Name of the section.
        section: String,
    },
    /// The file goes on behind its last section.
    #[error("model is too long: {found} bytes follow the last section")]
    Trailing {
        /// Bytes behind the last section.
        found: u64,
    },
    /// The content of a section makes no sense.
    #[error("model is malformed: {reason}")]
    Malformed {
        /// What is wrong.
        reason: String,
    },
}

impl ModelError {
    pub(crate) fn malformed(reason: impl fmt::Display) -> Self {
        Self::Malformed { reason: reason.to_string() }
    }
}
