#!/usr/bin/env python3
"""Writes the files of a new verb, protocol, format, event or detector and its registry row. They compile and do a minimum.

    ./dev new verb NAME       src/cli/NAME_command.cc, its row in verbs.inc, a case
    ./dev new protocol NAME   src/protocol/NAME/, with test and fuzzer, its room and its row in registry.cc
    ./dev new format NAME     src/ingest/NAME/, with test and fuzzer, its room and its line in formats.cc
    ./dev new event NAME      src/capture/bpf/NAME.h, its line in events.inc and its struct in event.h
    ./dev new table NAME      a row type in record.h, its columns in record_table.h, its line in tables.inc, and its writer
    ./dev new detector CLASS  src/analysis/detectors/CLASS.cc, its row in registry.cc, a case
    ./dev new --self-test     makes one of each kind in a copy of the tree (or of the one at PATH) and compiles it

A kind is a dictionary of new files and a list of lines for existing files (KINDS).
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

VERB = {
    "src/cli/{name}_command.cc": """\
#include "cli/command.h"
#include "cli/source.h"

namespace culprit::cli {{

Result<int> run_{name}(const Options& options) {{
  Source source = TRY(open_source(TRY(named_source(options, 0))));
  Account account = TRY(source.reader->account());
  // What it answers goes into src/report, as text and as JSON (docs/formats/answer.md).
  TRY(print_text(options, report::quality_text(account, {{}}, look_of(options)), report::quality_json(account, {{}})));
  return 0;
}}

}}  // namespace culprit::cli
""",
    "tests/cases/{name}/answers.test": """\
# The purpose of culprit {name} in one sentence.

--- traces a.txt
web  GET /cart  0..31

--- run
culprit {name} a.txt

--- prints
1 span received = 1 stored; nothing lost, nothing guessed
""",
}
VERB_ROW = """\
VERB({name}, "[SOURCE]", 1, kSource | kAnswer | kColor, "text json html", "Say what it does, in a sentence.",
     "culprit {name} slow.culprit\\n"
     "culprit {name} traces.jsonl --json\\n"
     "culprit {name} traces.jsonl --html page.html\\n")
"""


DETECTOR = {
    "src/analysis/detectors/{name}.cc": """\
// {name}: what its signature is, and what tells it from what looks like it.
#include "analysis/detectors/detector.h"

namespace culprit::analysis {{

namespace {{

// A threshold says where its number comes from.
constexpr int64_t kFewest = kFewestAffected;

}}  // namespace

std::vector<Cause> find_{name}(const DetectorInput& input) {{
  std::vector<Cause> causes;
  for (const Operation& operation : input.now.operations()) {{
    if (operation.requests < kFewest) continue;
    // One Cause for each thing to blame: its entity, quality, evidence, and what a request would save.
  }}
  return causes;
}}

}}  // namespace culprit::analysis
""",
    "docs/causes/{name}.md": """\
# {name}

What it is, in a clause.

## Signature

- Which evidence.

## What else it could be

- Another class, and what tells it.

## What to do

- What mends it.

## What it looks like

<!-- case: why/{name} -->
```text
```
""",
    "tests/cases/why/{name}.test": """\
# {name}: the smallest traces with this cause, and a second pair of sections without it.

--- traces shop.txt
x60 every 100ms
  web GET /cart 0..12

--- run
culprit why shop.txt

--- prints
(./dev test --accept case/why/{name} writes it)
""",
}

PROTOCOL = {
    "src/protocol/{name}/conversation.h": """\
// {name}: what it carries, and where it is specified. Draw the layout of a message here.
#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "protocol/interface/conversation.h"

namespace culprit::{name} {{

// Whether the first bytes of a direction are this protocol's, for sure, and who sent them.
std::optional<From> recognise(std::string_view bytes);

class {camel}Conversation final : public Conversation {{
 public:
  void feed(From from, int64_t time_ns, std::string_view head, std::string_view tail, uint64_t length_bytes) override;
  void gap(From from, int64_t time_ns, uint64_t length_bytes) override;
  void set_statement_text(int64_t, std::string_view, bool) override {{}}
  void close(int64_t time_ns, Closing why) override;
  std::optional<CurrentRequest> current() const override {{ return std::nullopt; }}
  ConversationCounts take_counts() override {{ return std::exchange(counts_, {{}}); }}
  std::string_view protocol() const override {{ return "{name}"; }}
  CapturePolicies capture_policies() const override;

