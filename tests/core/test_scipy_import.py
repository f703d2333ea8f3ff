"""The first import of scipy by several threads at once: each finds whole modules."""

import subprocess
import sys

CODE = """
import threading
from skillviewer.core.scipy_import import import_scipy
failed = []
def use(name):
    try:
        import_scipy()
        __import__(name)
    except Exception as error:
        failed.append(error)
names = ["scipy.fft", "scipy.signal", "scipy.sparse", "scipy.stats"]
threads = [threading.Thread(target=use, args=(name,)) for name in names]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(failed))
"""


def test_threads_that_begin_at_once_all_find_scipy() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, timeout=600, check=True)
    assert done.stdout.strip() == "0"
