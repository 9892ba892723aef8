"""From a bare machine to a running site: `python3 -m deploy` needs nothing but Python's own library.

`machine` finds and installs missing system packages, `environment` makes `.venv`, `node` fetches the modules
that the phone app serves, `site` migrates, loads the demo and serves, `phone` does so over HTTPS on the LAN.
Every step looks before it acts, so it may be stopped and started again at any point.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
BIN = VENV / "bin"
INSTANCE = ROOT / "instance"
