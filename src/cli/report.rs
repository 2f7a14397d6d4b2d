//! The page that shows a run.

use unspam::stats::{Samples, Stats};

use crate::cli::config::Settings;

/// Returns the page: one file that needs nothing else.
pub(crate) fn page(stats: &Stats, samples: &Samples, settings: &Settings, problems: u64) -> String {
    format!("{stats:?}{samples:?}{}{problems}", settings.policy_hash)
}
