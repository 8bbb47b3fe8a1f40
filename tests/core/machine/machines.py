"""What the kernels of some real machines say about them, as far as smjax reads it."""

from __future__ import annotations

from pathlib import Path

EPYC_VM = "\n".join(
    f"""processor	: {cpu}
vendor_id	: AuthenticAMD
cpu family	: 26
model		: 2
model name	: AMD EPYC
stepping	: 1
microcode	: 0x1000065
cpu MHz		: {mhz}
cache size	: 1024 KB
physical id	: 0
siblings	: 2
core id		: {cpu}
cpu cores	: 2
flags		: fpu vme sse sse2 ht syscall nx lm rep_good pni ssse3 fma cx16 sse4_1 sse4_2 avx f16c rdrand hypervisor \
bmi1 avx2 avx512f avx512dq avx512ifma avx512cd avx512bw avx512vl avx_vnni avx512_bf16 avx512vbmi avx512_vnni
bugs		: sysret_ss_attrs spectre_v1 spectre_v2
power management:
"""
    for cpu, mhz in ((0, "2596.124"), (1, "3100.500"))
)

XEON_METAL = """processor	: 0
vendor_id	: GenuineIntel
cpu family	: 6
model		: 143
model name	: Intel(R) Xeon(R) Platinum 8488C
stepping	: 8
flags		: fpu sse sse2 ssse3 fma sse4_1 sse4_2 avx f16c avx2 avx512f avx512dq avx512cd avx512bw avx512vl avx_vnni \
avx512_bf16 avx512_fp16 avx512_vnni amx_bf16 amx_tile amx_int8
"""

GRAVITON_3 = "\n".join(
    f"""processor	: {cpu}
BogoMIPS	: 2100.00
Features	: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma lrcpc dcpop \
sha3 sm3 sm4 asimddp sha512 sve asimdfhm dit uscat ilrcpc flagm ssbs paca pacg dcpodp svei8mm svebf16 i8mm bf16 dgh rng
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x1
CPU part	: 0xd40
CPU revision	: 1
"""
    for cpu in range(2)
)

RASPBERRY_PI_4 = """processor	: 0
BogoMIPS	: 108.00
Features	: fp asimd evtstrm crc32 cpuid
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x0
CPU part	: 0xd08
CPU revision	: 3

Hardware	: BCM2835
Revision	: c03114
Serial		: 10000000deadbeef
Model		: Raspberry Pi 4 Model B Rev 1.4
"""

ROCKCHIP_3588 = """processor	: 0
Features	: fp asimd evtstrm asimdhp cpuid asimddp
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x2
CPU part	: 0xd05
CPU revision	: 0

processor	: 4
Features	: fp asimd evtstrm asimdhp cpuid asimddp i8mm
CPU implementer	: 0x41
CPU architecture: 8
CPU variant	: 0x4
CPU part	: 0xd0b
CPU revision	: 0
"""

UNKNOWN_ARM = """processor	: 0
Features	: fp asimd
CPU implementer	: 0x99
CPU architecture: 8
CPU variant	: 0x0
CPU part	: 0xfff
CPU revision	: 0
"""

APPLE_M1 = {
    "machdep.cpu.brand_string": "Apple M1",
    "hw.cpufamily": "458787763",
    "hw.cpusubfamily": "2",
    "hw.optional.AdvSIMD": "1",
    "hw.optional.arm.FEAT_FP16": "1",
    "hw.optional.arm.FEAT_DotProd": "1",
    "hw.optional.arm.FEAT_I8MM": "0",
    "hw.optional.arm.FEAT_BF16": "0",
    "hw.perflevel0.l1dcachesize": "131072",
    "hw.perflevel0.l1icachesize": "196608",
    "hw.perflevel0.l2cachesize": "12582912",
    "hw.l1dcachesize": "65536",
    "kern.hv_vmm_present": "0",
}

PY_CPUINFO_XEON = {
    "brand_raw": "Intel(R) Xeon(R)  Platinum 8488C",
    "vendor_id_raw": "GenuineIntel",
    "family": 6,
    "model": 143,
    "stepping": 8,
    "flags": ["fma", "avx2", "f16c", "osxsave"],
}


def put(root: Path, files: dict[str, str]) -> Path:
    """Make the files under `root`, as the kernel shows them, and return it."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    return root
