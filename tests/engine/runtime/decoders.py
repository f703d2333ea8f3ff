"""Stand-ins for decoders, by the name of the file: they die, eat memory, hang, or do well."""

import os
import signal
import time
from pathlib import Path

from skillviewer.core.errors import VideoError
from skillviewer.core.progress import CancelToken


def look(path: Path, token: CancelToken) -> None:
    """Do what the name of a file says, and count the files that were looked at."""
    token.check()
    if path.stem == "abort":
        os.abort()
    if path.stem == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if path.stem == "eats":
        eaten = []
        while True:
            eaten.append(bytearray(64 * 2**20))
    if path.stem == "hangs":
        time.sleep(600)
    if path.stem == "slow":
        for _ in range(8):
            time.sleep(0.2)
            token.check()
    if path.stem == "broken":
        raise VideoError(f"{path} is broken.")
    with (path.parent / "looked").open("a", encoding="utf-8") as file:
        file.write(f"{path.stem} {os.getpid()}\n")
