#!/usr/bin/env python3
"""Checks the sources against the architecture: allowed includes of modules, places of headers, sizes of files.

    tools/check_layers.py [ROOT]       prints every breach, exits 1 if there is one
    tools/check_layers.py --self-test

The list of modules and their rooms in src/CMakeLists.txt is the law: a module includes the modules on its line (and
theirs), a room the rooms named before it.
"""

import os
import re
import subprocess
import sys
import tempfile

MODULE = re.compile(r"^\s*culprit_module\(\s*([a-z_]+)([^)]*)\)", re.M)
MAX_FILE_BYTES = 256 * 1024  # of every committed file: finds recordings, pictures and packages that were added by mistake
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^">]+)[">]', re.M)

MAX_LINES = {".cc": 500, ".h": 200}
MAX_FUNCTION_LINES = 60

# Expensive to parse in every file that includes our header.
NEVER_IN_HEADERS = {"iostream", "regex", "filesystem", "future"}
# Inexpensive headers that a wrapper's own header may include.
IN_HEADERS_TOO = {"duckdb.h"}  # 0.02 CPU seconds, and its handles have no names to declare ahead
# Third-party headers by prefix, with the modules (or rooms) that may use them.
THIRD_PARTY = {
    "bpf/": {"capture/kernel"},
    "gelf.h": {"capture/kernel"},
    "libelf.h": {"capture/kernel"},
    "sys/capability.h": {"capture/kernel"},
    "duckdb.h": {"store"},
    "duckdb.hpp": set(),  # the C++ API changes between versions; the C API does not
    "libpq-fe.h": {"ask", "demo"},  # demo drives the servers it started itself
    "openssl/": {"serve", "demo"},
    "seccomp.h": {"store", "ask"},  # processes that read what others write
    "simdjson.h": {"ingest", "ask"},  # files in, and the plans that a database tells
    "zlib.h": {"ingest"},
    "zstd.h": {"ingest", "model"},  # files in, and frames: two formats that share a compressor
    "xxhash.h": {"statement", "store"},  # header only: fingerprints of statements, of frames
    "nlohmann/": set(),
    "spdlog/": set(),
}
ONLY_IN_TESTS = ("gtest/", "gmock/", "google/protobuf")


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


class Law:
    """The rules of src/CMakeLists.txt. Raises an error if a module uses a module below it."""

    def __init__(self, text):
        self.modules = {}  # module -> the modules it may include (with theirs)
        self.rooms = {}    # module -> {room -> the rooms of its module that it may include}; empty: the module is flat
        for name, rest in MODULE.findall(re.sub(r"#.*", "", text)):
            uses, _, rooms = rest.partition("ROOMS")
            reach = {name}
            for dependency in uses.split():
                if dependency not in self.modules:
                    raise ValueError(f"{name} uses {dependency}, which is not above it")
                reach |= self.modules[dependency]
            self.modules[name] = reach
            self.rooms[name] = rooms_of(rooms)


def rooms_of(text):
    """Returns for each room the rooms that it may include: itself and those named before it. Peers in braces do not include each other."""
    reach, before = {}, set()
    for group in re.findall(r"\{[^}]*\}|[a-z0-9_]+", text):
        rooms = group.strip("{}").split()
        for room in rooms:
            reach[room] = before | {room}
        before = before | set(rooms)
    return reach


class File:
    def __init__(self, root, path):
        self.path = os.path.relpath(path, root)  # src/store/journal/frame.cc
        parts = self.path.split(os.sep)
        self.module = parts[1]
        self.folder = parts[2] if len(parts) > 3 else None
        self.text = read(path)
        self.extension = os.path.splitext(path)[1]
        self.is_test = bool(re.search(r"_(test|fuzz|bench|testing)\.cc$|_testing\.h$", path))
        self.is_bpf = self.module == "capture" and self.folder == "bpf"

    @staticmethod
    def test_only(target):
        return target.endswith("_testing.h")

    def lines_of(self, position):
        return self.text.count("\n", 0, position) + 1


