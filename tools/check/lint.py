# SPDX-License-Identifier: Apache-2.0
"""Rules that ask another program. What it found clean is not asked again until something it read changes."""
import hashlib
import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

from report import Finding

SEARCH = ["-Isrc", "-Ibuild/release/src", "-isystem", "/usr/share/include/llhttp"]
DEFINES = ["-D_GNU_SOURCE", "-DLLHTTP_STRICT_MODE=1"]
HEADER_ALONE = ["cc", "-std=gnu17", "-Wall", "-Wextra", "-Werror", *DEFINES, *SEARCH, "-fsyntax-only", "-x", "c"]
TIDY = ["clang-tidy-14", "-p", "build/release", "--quiet", "--extra-arg=-Wno-unknown-warning-option"]
CPPCHECK = ["cppcheck", "--quiet", "--std=c11", "--enable=warning,performance,portability", "--inline-suppr",
            "--error-exitcode=1", "--template={file}:{line}: {id}: {message}", "-Isrc", *DEFINES,
            "--suppress=missingIncludeSystem", "--suppress=unknownMacro",
            # the compiler and clang-analyzer follow a value better, and know that must() may not return
            "--suppress=uninitvar", "--suppress=nullPointerRedundantCheck"]


def format_of(tree):
    beside = [str(path.relative_to(tree.root)) for folder in ("fuzz", "bench", "sim", "tests")
              for path in (tree.root / folder).rglob("*.[ch]")]
    paths = [source.path for source in tree.sources] + beside
    done = run(tree.root, ["clang-format-14", "--dry-run", "-Werror", *paths]) if paths else None
    for line in done.stderr.splitlines() if done and done.returncode else []:
        if ": error: " in line:
            path, number = line.split(":")[:2]
            yield Finding(path, int(number), "format", "not as clang-format-14 writes it; `make fmt`")


def headers(tree):
    """A header compiles alone."""
    jobs = {source.path: [*HEADER_ALONE, "-include", source.path, "/dev/null"]
            for source in tree.sources if source.is_header}
    yield from ask(tree, "headers", jobs)


def clang_tidy(tree):
    built = compile_flags(tree.root)
    jobs = {path: [*TIDY, path] for path in built if path in tree.by_path}
    yield from ask(tree, "clang-tidy", jobs, {path: built[path] for path in jobs})


def cppcheck(tree):
    yield from ask(tree, "cppcheck", {source.path: [*CPPCHECK, source.path]
                                      for source in tree.sources if source.path.endswith(".c")})


def types(tree):
    """The TypeScript of sdk/ and web/, as strict as tsconfig.json says."""
    if not (tree.root / "tsconfig.json").is_file():
        return
    done = run(tree.root, ["npm", "run", "--silent", "typecheck"])
    if done.returncode:
        yield Finding("tsconfig.json", 0, "types", (done.stdout + done.stderr).strip())


def compile_flags(root):
    """{path: the command that compiles it} of the release build."""
    commands = json.loads((root / "build/release/compile_commands.json").read_text(encoding="utf-8"))
    flags = {}
    for command in commands:
        path = os.path.relpath(os.path.join(command["directory"], command["file"]), root)
        flags[path] = command["command"]
    return flags


def ask(tree, rule, jobs, extra=None):
    """Runs {path: command}, two at a time, for those whose key is not in the cache; one finding for each that fails."""
    store = tree.root / "build/check" / f"{rule}.json"
    clean = json.loads(store.read_text(encoding="utf-8")) if store.is_file() else {}
    version = tool_version(tree.root, rule, jobs)
    keys = {path: key_of(tree, path, version, command, (extra or {}).get(path, "")) for path, command in jobs.items()}
    clean = {path: key for path, key in keys.items() if clean.get(path) == key}
    waiting = [path for path in sorted(jobs) if path not in clean]
    failed = {}
    with ThreadPoolExecutor(int(os.environ.get("CHECK_JOBS", "2"))) as pool:
        asked = {pool.submit(run, tree.root, jobs[path]): path for path in waiting}
        for number, answer in enumerate(as_completed(asked), 1):
            path, done = asked[answer], answer.result()
            if done.returncode:
                failed[path] = done
            else:
                clean[path] = keys[path]
                save(store, clean)  # each at once: what takes half an hour may be interrupted
            if sys.stdout.isatty():
                print(f"\r  {rule}: {number} of {len(waiting)} files", end="\r", flush=True)
    save(store, clean)
    for path, done in sorted(failed.items()):
        yield Finding(path, 0, rule, (done.stdout.strip() or done.stderr.strip()) or shlex.join(jobs[path]))


def save(store, clean):
    store.parent.mkdir(parents=True, exist_ok=True)
    beside = store.with_suffix(".new")
    beside.write_text(json.dumps(clean), encoding="utf-8")
    beside.replace(store)


def tool_version(root, rule, jobs):
    if not jobs:
        return ""
    tool = next(iter(jobs.values()))[0]
    config = (root / ".clang-tidy").read_text(encoding="utf-8") if rule == "clang-tidy" else ""
    return run(root, [tool, "--version"]).stdout + config


def key_of(tree, path, *parts):
    digest = hashlib.sha256("\0".join([*map(str, parts)]).encode())
    for read in sorted(closure(tree, path)):
        digest.update(read.encode() + b"\0" + tree.by_path[read].text.encode() + b"\0")
    return digest.hexdigest()


def closure(tree, path):
    """`path` and all of ours that it includes."""
    found, waiting = set(), [path]
    while waiting:
        name = waiting.pop()
        if name in found or name not in tree.by_path:
            continue
        found.add(name)
        waiting += ["src/" + include.path for include in tree.by_path[name].includes]
    return found


def run(root, command):
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
