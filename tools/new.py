#!/usr/bin/env python3
"""Writes the files of a new verb, parser or pass: they compile, and their tests fail until they are filled in.

    ./dev new verb NAME      src/cli/NAME_command.cc, a case
    ./dev new parser NAME    src/ingest/NAME/, with test and fuzzer
    ./dev new pass NAME      src/analysis/NAME/, with test
"""

import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

VERB = {
    "src/cli/{name}_command.cc": """\
#include "cli/command.h"

namespace culprit::cli {{

Result<int> run_{name}(const Options& options) {{
  return Error{{Error::Kind::Unavailable, "'" + options.verb + "' is not written yet"}};
}}

}}  // namespace culprit::cli
""",
    "tests/cases/{name}/answers.test": """\
# What culprit {name} says, in a sentence.

--- traces a.txt
web  GET /cart  0..31

--- run
culprit {name} a.txt

--- prints
(write down what it should print)
""",
}

PARSER = {
    "src/ingest/{name}/{name}.h": """\
// {name}: what the format is, who writes it, and where it is specified.
//
// Draw its layout here. What cannot be decoded costs the smallest unit around it and a ledger row, never the file.
#pragma once

#include <string_view>

#include "model/batch.h"

namespace culprit::{name} {{

// The spans, logs and metrics of one piece of a file, with what could not be decoded in the batch's ledger.
Batch decode(std::string_view piece, std::string_view source);

}}  // namespace culprit::{name}
""",
    "src/ingest/{name}/{name}.cc": """\
#include "ingest/{name}/{name}.h"

#include "base/cursor.h"

namespace culprit::{name} {{

Batch decode(std::string_view piece, std::string_view source) {{
  Batch batch;
  batch.ledger.push_back(ledger_row(LedgerKind::refused, 1, source, "ingest", "{name} is not decoded yet"));
  batch.received.push_back({{std::string(source), "span", piece.empty() ? 0 : 1}});
  return batch;
}}

}}  // namespace culprit::{name}
""",
    "src/ingest/{name}/{name}_test.cc": """\
#include "ingest/{name}/{name}.h"

#include <gtest/gtest.h>

namespace culprit::{name} {{
namespace {{

TEST({camel}, ReadsTheExampleOfItsSpecification) {{
  Batch batch = decode("(the specification's example)", "test");
  ASSERT_EQ(batch.spans.size(), 1u);
  EXPECT_TRUE(batch.ledger.empty());
}}

TEST({camel}, CountsWhatItCannotDecode) {{
  Batch batch = decode("nonsense", "test");
  EXPECT_TRUE(batch.spans.empty());
  ASSERT_EQ(batch.ledger.size(), 1u);
  EXPECT_EQ(batch.ledger[0].n, 1);
}}

}}  // namespace
}}  // namespace culprit::{name}
""",
    "src/ingest/{name}/{name}_fuzz.cc": """\
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "ingest/{name}/{name}.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {{
  culprit::Batch batch = culprit::{name}::decode({{reinterpret_cast<const char*>(data), size}}, "fuzz");
  // What came in is handed on or accounted for, whatever it was.
  int64_t received = 0, accounted = 0;
  for (const culprit::Received& row : batch.received) received += row.unit == "span" ? row.n : 0;
  for (const culprit::LedgerRow& row : batch.ledger) accounted += row.unit == "span" ? row.n : 0;
  if (received != static_cast<int64_t>(batch.spans.size()) + accounted) std::abort();
  return 0;
}}
""",
}

PASS = {
    "src/analysis/{name}/{name}.h": """\
// {camel}: what it finds, in a sentence.
//
// Draw it here. Say what it is not, how the two are told apart, and what can't be known from traces.
#pragma once

#include <cstdint>
#include <vector>

#include "model/trace.h"

namespace culprit::analysis {{

struct {camel} {{
  SpanIndex span;
  int64_t saving_ns;  // never more than the critical path holds
}};

// Dearest first.
std::vector<{camel}> find_{name}(const Trace& trace);

}}  // namespace culprit::analysis
""",
    "src/analysis/{name}/{name}.cc": """\
#include "analysis/{name}/{name}.h"

namespace culprit::analysis {{

std::vector<{camel}> find_{name}(const Trace&) {{ return {{}}; }}

}}  // namespace culprit::analysis
""",
    "src/analysis/{name}/{name}_test.cc": """\
#include "analysis/{name}/{name}.h"

#include <gtest/gtest.h>

namespace culprit::analysis {{
namespace {{

Trace faulty() {{
  return make_trace({{}});  // the smallest trace that has it
}}
Trace healthy() {{
  return make_trace({{}});  // its twin that has not
}}

TEST({camel}, IsFoundWhereItIs) {{ EXPECT_EQ(find_{name}(faulty()).size(), 1u); }}

TEST({camel}, AccusesNobodyInTheHealthyTwin) {{ EXPECT_TRUE(find_{name}(healthy()).empty()); }}

}}  // namespace
}}  // namespace culprit::analysis
""",
}

KINDS = {
    "verb": (VERB, "declare run_{name} in src/cli/command.h, list it in src/cli/main.cc and src/cli/options.cc, and write docs/manual/{name}.md"),
    "parser": (PARSER, "add it to src/ingest/registry/formats.cc and src/CMakeLists.txt, document it in docs/formats, put examples into tests/corpus/{name}"),
    "pass": (PASS, "call it where src/analysis/why.cc collects findings, and plant the fault in lab/ first"),
}


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in KINDS:
        print(__doc__.strip(), file=sys.stderr)
        return 2
    kind, name = sys.argv[1:]
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        print(f"'{name}' is no name for a file: lower case, words joined by _", file=sys.stderr)
        return 2
    files, rest = KINDS[kind]
    words = {"name": name, "camel": "".join(word.capitalize() for word in name.split("_"))}
    paths = {path.format(**words): text.format(**words) for path, text in files.items()}
    there = [path for path in paths if os.path.exists(os.path.join(ROOT, path))]
    if there:
        print(f"{there[0]} is there already", file=sys.stderr)
        return 1
    for path, text in paths.items():
        os.makedirs(os.path.dirname(os.path.join(ROOT, path)), exist_ok=True)
        with open(os.path.join(ROOT, path), "w", encoding="utf-8") as file:
            file.write(text)
        print(f"wrote {path}")
    print(f"now {rest.format(**words)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
