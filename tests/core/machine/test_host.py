"""The environment is complete, nameless and safe to ask for; equal machines share a fingerprint, others do not."""

from __future__ import annotations

import copy
import json
import os
import platform
import re
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from smjax.core.machine import host
from smjax.core.machine.checkout import git_state
from smjax.core.machine.hypervisor import hypervisor
from smjax.core.machine.probe import output_of, read_int, read_text
from smjax.core.machine.processor import py_cpuinfo

from . import machines
from .machines import put


def test_caches_of_a_mac_are_the_fast_cores() -> None:
    assert host._macos_caches(machines.APPLE_M1) == {"L1d": 131072, "L1i": 196608, "L2": 12582912}


@pytest.mark.parametrize(
    ("vendor", "product", "cpuinfo", "name"),
    [
        ("Amazon EC2", "c7g.large", machines.GRAVITON_3, "Amazon EC2"),
        ("Google", "Google Compute Engine", machines.EPYC_VM, "Google Compute Engine"),
        ("Microsoft Corporation", "Virtual Machine", machines.EPYC_VM, "Hyper-V"),
        ("QEMU", "Standard PC (Q35 + ICH9, 2009)", machines.EPYC_VM, "QEMU"),
        ("Amazon EC2", "m7i.metal-24xl", machines.XEON_METAL, None),
        ("Amazon EC2", "c7g.metal", machines.GRAVITON_3, None),
        ("QEMU", "Standard PC", machines.XEON_METAL, None),  # the processor knows better: no `hypervisor` flag
    ],
)
def test_hypervisor(tmp_path: Path, vendor: str, product: str, cpuinfo: str, name: str | None) -> None:
    put(tmp_path, {"sys/class/dmi/id/sys_vendor": vendor, "sys/class/dmi/id/product_name": product})
    assert hypervisor(cpuinfo, {}, tmp_path) == name


def test_hypervisor_that_does_not_say_who_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))  # no lscpu
    assert hypervisor(machines.EPYC_VM, {}, tmp_path) == "unknown"
    assert hypervisor(machines.RASPBERRY_PI_4, {}, tmp_path) is None


def test_hypervisor_of_a_mac() -> None:
    assert hypervisor("", machines.APPLE_M1) is None
    assert hypervisor("", {**machines.APPLE_M1, "kern.hv_vmm_present": "1"}) == "unknown"


def test_transparent_huge_pages() -> None:
    assert [
        host.chosen(text) for text in ("always [madvise] never", "[always] madvise never", "odd", "[cut", None)
    ] == [
        *("madvise", "always", None, None, None),
    ]


def test_unanswered_questions_are_none(tmp_path: Path) -> None:
    put(tmp_path, {"odd": "12 apples"})
    assert read_text(tmp_path) is None
    assert read_text(tmp_path / "missing") is None
    assert read_int(tmp_path / "odd") is None
    assert output_of([str(tmp_path / "missing")]) is None
    assert output_of(["false"]) is None
    assert output_of(["echo", "yes"]) == "yes"


def git(folder: Path, *arguments: str) -> str:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(["git", "-C", folder, *who, *arguments], env=variables, capture_output=True, check=True)
    return done.stdout.decode().strip()


def test_git_state_of_a_checkout(tmp_path: Path) -> None:
    put(tmp_path, {"smjax/__init__.py": ""})
    nothing = {"commit": None, "dirty": None}
    assert git_state(tmp_path) == nothing
    git(tmp_path, "init", "-q")
    assert git_state(tmp_path) == nothing  # somebody's repository, but smjax is not in it
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    head = git(tmp_path, "rev-parse", "HEAD")
    assert git_state(tmp_path) == {"commit": head, "dirty": False}
    put(tmp_path, {"smjax/__init__.py": "changed"})
    assert git_state(tmp_path) == {"commit": head, "dirty": True}


def test_git_state_of_a_virtual_environment_in_a_checkout(tmp_path: Path) -> None:
    put(tmp_path, {"smjax/__init__.py": "", "venv/site-packages/smjax/__init__.py": ""})
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    assert git_state(tmp_path / "venv" / "site-packages") == {"commit": None, "dirty": None}


