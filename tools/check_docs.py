#!/usr/bin/env python3
"""Checks that everything that a document names exists in the tree and in the program.

    tools/check_docs.py [CULPRIT]      prints the first lines that name what is not there, exits 1 if there is one
    tools/check_docs.py --self-test

Checked in README, ARCHITECTURE, CONTRIBUTING, GLOSSARY and docs/: paths, links, modules and rooms, `./dev` commands,
benchmarks, fuzzers, functions, constants, tables and columns; with CULPRIT (the built program) also verbs and their options.
NAME, AREA, X and the like in capitals stand for any name: such a path is looked up as a pattern.
"""

import fnmatch
import functools
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOTS = ("src", "tests", "bench", "docs", "tools", "lab", "cmake", "build", ".ci")
MADE = ("build/", "docs/formats/generated/")  # made by a build, not committed
PATH = re.compile(r"(?<![\w/.~$-])((?:%s)/[\w.*{},/-]+)" % "|".join(map(re.escape, ROOTS)))
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")
DEV = re.compile(r"\./dev ([a-z]+)")
BENCH = re.compile(r"\./dev bench ([a-z_]+)")
CODE = re.compile(r"`([^`]+)`")
# In inline code, or at the start of a line of a code block.
VERB = re.compile(r"(?:`|^ {4,}(?:\$ )?)(?:sudo )?culprit +([a-z]+)((?: +[^\n`|]*)?)")
OPTION = re.compile(r"(?<![\w-])(--[a-z][a-z-]+)")
COLUMN = re.compile(r"^(%s)\.([a-z_]+)$")
PLACEHOLDER = re.compile(r"(?<![a-z])[A-Z]+(?![a-z])|<[^>]+>|\bx(?=_(?:test|fuzz|bench)|\.)|…")
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "NO_COLOR": "1", "COLUMNS": "100", "LC_ALL": "C.UTF-8"}
# Options of other programs whose command lines are quoted in documents.
FOREIGN_OPTIONS = {"--test-dir", "--preset", "--target", "--gtest_filter", "--fresh", "--cpus"}


def documents(root):
    for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "GLOSSARY.md", "tests/cases/README.md"):
        if os.path.exists(os.path.join(root, name)):
            yield name
    for folder, _, names in os.walk(os.path.join(root, "docs")):
        for name in sorted(names):
            if name.endswith(".md"):
                yield os.path.relpath(os.path.join(folder, name), root)


def spread(path):
    """a/{b,c}.h -> a/b.h, a/c.h"""
    match = re.search(r"\{([^{}]*)\}", path)
    if not match:
        return [path]
    return [end for part in match[1].split(",") for end in spread(path[: match.start()] + part + path[match.end():])]


class Tree:
    def __init__(self, root, culprit=None):
        self.root = root
        self.culprit = culprit
        self.paths = set()
        for folder, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name not in (".git", "build")]
            for name in folders + names:
                self.paths.add(os.path.relpath(os.path.join(folder, name), root))
        self.modules = dict(self.read_modules())
        self.tables = {os.path.splitext(name)[0]: set(re.findall(r"^\| `?([a-z_0-9]+)`? \|", self.read("docs/schema/" + name), re.M))
                       for name in self.list("docs/schema")}

    def read(self, path):
        try:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                return file.read()
        except OSError:
            return ""

    def list(self, path):
        full = os.path.join(self.root, path)
        return sorted(os.listdir(full)) if os.path.isdir(full) else []

    def read_modules(self):
        text = re.sub(r"#.*", "", self.read("src/CMakeLists.txt"))
        for name, rest in re.findall(r"culprit_module\(\s*(\w+)([^)]*)\)", text):
            yield name, set(re.findall(r"\w+", rest.partition("ROOMS")[2]))

    def has(self, path):
        path = path.rstrip("/.,")
        if path.startswith(MADE) or path == "build":
            return True
        pattern = PLACEHOLDER.sub("*", path)
        if pattern == path and "*" not in path:
            return path in self.paths or any(other.startswith(path + ".") for other in self.paths if path.startswith("src/"))
        return any(fnmatch.fnmatch(other, pattern) for other in self.paths) or "**" in path and self.has(path.replace("**/", ""))

    @functools.cached_property
    def names(self):
        sources = (path for path in self.paths if path.endswith((".cc", ".h", ".c", ".cmake", ".py", "CMakeLists.txt")))
        return set(re.findall(r"\w+", "\n".join(self.read(path) for path in sources)))

    def mentions(self, name):
        return name in self.names

    def dev_commands(self):
        return set(re.findall(r"^  ([a-z]+)\b", self.read("dev"), re.M)) | {"help"}

    def fuzzers(self):
        return [path for path in self.paths if path.startswith("src/") and path.endswith("_fuzz.cc")]

    @functools.cache
    def help_of(self, verb):
        done = subprocess.run([self.culprit, *([verb] if verb else []), "--help"], env=ENVIRONMENT, capture_output=True, text=True, check=False)
        return done.stdout if done.returncode == 0 else None


def wrong_paths(tree, document, line):
    for match in PATH.finditer(line):
        for path in spread(match[1]):
            if not tree.has(path):
                yield f"no such path: {path}"
    for match in LINK.finditer(line):
        target = match[1].strip()
        if re.match(r"[a-z]+:", target):
            continue
        if not os.path.exists(os.path.normpath(os.path.join(tree.root, os.path.dirname(document), target))):
            yield f"no such page: {target}"


