"""Prints "PASSED FAILED SKIPPED" of a JUnit file that ctest wrote; exit 1 if there is none, or no test in it."""
import pathlib
import sys
import xml.etree.ElementTree


def skipped(case):
    """ctest also writes "notrun" and <skipped> for a test whose program is missing: that one has failed."""
    reason = case.find("skipped")
    return case.get("status") == "disabled" or (reason is not None and reason.get("message", "").startswith("SKIP_"))


def main(path):
    if not pathlib.Path(path).is_file():
        return 1
    cases = list(xml.etree.ElementTree.parse(path).getroot().iter("testcase"))
    left_out = sum(map(skipped, cases))
    passed = sum(case.get("status") == "run" for case in cases)
    print(passed, len(cases) - passed - left_out, left_out)
    return 0 if cases else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
