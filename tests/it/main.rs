//! Tests of the whole: the command as a user runs it, the library as a program uses it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod bad_input;
mod check;
mod clean;
mod evaluate;
mod formats;
mod model;
mod restore;
mod scan;
mod settings;
mod support;
