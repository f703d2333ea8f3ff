"""Torch's libraries are loaded before torch, without Python's lock."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys, threading
from skillviewer.engine.preload import preload_torch
beats = 0
done = threading.Event()
def beat():
    global beats
    while not done.is_set():
        beats += 1
        done.wait(0.001)
thread = threading.Thread(target=beat)
thread.start()
before = beats
loaded = preload_torch()
during = beats - before
done.set()
thread.join()
assert "torch" not in sys.modules
mapped = "libtorch_cpu" in open("/proc/self/maps").read()
import torch
print(loaded, during > 1, mapped, float(torch.ones(3).sum()), preload_torch())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_torch_is_mapped_while_other_threads_go_on() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "True", "3.0", "False"]
