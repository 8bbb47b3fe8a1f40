"""Quotas and limits of control groups are found in both versions and any mount, and their absence too."""

from __future__ import annotations

from pathlib import Path

import pytest

from smjax.core.machine.cgroup import cgroup_free_bytes, cgroup_quota_cores, cgroup_throttled

from .machines import put

UNLIMITED_V1 = "9223372036854771712"


def test_quota_v2_of_the_group_itself(tmp_path: Path) -> None:
    root = put(tmp_path, {"cpu.max": "max 100000", "app/cpu.max": "150000 100000"})
    assert cgroup_quota_cores(root, "0::/app") == 1.5


def test_quota_v2_of_a_parent_counts(tmp_path: Path) -> None:
    root = put(tmp_path, {"a/cpu.max": "200000 100000", "a/b/cpu.max": "400000 100000", "a/b/c/cpu.max": "max 100000"})
    assert cgroup_quota_cores(root, "0::/a/b/c") == 2.0


def test_quota_v2_in_a_namespace(tmp_path: Path) -> None:
    assert cgroup_quota_cores(put(tmp_path, {"cpu.max": "50000 100000"}), "0::/") == 0.5


@pytest.mark.parametrize("mount", ["cpu,cpuacct", "cpu"])
def test_quota_v1(tmp_path: Path, mount: str) -> None:
    folder = f"{mount}/docker/4f2a"
    root = put(tmp_path, {f"{folder}/cpu.cfs_quota_us": "250000", f"{folder}/cpu.cfs_period_us": "100000"})
    assert cgroup_quota_cores(root, "5:memory:/docker/4f2a\n4:cpu,cpuacct:/docker/4f2a\n1:name=systemd:/x") == 2.5


def test_quota_v1_of_a_parent_alone_counts(tmp_path: Path) -> None:
    files = {
        "cpu,cpuacct/cpu.cfs_quota_us": "-1",
        "cpu,cpuacct/slice/cpu.cfs_quota_us": "120000",
        "cpu,cpuacct/slice/cpu.cfs_period_us": "50000",
        "cpu,cpuacct/slice/job/cpu.cfs_quota_us": "-1",
        "cpu,cpuacct/slice/job/cpu.cfs_period_us": "100000",
    }
    assert cgroup_quota_cores(put(tmp_path, files), "7:cpu,cpuacct:/slice/job\n0::/slice/job") == 2.4


def test_quota_v1_where_the_mount_is_the_container(tmp_path: Path) -> None:
    root = put(tmp_path, {"cpu/cpu.cfs_quota_us": "300000", "cpu/cpu.cfs_period_us": "100000"})
    assert cgroup_quota_cores(root, "4:cpu:/docker/4f2a") == 3.0


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"},
        {"cpu/cpu.cfs_quota_us": "100000", "cpu/cpu.cfs_period_us": "0"},
        {"cpu/cpu.cfs_quota_us": "100000"},
        {"cpu.max": "max 100000"},
        {"cpu.max": ""},
        {"cpu.max": "many few"},
    ],
)
@pytest.mark.parametrize("own", ["0::/", "4:cpu:/", "4:cpu:/\n0::/a", "odd", "0::/../up"])
def test_no_quota(tmp_path: Path, files: dict[str, str], own: str) -> None:
    assert cgroup_quota_cores(put(tmp_path, files), own) is None


def test_memory_v2_counts_file_pages_as_free(tmp_path: Path) -> None:
    stat = "anon 300\nfile 700\ninactive_file 400\nactive_file 250\nodd line here"
    root = put(tmp_path, {"app/memory.max": "2000", "app/memory.current": "1000", "app/memory.stat": stat})
    assert cgroup_free_bytes(root, "0::/app") == 2000 - 1000 + 650


def test_memory_v1_with_its_children(tmp_path: Path) -> None:
    files = {
        "memory/memory.limit_in_bytes": UNLIMITED_V1,
        "memory/memory.usage_in_bytes": "5000",
        "memory/job/memory.limit_in_bytes": "3000",
        "memory/job/memory.usage_in_bytes": "1000",
        "memory/job/memory.stat": "inactive_file 7\ntotal_inactive_file 100\ntotal_active_file 11",
    }
    assert cgroup_free_bytes(put(tmp_path, files), "4:memory:/job\n1:cpu:/") == 2111


def test_memory_over_its_limit_is_none_left(tmp_path: Path) -> None:
    root = put(tmp_path, {"memory.max": "1000", "memory.current": "1500"})
    assert cgroup_free_bytes(root, "0::/") == 0


@pytest.mark.parametrize("files", [{}, {"memory.max": "max", "memory.current": "7"}, {"memory.max": "7"}])
def test_memory_without_a_limit(tmp_path: Path, files: dict[str, str]) -> None:
    assert cgroup_free_bytes(put(tmp_path, files), "0::/") is None


def test_throttling_v2_of_the_group_and_its_parents(tmp_path: Path) -> None:
    files = {
        "cpu.stat": "usage_usec 5",
        "a/cpu.stat": "nr_throttled 2\nthrottled_usec 30",
        "a/b/cpu.stat": "nr_throttled 1\nthrottled_usec 4",
    }
    assert cgroup_throttled(put(tmp_path, files), "0::/a/b") == (34_000, 3)


def test_throttling_v1_counts_once_through_a_link(tmp_path: Path) -> None:
    root = put(tmp_path, {"cpu,cpuacct/job/cpu.stat": "nr_periods 9\nnr_throttled 5\nthrottled_time 7000"})
    (root / "cpu").symlink_to("cpu,cpuacct")
    assert cgroup_throttled(root, "4:cpu,cpuacct:/job") == (7000, 5)


@pytest.mark.parametrize("files", [{}, {"cpu.stat": "usage_usec 5"}, {"cpu.stat": ""}])
def test_throttling_that_is_not_told(tmp_path: Path, files: dict[str, str]) -> None:
    assert cgroup_throttled(put(tmp_path, files), "0::/") is None
