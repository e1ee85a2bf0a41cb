"""Puts the locked packages into `.venv`: `python3 requirements/install.py runtime` (or `dev`).

Runs on whatever `python3` a machine has, so its syntax is old on purpose: it has to be able to say "too old".
The packages are installed by hash, once per change of the lock file.
"""

import argparse
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.environ.get("VENV") or os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
SUPPORTED = ((3, 11), (3, 12), (3, 13))
INCLUDES = {"runtime": ("runtime",), "dev": ("runtime", "dev")}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("which", choices=sorted(INCLUDES))
    parser.add_argument("--steps", type=int, default=2, help="how many steps the whole command has")
    options = parser.parse_args()
    use_a_supported_python()
    # Two commands started at once in a fresh clone: the second waits and finds the work done.
    with open(os.path.abspath(__file__)) as itself:
        fcntl.flock(itself, fcntl.LOCK_EX)
        say("1/%d Python environment" % options.steps)
        make_environment()
        say("2/%d packages" % options.steps)
        install(options.which)


def say(text):
    print(text, flush=True)


def stop(text):
    sys.stderr.write(text + "\n")
    sys.exit(1)


def use_a_supported_python():
    """Goes on in a supported interpreter, where this one is none."""
    if sys.version_info[:2] in SUPPORTED:
        return
    for major, minor in reversed(SUPPORTED):
        found = shutil.which("python%d.%d" % (major, minor))
        # A version manager leaves commands on the path that only explain why they do not work.
        if (
            found
            and subprocess.call([found, "-c", ""], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0
        ):
            os.execv(found, [found, *sys.argv])
    stop(
        "Attune needs Python 3.11, 3.12 or 3.13; this is %d.%d (%s) and no other was found.\n"
        "Install one of them, or name it: make run PYTHON=/path/to/python3.12"
        % (sys.version_info[0], sys.version_info[1], sys.executable)
    )


def make_environment():
    """A virtual environment with pip in it, of a supported Python; one that does not work is made anew."""
    asks = "import pip, sys; sys.exit(sys.version_info[:2] not in %r)" % (SUPPORTED,)
    works = os.path.exists(PYTHON) and subprocess.call([PYTHON, "-c", asks], stderr=subprocess.DEVNULL) == 0
    if works:
        return
    made = subprocess.run(
        [sys.executable, "-m", "venv", "--clear", VENV], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    if made.returncode:
        sys.stderr.write(made.stdout.decode(errors="replace"))
        stop(
            "Python could not make a virtual environment. On Debian and Ubuntu: apt-get install python%d.%d-venv"
            % sys.version_info[:2]
        )


def install(which):
    if stamp_of(which) == fingerprint(which):
        return
    lock = os.path.join(ROOT, "requirements", which + ".txt")
    with open(lock) as lines:
        total = sum("==" in line for line in lines)
    command = [
        PYTHON,
        "-m",
        "pip",
        "install",
        "--require-hashes",
        "--disable-pip-version-check",
        "--no-input",
    ]
    pip = subprocess.Popen(
        [*command, "--progress-bar", "off", "-r", lock],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    transcript = follow(pip, total)
    if pip.wait():
        sys.stderr.write("".join(transcript[-30:]))
        stop(
            "The packages of requirements/%s.txt could not be installed; pip's last lines stand above."
            % which
        )
    for name in INCLUDES[which]:
        with open(stamp_path(name), "w") as stamp:
            stamp.write(fingerprint(name))


def follow(pip, total):
    """Shows how far pip is, and keeps what it said."""
    seen, shown, transcript = 0, 0, []
    for line in pip.stdout:
        transcript.append(line)
        if line.startswith("Collecting ") or "already satisfied" in line and "(from -r" in line:
            seen += 1
        if seen - shown >= 10 or line.startswith("Installing collected"):
            shown = seen
            doing = "installing them" if line.startswith("Installing") else "collected"
            say("    %d of at most %d %s" % (min(seen, total), total, doing))
    return transcript


def fingerprint(name):
    """Changes with the lock file and with the interpreter the packages were installed for."""
    with open(os.path.join(ROOT, "requirements", name + ".txt"), "rb") as lock:
        version = subprocess.check_output([PYTHON, "-V"], stderr=subprocess.STDOUT)
        return hashlib.sha256(version + lock.read()).hexdigest()


def stamp_path(name):
    return os.path.join(VENV, "attune-%s.stamp" % name)


def stamp_of(name):
    if not os.path.exists(stamp_path(name)):
        return ""
    with open(stamp_path(name)) as stamp:
        return stamp.read().strip()


if __name__ == "__main__":
    main()
