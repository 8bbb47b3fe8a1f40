"""The main job with the fake worker: `python run_with_fake_worker.py BEHAVIOUR PID_FILE OVERRIDES…`.

What KNOWN_ENVIRONMENT says of the host is not asked again, which would take a second.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import smjax.run
from smjax.sweep.process import local as launcher
from smjax.sweep.run import prepare

FAKE = Path(__file__).with_name("fake_worker.py")

if __name__ == "__main__":
    launcher.WORKER = (sys.executable, str(FAKE), *sys.argv[1:3])
    prepare.environment = lambda: json.loads(os.environ["KNOWN_ENVIRONMENT"])
    del sys.argv[1:3]
    sys.exit(smjax.run.main())
