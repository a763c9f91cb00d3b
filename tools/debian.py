"""What Debian packs separately."""

import os
import shutil
import subprocess
import sys

APT = ("apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300")


def install(package: str) -> None:
    """Install a package on Debian as root; elsewhere, do nothing."""
    if not shutil.which("apt-get") or os.getuid() != 0:
        return
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ["update"], ["install", "--yes", "--no-install-recommends", package]:
        subprocess.run(
            [*APT, *command],
            check=True,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=sys.stderr,
        )