 private:
  void end(int64_t time_ns, uint32_t flags);

  RequestToken token_ = RequestToken::None;  // of the request under way
  Exchange exchange_;
  ConversationCounts counts_;
}};

}}  // namespace culprit::{name}
""",
    "src/protocol/{name}/conversation.cc": """\
#include "protocol/{name}/conversation.h"

namespace culprit::{name} {{

// What no other protocol begins with.
std::optional<From> recognise(std::string_view bytes) {{
  if (bytes.starts_with("{upper}\\r\\n")) return From::Client;
  return std::nullopt;
}}

// So far: all that a client says until the server answers is one request, and all of the answer its reply.
void {camel}Conversation::feed(From from, int64_t time_ns, std::string_view head, std::string_view tail,
                               uint64_t length_bytes) {{
  const bool cut = head.size() + tail.size() < length_bytes;
  if (from == From::Client) {{
    if (token_ != RequestToken::None && exchange_.first_reply_ns != 0) end(exchange_.end_ns, 0);
    if (token_ == RequestToken::None) {{
      token_ = begin_request(time_ns, 0);
      exchange_ = {{}};
      exchange_.protocol = "{name}";
      exchange_.name = "{upper}";
      exchange_.begin_ns = time_ns;
    }}
    exchange_.request_bytes += length_bytes;
  }} else if (token_ != RequestToken::None) {{
    if (exchange_.first_reply_ns == 0) exchange_.first_reply_ns = time_ns;
    exchange_.end_ns = time_ns;
    exchange_.reply_bytes += length_bytes;
  }}
  if (cut) gap(from, time_ns, 0);
}}

void {camel}Conversation::gap(From, int64_t, uint64_t) {{
  if (token_ == RequestToken::None) return;
  if ((exchange_.flags & kHole) == 0) ++counts_.gap_requests;
  exchange_.flags |= kHole;
}}

void {camel}Conversation::close(int64_t time_ns, Closing) {{
  if (token_ == RequestToken::None) return;
  if (exchange_.first_reply_ns != 0)
    end(exchange_.end_ns, 0);
  else
    end(time_ns, kUnanswered);
}}

void {camel}Conversation::end(int64_t time_ns, uint32_t flags) {{
  exchange_.end_ns = time_ns;
  exchange_.flags |= flags;
  end_request(std::exchange(token_, RequestToken::None), std::exchange(exchange_, {{}}));
}}

CapturePolicies {camel}Conversation::capture_policies() const {{
  // What is read of each message, and no more.
  return {{.requests = {{.head_bytes = 64}}, .replies = {{.head_bytes = 64}}}};
}}

}}  // namespace culprit::{name}
""",
    "src/protocol/{name}/conversation_test.cc": """\
#include "protocol/{name}/conversation.h"

#include <gtest/gtest.h>

namespace culprit {{
namespace {{

// Of the conversation's events, the exchanges that ended.
std::vector<Exchange> ended(Conversation& conversation) {{
  std::vector<Exchange> all;
  for (const ConversationEvent& event : conversation.events())
    if (event.kind == ConversationEvent::Kind::End) all.push_back(conversation.exchange(event));
  conversation.clear_events();
  return all;
}}

TEST({camel}, IsRecognisedForSure) {{
  EXPECT_EQ({name}::recognise("{upper}\\r\\n"), From::Client);
  EXPECT_EQ({name}::recognise("GET / HTTP/1.1\\r\\n"), std::nullopt);
}}

TEST({camel}, ARequestEndsWithItsAnswer) {{
  {name}::{camel}Conversation conversation;
  conversation.feed(From::Client, 10, "{upper}\\r\\n", {{}}, {request_length});
  conversation.feed(From::Server, 30, "ok", {{}}, 2);
  conversation.close(90, Closing::ConnectionClosed);
  std::vector<Exchange> all = ended(conversation);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].begin_ns, 10);
  EXPECT_EQ(all[0].end_ns, 30);
}}

TEST({camel}, AGapFlagsTheRequestThatItTouches) {{
  {name}::{camel}Conversation conversation;
  conversation.feed(From::Client, 10, "{upper}\\r\\n", {{}}, {request_length});
  conversation.gap(From::Server, 20, 0);
  conversation.close(90, Closing::ConnectionClosed);
  std::vector<Exchange> all = ended(conversation);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_TRUE(all[0].flags & kHole);
  EXPECT_TRUE(all[0].flags & kUnanswered);
  EXPECT_EQ(conversation.take_counts().gap_requests, 1u);
}}

}}  // namespace
}}  // namespace culprit
""",
    "src/protocol/{name}/{name}_fuzz.cc": """\
