"""What makes two worker processes replicates of each other: a digest of all that their figures depend on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smjax.core.engines import Host
from smjax.core.records.alike import settings
from smjax.core.records.document import digest
from smjax.core.records.hello import Hello
from smjax.core.records.resolved import Resolved


def identity_parts(
    resolved: Resolved, content: Mapping[str, str], host: Host, there: Hello, prepared: Mapping[str, Any]
) -> dict[str, str]:
    """What a replicate's identity is made of, each part as a digest or as it is; `there` is its interpreter.

    `content` has digests of what is computed with, as a model's weights, by what it is.
    """
    engine = there.engines[resolved.scenario.engine]
    return {
        "settings": digest([settings(resolved), prepared]),
        **content,
        "smjax's files": engine.files,
        "libraries": engine.libraries,
        "python": there.python,
        **{package: str(there.packages.get(package)) for package in engine.packages},
        "host": host["host"],
        "machine": host.get("machine") or "",
    }