def check_own_include(file, target, law, root):
    if file.is_bpf and target.startswith("../wire/"):  # clang-16 -target bpf is given no include path of ours
        target = target.replace("..", "capture")
    if file.module == "capture" and re.fullmatch(r"\w+\.skel\.h", target):
        return None  # generated from the BPF programs
    module, *rest = target.split("/")
    if not rest:
        return f'"{target}": name the module too, as in "{file.module}/{target}"'
    if module not in law.modules:
        return f'"{target}": {module} is no module of src/CMakeLists.txt'
    if file.is_bpf:
        inside = module == "capture" and rest[0] in ("bpf", "wire")
        return None if inside else f'"{target}": BPF programs include only capture/wire'
    if module not in law.modules[file.module]:
        return f'"{target}": {file.module} may not use {module}'
    room = rest[0] if len(rest) > 1 else None
    if module == "capture" and room == "bpf":
        return f'"{target}": nothing includes capture/bpf'
    if module == "capture" and room == "wire" and file.module != "capture":
        return f'"{target}": the layout of kernel events stays in capture'
    # Tests may include their whole module, because they are linked with it.
    if module == file.module and room and file.folder and not file.is_test:
        may = law.rooms[module].get(file.folder, {file.folder})
        if room not in may:
            return f'"{target}": {module}/{file.folder} may not use {module}/{room}, which is not before it'
    if file.test_only(target) and not file.is_test:
        return f'"{target}": code for tests is not for the product'
    if not os.path.exists(os.path.join(root, "src", target)) and not target.endswith((".skel.h", ".inc")):
        return f'"{target}": no such file'
    return None


def check_foreign_include(file, target):
    if file.extension == ".h" and target in NEVER_IN_HEADERS:
        return f"<{target}>: too costly in a header"
    if target.startswith(ONLY_IN_TESTS):
        return None if file.is_test or target.startswith("gtest/gtest_prod") else f"<{target}>: only in tests"
    for prefix, users in THIRD_PARTY.items():
        if not (target.startswith(prefix) if prefix.endswith("/") else target == prefix):
            continue
        if file.is_bpf:
            return None
        if users is not None and not users & {file.module, f"{file.module}/{file.folder}"} and not file.is_test:
            where = " and ".join(sorted(users)) or "nothing"
            return f"<{target}>: a third-party header stays in one module (this one in {where})"
        if file.extension == ".h" and target not in IN_HEADERS_TOO:
            return f"<{target}>: third-party headers stay in .cc files"
    return None


def check_includes(file, law, root):
    for match in INCLUDE.finditer(file.text):
        bracket, target = match.groups()
        if file.is_bpf and target in ("vmlinux.h",):
            continue
        problem = (check_own_include(file, target, law, root)
                   if bracket == '"' and not (file.is_bpf and "/" not in target) else check_foreign_include(file, target))
        if problem:
            yield file.lines_of(match.start()), problem


def check_sizes(file):
    lines = file.text.split("\n")
    # A BPF program must be one file for the compiler, so its parts are headers. They are not interfaces.
    limit = MAX_LINES.get(".cc" if file.is_bpf else file.extension)
    if limit and len(lines) - 1 > limit:
        yield 1, f"{len(lines) - 1} lines, at most {limit}"
    begin = None
    for number, line in enumerate(lines, 1):
        # After clang-format, a function at namespace level begins in column 0 and ends with a brace on its own line.
        if line == "}" and begin is not None:
            if number - begin + 1 > MAX_FUNCTION_LINES:
                yield begin, f"a function of {number - begin + 1} lines, at most {MAX_FUNCTION_LINES}"
            begin = None
        elif re.match(r"^[A-Za-z_].*\)[^;]*\{$", line) and not re.match(r"^(namespace|struct|class|enum|union|extern)\b", line):
            begin = number
        elif re.match(r"^[A-Za-z_].*\($|^[A-Za-z_].*,$", line):
            begin = number


