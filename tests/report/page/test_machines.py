"""Cards of machines: what records know of them, and what disturbed their processes."""

from __future__ import annotations

from smjax.report.page.machines import by_machine, cards
from tests.report.factory import read, record
from tests.report.op_factory import answer, process
from tests.report.op_factory import read as read_ops

ZEN = {
    "cpu": {
        "model": "AMD EPYC",
        "arch": "x86_64",
        "vendor": "AuthenticAMD",
        "family": 26,
        "model_id": 2,
        "physical_cores": 2,
        "logical_cores": 4,
        "usable_cores": 2,
        "cgroup_quota_cores": 1.5,
        "hypervisor": "KVM",
        "caches": {"L1d": 49152, "L3": 2**25},
        "simd": ["avx2", "avx512f", "sse4_2"],
        "governor": "powersave",
    },
    "memory": {"total_bytes": 2**34, "transparent_huge_pages": "madvise"},
    "os": {"name": "Debian GNU/Linux 12", "kernel": "6.1"},
    "git": {"commit": "0123456789abcdef"},
    "python": "3.11.7",
}


def card(*records):
    (found,) = cards(read(list(records)))
    return found


def findings(*records):
    return {finding.name: (finding.severity, finding.found) for finding in card(*records).findings}


def test_what_a_machine_is():
    dram = {"bytes_per_s": 4e10, "working_set_bytes": 1}
    found = card(record(machine=ZEN, ghz=(4.1, "measured")) | {"machine": "here", "dram": dram})
    assert found.title == "AMD EPYC (Zen 5)"
    assert dict(found.facts) == {
        "Cores": "2 physical, 4 logical, 2 usable, time of 1.5",
        "Caches": "L1d 48 KiB, L3 32 MiB",
        "SIMD": "avx2, avx512f",
        "Clock": "4.10 GHz, measured",
        "Memory": "16.0 GiB, read at 40.0 GB/s with 1 thread",
        "System": "Debian GNU/Linux 12, 6.1, huge pages madvise",
        "Versions": "smjax 0.1.0, jaxlib 0.10.2, Python 3.11.7, commit 012345678",
        "Id": "here, host type aaaaaaaaaaaa",
    }


def test_how_it_is_set_up_is_judged_as_the_doctor_does():
    found = findings(record(machine=ZEN))
    assert found["CPU limit"] == (
        "note",
        "time of 1.5 CPUs on 2; XLA sees 2 and is stopped; threads=1, or pin the container (--cpuset-cpus)",
    )
    assert found["governor"][0] == "note"
    assert found["hypervisor"][0] == "note"
    assert found["processes"] == ("unknown", "nobody looked")


def test_what_disturbed_its_processes():
    quiet = record() | {"readings": {"disturbed": []}}
    busy = record(replicate=1, date="2026-03-01T11:00:00+00:00") | {"readings": {"disturbed": ["steal 4.1 %"]}}
    assert findings(quiet)["processes"] == ("ok", "none of 1 disturbed")
    assert findings(quiet, busy)["processes"] == ("noisy", "1 of 2 disturbed: steal 4.1 %")


def test_points_of_one_process_count_once():
    points = [answer(shape=f"f32:{n}x{n}x{n}") for n in (10, 20, 30)]
    shared = {"flags": ["core-shared"], "readings": {"best_additions_per_cycle": 1.0, "disturbed": ["steal 4.1 %"]}}
    (found,) = cards(read_ops([process(points, block) | shared for block in range(2)]))
    told = {finding.name: finding.found for finding in found.findings}
    assert told["shared core"].startswith("2 of 2 processes ")
    assert told["processes"] == "2 of 2 disturbed: steal 4.1 %"


def test_readings_that_differ_are_told_from_the_least_to_the_most_by_where_they_come_from():
    dram = [{"dram": {"bytes_per_s": rate, "working_set_bytes": 1}} for rate in (3e10, 4e10, None)]
    clocks = [(4.1, "measured"), (2.5, "read"), (3.9, "measured")]
    records = [record(ghz=clock, replicate=number) | dram[number] for number, clock in enumerate(clocks)]
    facts = dict(card(*records).facts)
    assert facts["Clock"] == "3.90 to 4.10 GHz, measured; 2.50 GHz, read"
    assert facts["Memory"] == "read at 30.0 to 40.0 GB/s with 1 thread"


def test_records_without_a_machine_are_of_the_one_of_their_type_if_that_is_one():
    here, other = record() | {"machine": "here"}, record(threads=2) | {"machine": "other"}
    nameless = record(threads=4)
    assert [len(own) for own in by_machine(read([here, nameless])).values()] == [2]
    assert [len(own) for own in by_machine(read([here, other, nameless])).values()] == [1, 1, 1]


def test_readings_of_another_shape_are_no_finding():
    odd = {"before": {"cpus": "x"}, "after": [], "disturbed": None}
    machine = {"cpu": {"model": "x", "caches": {"L1d": "large"}, "usable_cores": "many", "simd": 3}, "memory": 1}
    assert findings(record(machine=machine) | {"readings": odd})["processes"] == ("unknown", "nobody looked")
