"""The command: ``python -m unspam clean article.txt``."""

from __future__ import annotations

import signal
import sys


def main(args: list[str] | None = None) -> int:
    """Runs the command with these arguments, by default those of the program, and returns its exit code."""
    from unspam import _unspam

    # The command runs in Rust, where Python cannot raise KeyboardInterrupt.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.stdout.flush()
    return _unspam.main(["unspam", *(sys.argv[1:] if args is None else args)])


if __name__ == "__main__":
    sys.exit(main())
