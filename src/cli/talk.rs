//! What the program says beside its data: messages and progress, on standard error.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::sanitize::sanitize;

/// Says one thing. Names of files come from outside, so they are escaped too.
pub(crate) fn say(message: &str) {
    // If nobody can hear it there is nobody to tell.
    let _ = writeln!(io::stderr(), "unspam: {}", sanitize(message, 4000));
}

/// Says several lines as they are; the caller has escaped what is not its own.
pub(crate) fn say_lines(lines: &str) {
    let _ = io::stderr().write_all(lines.as_bytes());
}

/// A progress bar over the bytes read, on a terminal only.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    bytes: Arc<AtomicU64>,
}

impl Progress {
    /// Returns a bar for `total` bytes; without a total there is nothing to show.
    pub(crate) fn start(total: Option<u64>, quiet: bool) -> Self {
        let shown = !quiet && io::stderr().is_terminal();
        let bar = total.filter(|_| shown).map(|total| {
            let bar = ProgressBar::new(total);
            let style = "{bar:30} {bytes}/{total_bytes}  {binary_bytes_per_sec}  {eta} left";
            bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Self { bar, bytes: Arc::default() }
    }

    /// The counter that readers add to.
    pub(crate) fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes)
    }

    /// Shows how far the run has come.
    pub(crate) fn tick(&self) {
        if let Some(bar) = &self.bar {
            bar.set_position(self.bytes.load(Ordering::Relaxed));
        }
    }

    /// Runs `talk` without the bar in the way.
    pub(crate) fn aside(&self, talk: impl FnOnce()) {
        match &self.bar {
            Some(bar) => bar.suspend(talk),
            None => talk(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