def check_room(file, law):
    rooms = law.rooms[file.module]
    if rooms and file.folder is None:
        yield file.path, f"{file.module} has rooms: its root holds no files"
    elif (rooms or file.folder) and file.folder not in rooms:
        yield file.path, f"{file.folder} is no room of {file.module} in src/CMakeLists.txt"


def check_tree(root):
    """Yields pairs of place and violation."""
    try:
        law = Law(read(os.path.join(root, "src", "CMakeLists.txt")))
    except ValueError as error:
        yield "src/CMakeLists.txt", str(error)
        return
    if not law.modules:
        yield "src/CMakeLists.txt", "names no module"
    for folder, folders, names in os.walk(os.path.join(root, "src")):
        folders.sort()
        for name in sorted(names):
            path = os.path.join(folder, name)
            if not name.endswith((".cc", ".h", ".c")):
                continue
            depth = len(os.path.relpath(path, os.path.join(root, "src")).split(os.sep)) - 1
            if depth == 0:
                yield os.path.relpath(path, root), "no file lies directly in src"
                continue
            if depth > 3:
                yield os.path.relpath(path, root), "deeper than three folders under src"
            file = File(root, path)
            if file.module not in law.modules:
                yield file.path, f"{file.module} is no module of src/CMakeLists.txt"
                continue
            yield from check_room(file, law)
            for line, problem in [*check_includes(file, law, root), *check_sizes(file)]:
                yield f"{file.path}:{line}", problem


def check_weight(root):
    """Yields the files that are too large for the repository."""
    listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], capture_output=True, text=True, check=False).stdout
    for name in filter(None, listed.split("\0")):
        path = os.path.join(root, name)
        size = os.path.getsize(path) if os.path.isfile(path) else 0
        if size > MAX_FILE_BYTES:
            yield name, f"{size} bytes, at most {MAX_FILE_BYTES} are committed"


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    breaches = [*check_tree(root), *check_weight(root)]
    for place, problem in breaches:
        print(f"{place}: {problem}")
    print(f"layers: {len(breaches)} breaches" if breaches else "layers: kept")
    return 1 if breaches else 0


