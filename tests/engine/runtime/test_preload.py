"""Torch's libraries and LLVM are loaded before they are imported, without Python's lock."""

import subprocess
import sys

import pytest

SCRIPT = """
import sys, threading
from skillviewer.engine.runtime.preload import preload_torch
beats = 0
done = threading.Event()
def beat():
    global beats
    while not done.is_set():
        beats += 1
        done.wait(0.001)
thread = threading.Thread(target=beat)
thread.start()
while beats < 3:  # a thread's first steps may need the loader themselves
    done.wait(0.001)
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


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_torch_is_mapped_while_other_threads_go_on() -> None:
    for _ in range(4):  # with a lock they never go on; without, a busy computer may give them no turn
        done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
        loaded, went_on, *rest = done.stdout.split()
        assert [loaded, *rest] == ["True", "True", "3.0", "False"]
        if went_on == "True":
            return
    pytest.fail("no other thread ever had a turn")


LLVM_SCRIPT = """
import sys
from skillviewer.engine.runtime.preload import preload_llvm
loaded = preload_llvm()
assert "llvmlite" not in sys.modules
mapped = "libllvmlite" in open("/proc/self/maps").read()
import llvmlite.binding
print(loaded, mapped, llvmlite.binding.llvm_version_info[0] > 0, preload_llvm())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_llvm_is_mapped_before_it_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", LLVM_SCRIPT], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "True", "False"]
