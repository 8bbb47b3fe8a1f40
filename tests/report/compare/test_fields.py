"""What differs between two sides is named by its fields, and nothing else is."""

from __future__ import annotations

from smjax.report.compare.fields import as_told, differences, in_short, in_words, software
from smjax.report.render.grid import UNKNOWN
from tests.report.factory import identified, read, record


def environment(**changes):
    one = identified(record(), "a")
    one["environment"] = one["environment"] | changes
    return one


def differing(base, new):
    return differences(read([base]), read([new]))


def test_every_field_of_the_machine_and_its_software_is_compared():
    cpu = {"model": "AMD EPYC 9R14", "arch": "x86_64", "microcode": "0x1", "governor": "powersave", "caches": {"L3": 1}}
    base = environment(cpu=cpu, os={"name": "Debian", "kernel": "6.1"})
    new = environment(cpu=cpu | {"microcode": "0x2", "governor": "performance", "caches": {"L3": 2}})
    new["environment"]["os"] = {"name": "Ubuntu", "kernel": "6.8"}
    new["readings"] = {"before": {"turbo": True}}
    base["readings"] = {"before": {"turbo": False}}
    assert in_words(differing(base, new)) == (
        "cpu.caches.L3 1 → 2",
        "cpu.governor powersave → performance",
        "cpu.microcode 0x1 → 0x2",
        "os.kernel 6.1 → 6.8",
        "os.name Debian → Ubuntu",
        "turbo False → True",
    )


def test_what_changes_by_itself_is_no_difference():
    cpu = {"model": "AMD EPYC 9R14", "arch": "x86_64"}
    base = environment(cpu=cpu | {"mhz": 2600.1}, memory={"available_bytes": 1, "total_bytes": 9})
    new = environment(cpu=cpu | {"mhz": 2600.2}, memory={"available_bytes": 2, "total_bytes": 9})
    new["readings"] = {"before": {"load": [9.0, 9.0, 9.0], "monotonic_ns": 7}}
    new |= {"date": "2026-04-01T10:00:00Z", "run": "second", "id": "other"}
    assert differing(base, new) == {}


def test_settings_are_told_by_their_names_never_as_digests():
    base, new = identified(record(), "a", "1"), identified(record(), "a", "2")
    base["variables"] = {"XLA_FLAGS": "--xla_cpu_prefer_vector_width=512"}
    new["variables"] = {"XLA_FLAGS": "--xla_cpu_prefer_vector_width=256", "OMP_NUM_THREADS": "1"}
    new["scenario"]["measure"] |= {"warmup": 9}
    assert in_words(differing(base, new)) == (
        "measure.warmup 1 → 9",
        "variables.XLA_FLAGS --xla_cpu_prefer_vector_width=512 → --xla_cpu_prefer_vector_width=256",
        f"variables.OMP_NUM_THREADS {UNKNOWN} → 1",
    )
    del base["variables"]
    assert in_words(differing(base, new)) == ("measure.warmup 1 → 9",), "it is not known which there were"


def test_versions_are_those_of_the_worker():
    base, new = environment(packages={"numpy": "2.0"}), environment(packages={"numpy": "2.0"})
    for one, numpy in ((base, "2.1"), (new, "2.2")):
        one["versions"] = {"numpy": numpy, "python": "3.11.7", "jaxlib": "0.10.2"}
    assert in_words(differing(base, new)) == ("numpy 2.1 → 2.2",)


def test_other_files_of_smjax_are_told_by_version_and_commit_where_they_say_it():
    base, new = identified(record(), "a"), identified(record(), "b")
    assert in_words(differing(base, new)) == ("other smjax's files",)
    for number, one in enumerate((base, new)):
        one["environment"] = one["environment"] | {"git": {"commit": f"{number}" * 40, "dirty": False}}
    assert in_words(differing(base, new)) == ("commit 000000000 → 111111111",)
    for one in (base, new):
        one["environment"]["git"] = {"commit": "0" * 40, "dirty": one is new}
    assert in_words(differing(base, new)) == ("uncommitted changes no → yes", "other smjax's files")
    new["smjax"] = "0.2.0"
    assert in_words(differing(base, new)) == ("smjax 0.1.0 → 0.2.0", "uncommitted changes no → yes")


def test_other_libraries_are_told_by_the_versions_of_packages_where_they_say_it():
    base, new = identified(record(), "a"), identified(record(), "a")
    for one, digest in ((base, "aa"), (new, "bb")):
        one["identity_parts"]["libraries"] = digest
    assert in_words(differing(base, new)) == ("other libraries",)
    new["versions"] = {"jaxlib": "0.10.3"}
    assert in_words(differing(base, new)) == ("jaxlib 0.10.2 → 0.10.3",)


def test_an_interpreter_is_called_by_what_it_has_and_else_by_its_path():
    base, new = record(python="/old/python"), record(python="/new/python", jaxlib="0.9.2")
    versions = software(read([base])[0])
    path = ("python /old/python → /new/python",)
    assert in_words(as_told(differing(base, new), versions)) == ("jaxlib 0.10.2 → 0.9.2",)
    new = record(python="/new/python")
    assert in_words(as_told(differing(base, new), versions)) == path
    base, new = identified(base, "a"), identified(new, "b")
    assert in_words(as_told(differing(base, new), versions)) == (*path, "other smjax's files")


def test_a_table_tells_the_first_and_json_all():
    cpu = dict.fromkeys("abcdefgh", 0)
    found = differing(environment(cpu=cpu), environment(cpu=dict.fromkeys(cpu, 1)))
    assert in_short(found) == (*(f"cpu.{name} 0 → 1" for name in "abcdef"), "2 more (--format json)")
    assert in_words(found)[-2:] == ("cpu.g 0 → 1", "cpu.h 0 → 1")
    seven = {name: pair for name, pair in found.items() if name != "cpu.h"}
    assert in_short(seven) == in_words(seven), "one more has room where it would be counted"


def test_of_two_engines_a_table_does_not_tell_what_each_has_for_itself():
    found = {
        "engine": ("smjax", "llama_cpp"),
        "kernel": ("native", "ggml"),
        "jaxlib": ("0.10.2", None),
        "engine args": (None, "flash_attn=auto"),
        "smjax's files": ("1", "2"),
        "numpy": ("2.4", "2.5"),
    }
    always = ("kernel native → ggml", "numpy 2.4 → 2.5")
    assert in_short(found, ("smjax", "llama_cpp flash_attn=0")) == (
        "engine smjax → llama_cpp flash_attn=0",
        *always,
    )
    assert in_short(found) == (
        "engine smjax → llama_cpp",
        "kernel native → ggml",
        f"engine args {UNKNOWN} → flash_attn=auto",
        "numpy 2.4 → 2.5",
    )
    assert len(in_short({name: both for name, both in found.items() if name != "engine"})) == 5
