//! Tests of the whole: the command as a user runs it, the library as a program uses it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on may stop")]
#![allow(clippy::print_stderr, reason = "a test that is skipped says so")]

mod attacks;
mod bad_input;
mod calibrate;
mod check;
mod clean;
mod corpus;
mod detector;
mod determinism;
mod dolma;
mod evaluate;
mod extract;
mod fixtures;
mod formats;
mod gate;
mod golden;
mod model;
mod model_file;
mod outside;
mod page;
mod parquet;
mod profile;
mod report;
mod restore;
mod resume;
mod scan;
mod seed;
mod serve;
mod service;
mod settings;
mod support;
mod tables;
mod warc;