def test_git_state_without_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_state(Path(host.__file__).parents[3]) == {"commit": None, "dirty": None}


@pytest.fixture(scope="module")
def environment() -> dict[str, Any]:
    return host.environment(("jaxlib",))


def test_environment_has_the_agreed_keys_and_is_json(environment: dict[str, Any]) -> None:
    assert set(environment) == {"cpu", "memory", "os", "python", "packages", "git", "host", "machine"}
    assert set(environment["cpu"]) == {
        *("model", "vendor", "arch", "family", "model_id", "stepping", "simd", "physical_cores", "logical_cores"),
        *("usable_cores", "cgroup_quota_cores", "mhz", "governor", "caches", "hypervisor", "emulation", "microcode"),
    }
    assert set(environment["memory"]) == {"total_bytes", "available_bytes", "transparent_huge_pages"}
    assert json.loads(json.dumps(environment)) == environment
    assert environment["python"] == platform.python_version()
    assert environment["packages"]["jaxlib"] is not None
    assert 0 < environment["memory"]["available_bytes"] <= environment["memory"]["total_bytes"]
    told = re.search(r"^microcode\s*: (.*)$", read_text(Path("/proc/cpuinfo")) or "", re.MULTILINE)
    assert environment["cpu"]["microcode"] == (told and told[1])
    assert 0 < environment["cpu"]["usable_cores"] <= environment["cpu"]["logical_cores"]


def test_environment_survives_a_library_that_fails(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, Any]
) -> None:
    import cpuinfo

    def fail() -> dict[str, Any]:
        raise RuntimeError("no such machine")

    monkeypatch.setattr(cpuinfo, "get_cpu_info", fail)
    py_cpuinfo.cache_clear()
    try:
        assert host.environment()["host"] == environment["host"]
    finally:
        py_cpuinfo.cache_clear()


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    return [leaf for inner in value for leaf in leaves(inner)] if isinstance(value, list) else [value]


def test_no_host_name_anywhere(environment: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    assert socket.gethostname() not in leaves(environment)
    assert "Linux" not in environment["os"]["kernel"]  # the whole of `uname -a` would have the name in it
    odd, system = "a-host-name-nobody-has", os.uname()
    monkeypatch.setattr(platform, "node", lambda: odd)
    monkeypatch.setattr(socket, "gethostname", lambda: odd)
    monkeypatch.setattr(os, "uname", lambda: os.uname_result((system[0], odd, *system[2:])))
    assert odd not in json.dumps(host.environment())


def test_fingerprint_is_of_the_type_of_machine_only(environment: dict[str, Any]) -> None:
    assert environment["host"] == host.fingerprint(environment)
    assert len(environment["host"]) == 12
    assert set(environment["host"]) <= set("0123456789abcdef")
    twin = copy.deepcopy(environment)
    twin["memory"].update(total_bytes=environment["memory"]["total_bytes"] - 4096, available_bytes=1)
    twin["cpu"].update(
        mhz=1.0, governor="odd", usable_cores=1, hypervisor="other", cgroup_quota_cores=0.5, simd=[], microcode="1"
    )
    twin.update(os={}, python="", packages={}, git={}, host="")
    assert host.fingerprint(twin) == environment["host"]


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("cpu", "vendor", "Nobody"),
        ("cpu", "family", 1),
        ("cpu", "model_id", 255),
        ("cpu", "model", "Other"),
        ("cpu", "stepping", 99),
        ("cpu", "physical_cores", 999),
        ("cpu", "logical_cores", None),
        ("cpu", "caches", {"L1d": 1}),
        ("cpu", "arch", "riscv64"),
        ("memory", "total_bytes", 2**50),
        ("memory", "total_bytes", None),
    ],
)
def test_fingerprint_of_another_machine_differs(environment: dict[str, Any], part: str, key: str, value: Any) -> None:
    other = {**environment, part: {**environment[part], key: value}}
    assert host.fingerprint(other) != environment["host"]
