#!/usr/bin/env python3
"""culprit(1) in roff, on stdout: from the program's own help, as docs/manual.

    tools/man.py CULPRIT > culprit.1
"""

import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import manual  # noqa: E402  (how the help is read is known there)


def roff(text):
    """`text` as a line that is no request: backslashes and hyphens are meant, a leading dot or quote is not a command."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


def verbatim(lines):
    return [".nf", *map(roff, lines), ".fi"]


def parts(help_text):
    """The purpose, the usage line, the examples' lines and the options' lines of a verb's help."""
    before, _, rest = help_text.partition("\nUsage: ")
    usage, _, rest = rest.partition("\n")
    examples, _, options = rest.partition("\nOptions:\n")
    return before.strip(), usage, [line for line in examples.split("\n") if line.startswith("  ")], options.rstrip("\n").split("\n")


def page(program):
    version = manual.help_of(program) and os.popen(f"'{program}' version").read().split()[-1]
    out = [f'.TH CULPRIT 1 "" "culprit {version}" "User Commands"', ".SH NAME", "culprit \\- takes a slow or failing system to the cause",
           ".SH SYNOPSIS", ".nf", "culprit VERB [OPERANDS] [OPTIONS]", "culprit VERB \\-\\-help", "culprit help CLASS", ".fi", ".SH VERBS"]
    known = {verb: parts(manual.help_of(program, verb)) for verb, _ in manual.verbs(program)}
    for verb, (purpose, *_) in known.items():
        out += [".TP", f".B {verb}", roff(re.sub(r"\s+", " ", purpose))]
    for verb, (_, usage, examples, options) in known.items():
        out += [f".SH CULPRIT {verb.upper()}", ".nf", f".B {roff(usage)}", ".fi", ".PP", "Examples:", ".PP",
                *verbatim(examples), ".PP", "Options:", ".PP", *verbatim(options)]
    status = manual.help_of(program).split("Exit status:\n", 1)[1].rstrip("\n").split("\n")
    out += [".SH EXIT STATUS", *verbatim(status), ".SH SEE ALSO", "The pages of causes, formats and tables in share/doc/culprit; ",
            ".B culprit help causes"]
    return "\n".join(out) + "\n"


def main():
    if len(sys.argv) != 2:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    sys.stdout.write(page(os.path.abspath(sys.argv[1])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
