"""Energy is that of whole packages, through a counter's new start, and nothing where nobody may read it."""

from __future__ import annotations

from pathlib import Path

from smjax.core.machine.energy import energy_used, read_energy

from .machines import put

TWO_SOCKETS = {
    "intel-rapl:0/name": "package-0",
    "intel-rapl:0/energy_uj": "5000000",
    "intel-rapl:0/max_energy_range_uj": "262143328850",
    "intel-rapl:0:0/name": "core",
    "intel-rapl:0:0/energy_uj": "4000000",
    "intel-rapl:1/name": "package-1-die-0",
    "intel-rapl:1/energy_uj": "262143000000",
    "intel-rapl:1/max_energy_range_uj": "262143328850",
    "intel-rapl:2/name": "psys",
    "intel-rapl:2/energy_uj": "9000000",
    "intel-rapl-mmio:0/name": "package-0",
    "intel-rapl-mmio:0/energy_uj": "5000000",
}


def powercap(root: Path, files: dict[str, str]) -> Path:
    return put(root, {f"sys/class/powercap/{name}": text for name, text in files.items()})


def test_packages_alone_are_counted(tmp_path: Path) -> None:
    root = powercap(tmp_path, TWO_SOCKETS)
    assert read_energy(root) == {"intel-rapl:0": 5_000_000, "intel-rapl:1": 262_143_000_000}


def test_joules_through_a_new_start_of_a_counter(tmp_path: Path) -> None:
    before = read_energy(powercap(tmp_path, TWO_SOCKETS))
    root = powercap(tmp_path, {"intel-rapl:0/energy_uj": "7500000", "intel-rapl:1/energy_uj": "171150"})
    assert energy_used(before, read_energy(root), root) == 2.5 + 0.5


def test_a_new_start_that_cannot_be_seen_through(tmp_path: Path) -> None:
    assert energy_used({"intel-rapl:0": 5}, {"intel-rapl:0": 4}, tmp_path) is None


def test_nothing_to_read(tmp_path: Path) -> None:
    root = powercap(tmp_path, {"intel-rapl:0/name": "package-0", "intel-rapl:0/energy_uj": ""})
    assert read_energy(root) == read_energy(tmp_path / "nowhere") == {}
    assert energy_used({}, {}, root) is None
    assert energy_used({"intel-rapl:0": 5}, {}, root) is None
