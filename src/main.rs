//! The `unspam` command.

fn main() -> std::process::ExitCode {
    unspam::cli::main(std::env::args_os()).into()
}
