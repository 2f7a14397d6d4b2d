//! What the program says beside its data: messages and progress, on standard error.

use std::cell::Cell;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressStyle};

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

/// How often a line is said where no bar can be shown.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// A progress bar over the bytes read, on a terminal only.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    bytes: Arc<AtomicU64>,
    total: Option<u64>,
    /// When a line was last said, where no bar can be shown.
    said: Option<Cell<Instant>>,
    started: Instant,
}

impl Progress {
    /// Returns a bar for `total` bytes; without a total there is nothing to show.
    pub(crate) fn start(total: Option<u64>, quiet: bool) -> Self {
        let shown = !quiet && io::stderr().is_terminal();
        let bar = total.filter(|_| shown).map(|total| {
            let bar = ProgressBar::new(total);
            let style = "{bar:30} {bytes}/{total_bytes}  {msg}  {binary_bytes_per_sec}  {eta} left";
            bar.set_style(ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()));
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        let plain = !quiet && !io::stderr().is_terminal();
        let now = Instant::now();
        Self { bar, bytes: Arc::default(), total, said: plain.then(|| Cell::new(now)), started: now }
    }

    /// Passes over bytes that need not be read again.
    pub(crate) fn skip(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// The counter that readers add to.
    pub(crate) fn counter(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.bytes)
    }

    /// Shows how far the run has come.
    pub(crate) fn tick(&self, records: u64) {
        let bytes = self.bytes.load(Ordering::Relaxed);
        if let Some(bar) = &self.bar {
            bar.set_position(bytes);
            bar.set_message(format!("{records} records"));
        }
        if let Some(said) = self.said.as_ref().filter(|said| said.get().elapsed() >= LINE_EVERY) {
            said.set(Instant::now());
            let rate = bytes as f64 / self.started.elapsed().as_secs_f64();
            let mib = |bytes: f64| bytes / f64::from(1 << 20);
            let left = self.total.filter(|&total| total >= bytes).map(|total| {
                let seconds = (total - bytes) as f64 / rate.max(1.0);
                format!(" of {:.0} MiB, {} left", mib(total as f64), HumanDuration(Duration::from_secs_f64(seconds)))
            });
            let left = left.unwrap_or_else(|| " MiB".to_owned());
            say(&format!("{records} records, {:.0}{left}, {:.1} MiB/s", mib(bytes as f64), mib(rate)));
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