#include "protocol/registry/conversation_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {{
  culprit::fuzz_conversation("{name}", data, size);
  return 0;
}}
""",
}

FORMAT = {
    "src/ingest/{name}/{name}.h": """\
// {name}: what writes it, and where it is specified. Draw the layout of a record here.
#pragma once

#include <string_view>

#include "ingest/interface/format.h"

namespace culprit::{name} {{

// Whether a file that begins like this is one, for sure.
bool sniff(std::string_view front);
// What cannot be decoded costs the smallest unit around it and a ledger row, never the file. Fails only where the source, the
// sink or a cancel token does.
Result<void> decode(Framing& framing, Intake& intake);

inline constexpr StreamFormat kFormat{{"{name}", sniff, decode}};

}}  // namespace culprit::{name}
""",
    "src/ingest/{name}/{name}.cc": """\
#include "ingest/{name}/{name}.h"

#include "ingest/shared/framing.h"
#include "ingest/shared/intake.h"

namespace culprit::{name} {{

bool sniff(std::string_view front) {{ return front.starts_with("{upper} 1\\n"); }}

Result<void> decode(Framing& framing, Intake& intake) {{
  for (;;) {{
    std::optional<Piece> piece = TRY(framing.next_line());
    if (!piece) return {{}};
    intake.at("line", piece->line);
    if (!intake.piece_fits(*piece, LedgerUnit::Line, framing.source().bytes_read())) continue;
    if (piece->line > 1) intake.piece_unread(LedgerUnit::Line, "not decoded yet", piece->text);
    TRY(intake.flush_if_full());
  }}
}}

}}  // namespace culprit::{name}
""",
    "src/ingest/{name}/{name}_test.cc": """\
#include "ingest/{name}/{name}.h"

#include <gtest/gtest.h>

#include "ingest/registry/import.h"
#include "ingest/shared/recorded_sink_testing.h"

namespace culprit {{
namespace {{

TEST({camel}, IsToldByItsFirstLine) {{
  EXPECT_TRUE({name}::sniff("{upper} 1\\nx"));
  EXPECT_FALSE({name}::sniff("{{}}"));
}}

TEST({camel}, WhatIsNotDecodedIsInTheLedger) {{
  RecordedSink sink;
  auto summary = import_bytes("{upper} 1\\nnonsense\\n", "x.{name}", sink);
  EXPECT_TRUE(sink.spans.empty());
  EXPECT_FALSE(sink.ledger.empty());
}}

}}  // namespace
}}  // namespace culprit
""",
    "src/ingest/{name}/{name}_fuzz.cc": """\
#include <cstddef>
#include <cstdint>
#include <string>

#include "ingest/registry/import.h"
#include "ingest/shared/recorded_sink_testing.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {{
  culprit::RecordedSink sink;
  auto summary = culprit::import_bytes("{upper} 1\\n" + std::string(reinterpret_cast<const char*>(data), size), "fuzz", sink);
  (void)summary.has_value();
  return 0;
}}
""",
}

EVENT = {
    "src/capture/bpf/{name}.h": """\
/* SPDX-License-Identifier: GPL-2.0 */
/* {name}: what happened, and why this hook tells it. */
#pragma once

#include "recorder.h"

SEC("tp_btf/sched_process_hang")
int BPF_PROG({name}, struct task_struct* task) {{
  struct thread_slot* slot = traced(task);
  struct cpu_counts* c = cpu_counts();
  struct event_{name}* e;
  void* ring = own_ring();
  if (!slot || !c || !ring) return 0;
  if ((e = reserve(ring, sizeof *e, EVENT_{upper}, c))) {{
    fill_header(&e->header, EVENT_{upper}, sizeof *e, bpf_ktime_get_ns(), slot->tgid, slot->tid);
    e->state = task->__state;
    submit(e, ring, sizeof *e, c);
  }}
  return 0;
}}
""",
}


# The row type and its columns go into files that are there (KINDS); this is who fills the table.
TABLE = {
    "src/capture/recorder/{name}_rows.h": """\
// Writer of table {name}: one row for each event of the recorder that tells about it.
#pragma once

#include <cstdint>

