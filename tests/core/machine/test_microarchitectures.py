"""What processors are called in few words."""

from __future__ import annotations

import pytest

from smjax.core.machine.microarchitectures import short_name


def cpu(model, vendor=None, family=None, model_id=None):
    return {"model": model, "vendor": vendor, "family": family, "model_id": model_id}


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (cpu("AMD EPYC", "AuthenticAMD", 26, 2), "Zen 5"),
        (cpu("AMD EPYC 9R14 96-Core Processor", "AuthenticAMD", 25, 17), "Zen 4"),
        (cpu("AMD EPYC 7763 64-Core Processor", "AuthenticAMD", 25, 1), "Zen 3"),
        (cpu("Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz", "GenuineIntel", 6, 143), "Sapphire Rapids"),
        (cpu("Intel(R) Xeon(R) Platinum 8175M CPU @ 2.50GHz", "GenuineIntel", 6, 85), "Xeon Platinum 8175M"),
        (cpu("Neoverse-V2", "ARM", 8, "0xd4f"), "Neoverse-V2"),
        (cpu("Apple M2 Max", "Apple", 1, None), "Apple M2 Max"),
        (cpu("AMD EPYC 9R14 96-Core Processor"), "EPYC 9R14"),
        (cpu("AMD Ryzen 7 5800U with Radeon Graphics"), "Ryzen 7 5800U"),
        (cpu("Intel(R) Core(TM) i7-8700K CPU @ 3.70GHz"), "Core i7-8700K"),
        (cpu("AMD Processor"), "AMD Processor"),
        (cpu("Somebody's processor of a very long name indeed"), "Somebody's of a very lon…"),
        (cpu("EPYC\u202e\n\x1b[31m"), r"EPYC\u202e \x1b[31m"),
        (cpu(None, "AuthenticAMD", 25, 97), "Zen 4"),
        (cpu("Known by its name", ["AuthenticAMD"], {}, 2.5), "Known by its name"),
        (cpu(None), ""),
        ({}, ""),
    ],
)
def test_cores_have_names_and_brands_are_shortened(found, name):
    assert short_name(found) == name
