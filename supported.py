"""Whether smjax can be set up here, asked before anything is installed: if not, one line says what it needs.

`python supported.py`, with any Python 3: nothing newer than 3.6 is used.
"""

import importlib.util
import platform
import sys

OLDEST, TOO_NEW = (3, 11), (3, 14)
GLIBC = (2, 27)
"""What jaxlib, numpy and scipy are built for."""


def why_not(version, system, machine, libc):
    """One line, or "" where nothing is against it; the arguments are as `sys` and `platform` tell them."""
    if system.startswith(("Windows", "CYGWIN", "MSYS", "MINGW")):
        return "smjax needs Linux or macOS, found Windows; inside of WSL (wsl --install) it is Linux"
    if not OLDEST <= tuple(version[:2]) < TOO_NEW:
        found = f"{version[0]}.{version[1]}"
        return f"smjax needs Python 3.11 to 3.13, found {found}; name one: make PYTHON=python3.12"
    if system == "Darwin" and machine != "arm64":
        return f"smjax needs Apple silicon and a Python for it, found {machine}: jaxlib is not built for that"
    if system == "Linux" and machine not in ("x86_64", "aarch64"):
        return f"smjax needs x86_64 or aarch64, found {machine}: jaxlib is not built for that"
    return _why_not_libc(*libc) if system == "Linux" else ""


def _why_not_libc(name, version):
    fix = "take a newer system, or a container such as python:3.13-slim"
    if name != "glibc":
        return f"smjax needs glibc, found {name or 'none, as in Alpine'}: jaxlib is built for nothing else; {fix}"
    if tuple(map(int, version.split(".")[:2])) < GLIBC:
        return f"smjax needs glibc {GLIBC[0]}.{GLIBC[1]} or later, found {version}; {fix}"
    return ""


def _without_venv():
    if all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
        return ""
    return "smjax needs Python with venv and pip, found one without; install the package python3-venv"


OFFLINE = (
    "smjax: pip could not install what the lock names, for the reason above; where there is no network: elsewhere "
    "pip download -r requirements-build.lock -r requirements.lock -d DIR, here PIP_NO_INDEX=1 PIP_FIND_LINKS=DIR make"
)


def main():
    """Exit 1 with a line on stderr where something is wrong; `offline`: pip has found that."""
    if sys.argv[1:] == ["offline"]:
        return OFFLINE
    here = sys.version_info, platform.system(), platform.machine(), platform.libc_ver()
    return why_not(*here) or _without_venv() or None


if __name__ == "__main__":
    sys.exit(main())
