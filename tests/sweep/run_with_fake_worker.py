"""The main job with the fake worker: `python run_with_fake_worker.py BEHAVIOUR PID_FILE OVERRIDES…`.

What KNOWN_ENVIRONMENT says of the host is not asked again, which would take a second, nor whether it is quiet.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import smjax.run
from smjax.sweep.process.local import LocalLauncher

FAKE = Path(__file__).with_name("fake_worker.py")

if __name__ == "__main__":
    launcher = LocalLauncher((sys.executable, str(FAKE), *sys.argv[1:3]))
    del sys.argv[1:3]
    known = json.loads(os.environ["KNOWN_ENVIRONMENT"])
    quiet = replace(smjax.run.real_outside(), environment=lambda: known, examine=lambda seconds: [])
    sys.exit(smjax.run.main(replace(quiet, launcher=launcher)))
