//! Tests of the whole: the command as a user runs it, the library as a program uses it.

mod bad_input;
mod check;
mod clean;
mod evaluate;
mod formats;
mod restore;
mod scan;
mod settings;
mod support;