#include "model/batch.h"

namespace culprit::capture {{

// Adds one row to `batch`.
void add_{name}(Batch& batch, int64_t time_ns, int32_t pid, int64_t value);

}}  // namespace culprit::capture
""",
    "src/capture/recorder/{name}_rows.cc": """\
#include "capture/recorder/{name}_rows.h"

namespace culprit::capture {{

void add_{name}(Batch& batch, int64_t time_ns, int32_t pid, int64_t value) {{
  batch.{name}s.push_back({{.time_ns = time_ns, .pid = pid, .value = value}});
}}

}}  // namespace culprit::capture
""",
    "src/capture/recorder/{name}_rows_test.cc": """\
#include "capture/recorder/{name}_rows.h"

#include <gtest/gtest.h>

#include "model/batch_codec.h"

namespace culprit {{
namespace {{

TEST({camel}Rows, TravelInAFrame) {{
  Batch batch;
  capture::add_{name}(batch, 1'000, 7, 42);
  Batch read = decode_batch(encode_batch(batch).value()).value();
  ASSERT_EQ(read.{name}s.size(), 1u);
  EXPECT_EQ(read.{name}s[0].time_ns, 1'000);
  EXPECT_EQ(read.{name}s[0].pid, 7);
  EXPECT_EQ(read.{name}s[0].value, 42);
}}

}}  // namespace
}}  // namespace culprit
""",
}


def next_section(content):
    """Numbers of sections are part of the frame format: never used again."""
    return max(int(number) for number in re.findall(r"^[A-Z_]+\((\d+), \w+, \w+\)", content, re.M)) + 1


def next_event(content):
    return max(int(number) for number in re.findall(r"^EVENT\((\d+),", content, re.M)) + 1


def next_precedence(content):
    """Returns a precedence after all detectors of specific causes."""
    return max(int(number) for number in re.findall(r"\{FindingClass::\w+, (\d+),", content)) + 10


class Line:
    """A text for an existing file. The text is inserted before the first line of `path` that matches `before`, and replaces a line
    that matches `instead`. A file that contains `unless` is not changed. `more` computes further words from the file's content."""

    def __init__(self, path, before, text, instead=None, unless=None, more=None):
        self.path, self.before, self.text, self.instead, self.unless, self.more = path, before, text, instead, unless, more

    def edited(self, content, words):
        if self.unless and self.unless.format(**words) in content:
            return content
        text = self.text.format(**words, **(self.more(content) if self.more else {}))
        lines = content.splitlines(keepends=True)
        if self.instead:
            lines = [line for line in lines if not re.match(self.instead.format(**words), line)]
        for i, line in enumerate(lines):
            if re.match(self.before, line):
                return "".join(lines[:i]) + text + "".join(lines[i:])
        return None


class Peer:
    """Adds a room to the peers of a module, which are in braces on the module's line of src/CMakeLists.txt."""

    before = "culprit_module(…{peers})"

    def __init__(self, module):
        self.path, self.module = "src/CMakeLists.txt", module

    def edited(self, content, words):
        new, edits = re.subn(rf"(culprit_module\({self.module} [^)]*\{{[^}}]*)\}}", rf"\g<1> {words['name']}}}", content)
        return new if edits == 1 else None


class Count:
    """Increments a number that counts the entries of a list."""

    def __init__(self, path, pattern):
        self.path, self.before = path, pattern

