import subprocess
import sys

import pytest

_COUNT = """
import resource
from pathlib import Path
from skillviewer.engine.runtime.threads import release_freed_memory, keep_freed_memory

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        bytearray(40_000_000)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

given_back = faults()
told = keep_freed_memory()
faults()  # the first of them is still asked for
kept = faults()

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1])

blocks = [bytearray(10_000_000) for _ in range(10)]
last = bytearray(1000)
held = resident()
del blocks
freed = resident()
release_freed_memory()
print(told, given_back, kept, held, freed, resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the other systems' C libraries cannot be told")
def test_memory_that_was_freed_is_not_given_to_the_process_anew() -> None:
    found = subprocess.run([sys.executable, "-c", _COUNT], capture_output=True, text=True, check=True)
    told, given_back, kept, held, freed, after = found.stdout.split()
    if told == "False":
        pytest.skip("this C library cannot be told")
    assert int(given_back) > 200, "ten blocks of 40 MB, in pages of 4 kB or 2 MB"
    assert int(kept) < int(given_back) / 10
    assert int(freed) > 0.9 * int(held), "pages of 4 kB: 100 MB of them are kept when they are freed"
    assert int(after) < int(freed) - 20_000


_HEAPS = """
import ctypes
import sys
import threading
from skillviewer.engine.runtime.threads import limit_heaps

told = limit_heaps() if "share" in sys.argv else None
gate = threading.Barrier(9)

def hold():
    held = ctypes.CDLL(None).malloc(1000)
    gate.wait()

threads = [threading.Thread(target=hold) for _ in range(8)]
for thread in threads:
    thread.start()
gate.wait()
libc = ctypes.CDLL(None)
libc.fopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fopen(b"/dev/stdout", b"w")))
libc.fflush(None)
"""


def test_threads_share_two_heaps() -> None:
    def heaps(*given: str) -> int:
        command = [sys.executable, "-c", _HEAPS, *given]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.count("<heap nr=")

    assert heaps("share") <= 2 < heaps()
