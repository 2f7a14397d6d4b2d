//! Tests of the whole: the command as a user runs it, the library as a program uses it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]

mod bad_input;
mod calibrate;
mod check;
mod clean;
mod corpus;
mod detector;
mod determinism;
mod dolma;
mod evaluate;
mod fixtures;
mod formats;
mod model;
mod model_file;
mod parquet;
mod profile;
mod report;
mod restore;
mod resume;
mod scan;
mod seed;
mod settings;
mod support;
mod tables;
mod warc;