    def edited(self, content, words):
        found = re.search(self.before, content)
        return found and content[:found.start(1)] + str(int(found.group(1)) + 1) + content[found.end(1):]


class Kind:
    def __init__(self, files, lines, rest):
        self.files, self.lines, self.rest = files, lines, rest


KINDS = {
    "verb": Kind(VERB, [Line("src/cli/verbs.inc", r"VERB\(version,", VERB_ROW, instead=r"PLANNED\({name}\)")],
                 "its options in src/cli/option_table.cc, if it has own ones, and ./dev test --accept for docs/manual/{name}.md"),
    "protocol": Kind(PROTOCOL, [
        Peer("protocol"),
        Line("src/protocol/registry/registry.cc", r'#include "protocol/opaque/opaque.h"', '#include "protocol/{name}/conversation.h"\n'),
        Line("src/protocol/registry/registry.cc", r'    \{"unknown", nullptr,', """\
    {{"{name}", &{name}::recognise,
     [](Sql) -> std::unique_ptr<Conversation> {{ return std::make_unique<{name}::{camel}Conversation>(); }}, ""}},
"""),
        Count("src/protocol/registry/registry.cc", r"std::array<Protocol, (\d+)>")],
        "seeds into tests/corpus/{name}, its fuzzer's row in CONTRIBUTING.md, its row in README.md"),
    "format": Kind(FORMAT, [
        Peer("ingest"),
        Line("src/ingest/registry/formats.cc", r'#include "ingest/jaeger/jaeger.h"', '#include "ingest/{name}/{name}.h"\n'),
        Line("src/ingest/registry/formats.cc", r".*&notation::kNotation\};", "{indent}&{name}::kFormat,\n", more=lambda content: {"indent": " " * 52})],
        "examples into tests/corpus/{name}, a paragraph in docs/formats/ingest.md, its fuzzer's row in CONTRIBUTING.md, its row in README.md"),
    "event": Kind(EVENT, [
        Line("src/capture/wire/events.inc", r"#undef EVENT", """\
/* What it tells, in a sentence. */
EVENT({number}, {upper}, {name})
HOOK({name}, Life, false)

""", more=lambda content: {"number": next_event(content)}),
        Line("src/capture/wire/event.h", r"struct event_gap \{", "struct event_{name} {{\n  struct event_header header;\n  __u64 state;\n}};\n\n"),
        Line("src/capture/bpf/recorder.bpf.c", r'#include "processes.h"', '#include "{name}.h"\n')],
        "its consumer (struct event_{name} in src/capture), an exact count of what is lost, and what it costs (bench/cost.py)"),
    "table": Kind(TABLE, [
        Line("src/model/record.h", r"struct HostInfo \{", """\
// What a row is, in a sentence.
struct {camel} {{
  int64_t time_ns = 0;  // wall clock
  int32_t pid = 0;      // 0: unknown
  int64_t value = 0;    // say what, and in which unit
}};

"""),
        Line("src/model/record_table.h", r"// No recorder writes this table yet\.", """\
constexpr TableInfo table_info(Of<{camel}>) {{
  return {{.name = "{name}", .sentence = "What a row is, in a sentence.", .unit = "event"}};
}}
template <class Table>
void describe(Table& t, Of<{camel}>) {{
  t.delta(1, "time_ns", &{camel}::time_ns, "When it was: wall clock, nanoseconds since 1970.");
  t.number(2, "pid", &{camel}::pid, "The process; 0 for unknown.");
  t.number(3, "value", &{camel}::value, "What was measured, and in which unit.");
}}

"""),
        Line("src/model/tables.inc", r"FRAME_ROWS\(", "TABLE({section}, {camel}, {name}s)\n", more=lambda content: {"section": next_section(content)})],
        "its caller in src/capture/recorder/dispatcher.cc (an import fills it in src/ingest instead), and its page: "
        "CULPRIT_ACCEPT=1 build/dev/src/model_test --gtest_filter='Schema*' writes docs/schema/{name}.md"),
    "detector": Kind(DETECTOR, [
        Line("src/analysis/detectors/detector.h", r"std::vector<Cause> find_serial_calls", "std::vector<Cause> find_{name}(const DetectorInput& input);\n"),
        Line("src/analysis/detectors/registry.cc", r"    \{FindingClass::Unexplained,",
             "    {{FindingClass::{camel}, {precedence}, find_{name}, false}},\n", more=lambda content: {"precedence": next_precedence(content)}),
        Line("src/model/finding_names.inc", r"CLASS\(Unexplained,", 'CLASS({camel}, "{name}", "What tells it, in a sentence.")\n', unless='"{name}"')],
        "what it leaves to others in src/analysis/detectors/precedence.cc, its row in docs/formats/answer.md, docs/causes/README.md and README.md, "
        "and the fault planted in lab/ first"),
}

def make(root, kind, name):
    """Returns the written paths, new ones first; None and a reason if the files cannot be written."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        return None, f"'{name}' is no name for a file: lower case, words joined by _"
    words = {"name": name, "camel": "".join(word.capitalize() for word in name.split("_")), "upper": name.upper(),
             "request_length": len(name) + 2}
    made = {path.format(**words): text.format(**words) for path, text in kind.files.items()}
    for path in made:
        if os.path.exists(os.path.join(root, path)):
            return None, f"{path} is there already"
    for line in kind.lines:
        path = line.path.format(**words)
        content = made.get(path)
        if content is None and not os.path.exists(os.path.join(root, path)):
            return None, f"{path} is not there: no registry to add to"
        if content is None:
            with open(os.path.join(root, path), encoding="utf-8") as file:
                content = file.read()
        content = line.edited(content, words)
        if content is None:
            return None, f"{path} has nothing like {line.before}"
        made[path] = content
    for path, text in made.items():
        os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
        with open(os.path.join(root, path), "w", encoding="utf-8") as file:
            file.write(text)
    return list(made), kind.rest.format(**words)


# The compilers of C++ and of BPF programs. They check syntax and types and generate no code.
COMPILERS = {
    False: ["g++", "-std=gnu++20", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Isrc", '-DCULPRIT_VERSION="0"'],
    True: ["clang-16", "-fsyntax-only", "-O2", "-g", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Wno-missing-declarations", "-Werror",
           "-target", "bpf", "-mcpu=v3", "-D__TARGET_ARCH_x86", "-Isrc", "-idirafter", "/usr/include/x86_64-linux-gnu"],
}


# Where duckdb.h is, for the files of src/store; where that is not known, they are not compiled here.
DUCKDB = os.environ.get("CULPRIT_DUCKDB_DIR", "")
if DUCKDB:
    COMPILERS[False].append("-isystem" + DUCKDB)


def compiles(root, source):
    """Nothing, or the compiler's complaint."""
    done = subprocess.run([*COMPILERS[source.endswith(".bpf.c")], source], cwd=root, capture_output=True, text=True, check=False)
    without_duckdb = not DUCKDB and "duckdb.h: No such file" in done.stderr
    return "" if done.returncode == 0 or without_duckdb else f"{source}:\n{done.stderr[:2000]}"


def users_of(root, path):
    """Returns the files that must be compiled after a change of `path`: the file itself, or the files that include it."""
    if path.endswith((".cc", ".bpf.c")):
        return [path]
    if not path.endswith(".inc"):
        return []  # a header is compiled with the registry's file, which is written beside it
    named = f'#include "{path.removeprefix("src/")}"'
    found = subprocess.run(["grep", "-rlF", "--include=*.cc", named, os.path.join(root, "src")], capture_output=True, text=True, check=False)
    users = [os.path.relpath(file, root) for file in found.stdout.split()]
    return [user for user in users if ".skel.h" not in open(os.path.join(root, user), encoding="utf-8").read()]  # that is built first


def self_test(tree=ROOT):
    failed = 0
    for name, kind in KINDS.items():
        with tempfile.TemporaryDirectory(prefix="culprit-new-") as scratch:
            listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "src", "tests/cases", "tools", "cmake", "bench", "lab"], cwd=tree,
                                    capture_output=True, text=True, check=True).stdout.split("\n")
            for path in filter(None, listed):
                if os.path.exists(os.path.join(tree, path)):
                    os.makedirs(os.path.dirname(os.path.join(scratch, path)), exist_ok=True)
                    shutil.copy2(os.path.join(tree, path), os.path.join(scratch, path))
            paths, rest = make(scratch, kind, "toy_kind")
            problems = [] if paths else [rest]
            for source in sorted({user for path in paths or [] for user in users_of(scratch, path)}):
                problems += filter(None, [compiles(scratch, source)])
            layers = subprocess.run([sys.executable, "tools/check_layers.py"], cwd=scratch, capture_output=True, text=True, check=False)
            problems += [layers.stdout + layers.stderr] if layers.returncode else []
            again, reason = make(scratch, kind, "toy_kind") if paths else (None, "already")
            problems += [] if again is None and "already" in reason else ["a second one of the same name was written"]
            print(f"{name}: " + ("; ".join(problems) if problems else f"{len(paths)} files, compile and keep the layers"))
            failed += bool(problems)
    return 1 if failed else 0


def main():
    if sys.argv[1:2] == ["--self-test"]:
        return self_test(*sys.argv[2:])
    if len(sys.argv) != 3 or sys.argv[1] not in KINDS:
        print(__doc__.strip(), file=sys.stderr)
        print(f"\nkinds: {' '.join(KINDS)}", file=sys.stderr)
        return 2
    paths, rest = make(ROOT, KINDS[sys.argv[1]], sys.argv[2])
    if paths is None:
        print(rest, file=sys.stderr)
        return 1
    for path in paths:
        print(f"wrote {path}")
    print(f"now {rest}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