# The purpose, a file, its text, and a word of the expected message (None: no message).
SELF_TESTS = [
    ("what is above may be used", "src/b/x.cc", '#include "a/a.h"\n#include <vector>\n', None),
    ("what is used by what is used, too", "src/c/x.cc", '#include "a/a.h"\n', None),
    ("what is below may not", "src/a/x.cc", '#include "b/b.h"\n', "a may not use b"),
    ("nor what is beside", "src/d/x.cc", '#include "b/b.h"\n', "d may not use b"),
    ("an include names its module", "src/b/x.cc", '#include "b.h"\n', "name the module"),
    ("an include is there", "src/b/x.cc", '#include "b/no.h"\n', "no such file"),
    ("a spaced include counts", "src/a/x.cc", '#  include  "b/b.h"\n', "a may not use b"),
    ("a room uses itself", "src/r/two/x.cc", '#include "r/two/two.h"\n', None),
    ("a room uses those before it", "src/r/three/x.cc", '#include "r/one/one.h"\n#include "r/two/two.h"\n', None),
    ("a room uses none after it", "src/r/one/x.cc", '#include "r/two/two.h"\n', "not before it"),
    ("peers don't use each other", "src/r/two/x.cc", '#include "r/peer/peer.h"\n', "not before it"),
    ("tests use every room", "src/r/one/x_test.cc", '#include "r/two/two.h"\n', None),
    ("other modules use every room", "src/f/x.cc", '#include "r/two/two.h"\n', None),
    ("a room is in the list", "src/r/four/x.cc", "", "no room of r"),
    ("a flat module has no rooms", "src/b/one/x.cc", "", "no room of b"),
    ("a module with rooms has no files at its root", "src/r/x.cc", "", "its root holds no files"),
    ("code for tests stays in tests", "src/a/x.cc", '#include "a/a_testing.h"\n', "not for the product"),
    ("and is used there", "src/a/x_test.cc", '#include "a/a_testing.h"\n', None),
    ("capture reads the wire", "src/capture/kernel/x.cc", '#include "capture/wire/event.h"\n', None),
    ("others don't", "src/e/x.cc", '#include "capture/wire/event.h"\n', "stays in capture"),
    ("BPF reads the wire", "src/capture/bpf/x.bpf.c", '#include "capture/wire/event.h"\n#include <bpf/bpf_helpers.h>\n', None),
    ("BPF reads nothing else", "src/capture/bpf/x.bpf.c", '#include "a/a.h"\n', "only capture/wire"),
    ("BPF reads the wire by a short way", "src/capture/bpf/x.h", '#include "../wire/event.h"\n', None),
    ("what is made of BPF programs is included", "src/capture/kernel/x.cc", '#include "recorder.skel.h"\n', None),
    ("nothing includes BPF", "src/capture/kernel/x.cc", '#include "capture/bpf/x.h"\n', "nothing includes"),
    ("costly headers stay out of headers", "src/a/x.h", "#include <iostream>\n", "too costly"),
    ("and may be in files", "src/a/x.cc", "#include <regex>\n", None),
    ("libbpf stays in capture", "src/a/x.cc", "#include <bpf/libbpf.h>\n", "one module"),
    ("and in one room of it", "src/capture/host/x.cc", "#include <bpf/libbpf.h>\n", "one module"),
    ("libbpf stays out of headers", "src/capture/kernel/x.h", "#include <bpf/libbpf.h>\n", "stay in .cc"),
    ("the test library is for tests", "src/a/x.cc", "#include <gtest/gtest.h>\n", "only in tests"),
    ("and tests have it", "src/a/x_test.cc", "#include <gtest/gtest.h>\n", None),
    ("a long file is told", "src/a/x.h", "\n" * 201, "201 lines"),
    ("a long function is told", "src/a/x.cc", "int f() {\n" + "\n" * 70 + "}\n", "a function of 72 lines"),
    ("a long class is none", "src/a/x.cc", "class F {\n" + "\n" * 70 + "};\n", None),
    ("a new folder is in the list", "src/z/x.cc", "", "no module"),
    ("no file in src", "src/x.cc", "", "directly in src"),
]


def breaches_with(files):
    with tempfile.TemporaryDirectory(prefix="culprit-layers-") as root:
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        return [f"{place}: {problem}" for place, problem in check_tree(root)]


def self_test():
    tree = {"src/CMakeLists.txt": "# words\nculprit_module(a)\nculprit_module(b a)\nculprit_module(c b)\nculprit_module(d a)\n"
                                  "culprit_module(capture a ROOMS wire bpf kernel host)\nculprit_module(e capture)\n"
                                  "culprit_module(r a ROOMS one {two peer} three)\nculprit_module(f r)\n",
            "src/a/a.h": "", "src/a/a_testing.h": "", "src/b/b.h": "", "src/r/one/one.h": "", "src/r/two/two.h": "",
            "src/r/peer/peer.h": "", "src/capture/wire/event.h": "", "src/capture/bpf/x.h": ""}
    wrong = []
    for title, path, text, word in SELF_TESTS:
        found = breaches_with({**tree, path: text})
        if (word is None and found) or (word is not None and not (len(found) == 1 and word in found[0])):
            wrong.append(f"{title}: {found}")
    upside_down = breaches_with({"src/CMakeLists.txt": "culprit_module(a b)\nculprit_module(b)\n"})
    if len(upside_down) != 1 or "not above it" not in upside_down[0]:
        wrong.append(f"a list upside down: {upside_down}")
    for problem in wrong:
        print(problem)
    print(f"{len(SELF_TESTS) + 1 - len(wrong)} of {len(SELF_TESTS) + 1} self-tests passed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
