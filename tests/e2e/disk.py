# SPDX-License-Identifier: Apache-2.0
"""Disks and clocks that misbehave: a preloaded library whose faults are switched by files, and a disk that is full."""
import contextlib
import os
import resource
import subprocess
from pathlib import Path


class Faults:
    """For Roar.environment; on("stall") and off("stall"): the names stand in faults.c."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True)
        library = self.folder / "faults.so"
        source = Path(__file__).with_name("faults.c")
        subprocess.run(["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o", library, source, "-ldl"],
                       check=True)
        sanitizer = os.environ.get("ASAN_OPTIONS", "")
        self.environment = {"LD_PRELOAD": str(library), "ROAR_FAULTS": str(self.folder),
                            "ASAN_OPTIONS": ":".join(filter(None, [sanitizer, "verify_asan_link_order=0"]))}

    def on(self, name):
        (self.folder / name).touch()

    def off(self, name):
        (self.folder / name).unlink(missing_ok=True)

    def hangs(self):
        """Whether a sync waits, or has since the disk stalls."""
        return (self.folder / "hangs").exists()

    def set_clock(self, error_s):
        self.write("clock", error_s)

    def let_pass(self, seconds):
        self.write("later", seconds)

    def write(self, name, number):
        """At once: whoever reads the file sees the old or the new text."""
        fresh = self.folder / "fresh"
        fresh.write_text(str(number), encoding="utf-8")
        fresh.rename(self.folder / name)


@contextlib.contextmanager
def small_disk(folder, size_mib):
    """A file system of this size if we may mount one, else None."""
    folder.mkdir(parents=True)
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mib}m", "tmpfs", folder], capture_output=True,
                             check=False).returncode == 0
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", folder], check=True)


def limit_files(max_bytes):
    """For preexec_fn: no file of the process may grow beyond; lift() takes it back."""
    def limit():
        _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, hard))

    return limit


def lift(pid):
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))
