#!/usr/bin/env python3
"""Every scenario of a member's life with the full counts: hours are not needed, one is. usage: acceptance.py [NAME...]

Prints the measured numbers at the end. Set FLUXPG_NET to run beside another run."""
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
FILES = ("test_life.py", "test_first_boot.py", "test_bad_input.py")


def main():
    numbers, failed = [], []
    for file in FILES:
        script = os.path.join(HERE, file)
        names = subprocess.run([script, "--list"], check=True, capture_output=True, text=True).stdout.split()
        for name in names:
            if sys.argv[1:] and name not in sys.argv[1:]:
                continue
            start = time.monotonic()
            done = subprocess.run([script, name], env={**os.environ, "FLUXPG_LONG": "1"}, capture_output=True, text=True)
            print(f"{'passed' if done.returncode == 0 else 'FAILED'} {name} in {time.monotonic() - start:.0f} s", flush=True)
            numbers += [line for line in done.stdout.splitlines() if " n=" in line]
            if done.returncode != 0:
                failed.append(name)
                print(done.stdout[-20000:], done.stderr[-4000:], flush=True)
    print("\n".join(numbers))
    print(f"{len(failed)} failed {failed}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
