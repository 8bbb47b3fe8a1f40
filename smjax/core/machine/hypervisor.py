"""Whether the machine is a virtual one, and whose."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from smjax.core.machine.probe import ROOT, fields, output_of, read_text

_FIRMWARE = {
    "QEMU": "QEMU",
    "KVM": "KVM",
    "Amazon EC2": "Amazon EC2",
    "Google Google Compute": "Google Compute Engine",
    "Microsoft Corporation Virtual": "Hyper-V",
    "VMware": "VMware",
    "innotek GmbH": "VirtualBox",
    "Xen": "Xen",
    "DigitalOcean": "DigitalOcean",
    "Hetzner vServer": "Hetzner",
    "OpenStack": "OpenStack",
}
"""How vendor and product begin in the firmware's tables, and who it is."""


def hypervisor(cpuinfo: str, sysctl: Mapping[str, str], root: Path = ROOT) -> str | None:
    """What the host is a guest of, `unknown` if nothing but its being a guest is known; None on bare metal."""
    if sysctl:
        return "unknown" if sysctl.get("kern.hv_vmm_present") == "1" else None
    is_x86 = "vendor_id" in cpuinfo
    if is_x86 and "hypervisor" not in fields(cpuinfo.splitlines()).get("flags", "").split():
        return None
    machine = " ".join(read_text(root / "sys/class/dmi/id" / name) or "" for name in ("sys_vendor", "product_name"))
    if ".metal" in machine:  # EC2 rents whole machines under the same vendor
        return None
    known = (name for start, name in _FIRMWARE.items() if machine.startswith(start))
    return next(known, None) or _lscpu_vendor() or ("unknown" if is_x86 else None)


def _lscpu_vendor() -> str | None:
    return fields((output_of(["lscpu"]) or "").splitlines()).get("Hypervisor vendor")