def wrong_words(tree, document, line):
    for command in DEV.findall(line):
        if command not in tree.dev_commands():
            yield f"no such command: ./dev {command}"
    for name in BENCH.findall(line):
        if not any(path in (f"bench/{name}.py",) or path.endswith(f"{name}_bench.cc") for path in tree.paths):
            yield f"no such benchmark: {name}"
    for code in CODE.findall(line):
        name = re.fullmatch(r"(k[A-Z]\w*|[a-z_]+(?=\(\)))(?:\(\))?", code)
        if name and not tree.mentions(name[1]):
            yield f"no such name in the sources: {code}"
        if re.fullmatch(r"[a-z]+(_[a-z]+)*_fuzz", code):
            module, _, rest = code.partition("_")
            if not any(path.startswith(f"src/{module}/") and path.endswith("/" + rest + ".cc") for path in tree.fuzzers()):
                yield f"no such fuzzer: {code}"
        table, _, column = code.partition(".")
        if table in tree.tables and re.fullmatch(r"[a-z_]+", column) and column not in tree.tables[table] and column not in ("h", "cc", "md"):
            yield f"table {table} has no column {column}"
    row = re.match(r"\| `([a-z]+)` \| .* \| .* \|$", line)
    if row and document == "ARCHITECTURE.md" and row[1] not in tree.modules:
        yield f"no such module: {row[1]}"


def wrong_commands(tree, line):
    if tree.culprit is None:
        return
    for verb, rest in VERB.findall(line):
        if verb == "help":  # its word is a verb or a class
            continue
        text = tree.help_of(verb)
        if text is None:
            yield f"no such verb: culprit {verb}"
            continue
        for option in OPTION.findall(rest.split(" -- ")[0]):
            if option not in text and option != "--help":
                yield f"culprit {verb} has no option {option}"
    if "culprit" not in line and "./dev" not in line and "tools/" not in line:
        known = "".join(filter(None, (tree.help_of(verb) for verb in ["", *re.findall(r"^  ([a-z]+) ", tree.help_of("") or "", re.M)])))
        known += tree.read("tools/steps.sh") + tree.read("dev")
        for code in CODE.findall(line):
            for option in OPTION.findall(code):
                if option not in known and option not in FOREIGN_OPTIONS:
                    yield f"no verb has the option {option}"


def breaches(tree):
    for document in documents(tree.root):
        for number, line in enumerate(tree.read(document).split("\n"), 1):
            for problem in [*wrong_paths(tree, document, line), *wrong_words(tree, document, line), *wrong_commands(tree, line)]:
                yield f"{document}:{number}: {problem}"
    text = tree.read("ARCHITECTURE.md")
    for module in tree.modules:
        if text and not re.search(rf"^\| `{module}` \|", text, re.M):
            yield f"ARCHITECTURE.md: says nothing of the module {module}"
    text = tree.read("CONTRIBUTING.md")
    for path in tree.fuzzers():
        name = f"{path.split('/')[1]}_{os.path.basename(path)[:-3]}"
        if text and f"`{name}`" not in text:
            yield f"CONTRIBUTING.md: says nothing of the fuzzer {name}"


# A line of a document, and a word of the expected message (None: no message).
SELF_TESTS = [
    ("see `src/a/a.h`", None),
    ("see `src/a/b.h`", "no such path: src/a/b.h"),
    ("`src/a/{a,b}.h`", "no such path: src/a/b.h"),
    ("`src/NAME/a.h` and `src/**/x_test.cc`", None),
    ("`src/NAME/b.h`", "no such path"),
    ("[page](GLOSSARY.md)", None),
    ("[page](none.md)", "no such page"),
    ("`./dev test`", None),
    ("`./dev brew`", "no such command"),
    ("`./dev bench none`", "no such benchmark"),
    ("`a_b_fuzz`", None),
    ("`a_c_fuzz`", "no such fuzzer"),
    ("`f()` and `kG`", None),
    ("`g()`", "no such name"),
    ("`span.name`", None),
    ("`span.colour`", "no column colour"),
    ("| `z` | what | seams |", "no such module: z"),
]


def self_test():
    files = {"src/CMakeLists.txt": "culprit_module(a)\n", "src/a/a.h": "int f(); int kG;", "src/a/a_test.cc": "", "src/a/b_fuzz.cc": "", "GLOSSARY.md": "",
             "dev": "  test   runs\n  bench  measures\n", "docs/schema/span.md": "| `name` | text | what |\n", "CONTRIBUTING.md": "| `a_b_fuzz` | x |\n"}
    wrong = []
    for line, word in SELF_TESTS:
        with tempfile.TemporaryDirectory(prefix="culprit-docs-") as root:
            for path, text in {**files, "ARCHITECTURE.md": "| `a` | what | seams |\n" + line + "\n"}.items():
                os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
                with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                    file.write(text)
            found = list(breaches(Tree(root)))
        if (word is None and found) or (word is not None and not (len(found) == 1 and word in found[0])):
            wrong.append(f"{line}: {found}")
    for problem in wrong:
        print(problem)
    print(f"{len(SELF_TESTS) - len(wrong)} of {len(SELF_TESTS)} self-tests passed")
    return 1 if wrong else 0


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    found = list(breaches(Tree(ROOT, os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else None)))
    for problem in found[:40]:
        print(problem)
    print(f"docs: {len(found)} lines name what is not there" if found else "docs: what they name is there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
