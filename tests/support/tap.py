"""TAP for tests in Python. A case is a function whose name is a sentence; cases run in the order of definition.

    from tap import Skip, case, run
    @case
    def a_sentence(grid): assert ..., "what was seen instead"
    run(make_grid)    # make_grid() is a context manager; its value is passed to every case
"""
import os
import signal
import sys
import time
import traceback

sys.dont_write_bytecode = True
CASES = []


class Skip(Exception):
    """Raised by a case, or while the fixture is made, when a requirement is missing."""


def case(function):
    CASES.append(function)
    return function


def comment(text):
    for line in str(text).splitlines():
        print("# " + line)


def wait_until(what, condition, seconds=60, pause=0.05):
    """Returns the first true value of condition(); the limit only ends a hopeless wait and measures nothing."""
    until = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > until:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(pause)


def report(number, good, name, note=""):
    print(f"{'ok' if good else 'not ok'} {number} - {name}{note}", flush=True)


def chosen_cases():
    """All, or those whose names contain a word of the command line."""
    words = sys.argv[1:]
    return [each for each in CASES if not words or any(word in each.__name__ for word in words)]


def run(fixture, evidence=lambda made: ""):
    """Runs the cases and exits. evidence(made) is printed after a failure: logs, usually."""
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))  # so that the fixture cleans up
    cases = chosen_cases()
    print(f"1..{len(cases)}", flush=True)
    number = failed = 0
    try:
        with fixture() as made:
            for number, each in enumerate(cases, 1):
                started = time.monotonic()
                try:
                    each(made)
                    report(number, True, each.__name__)
                except Skip as reason:
                    report(number, True, each.__name__, f" # SKIP {reason}")
                except Exception:  # any exception in a case is a failure of that case
                    failed += 1
                    report(number, False, each.__name__)
                    comment(traceback.format_exc())
                    comment(evidence(made))
                if os.environ.get("TEST_TIMES"):
                    comment(f"{time.monotonic() - started:.1f} s")
    except Skip as reason:
        for rest in range(number + 1, len(cases) + 1):
            report(rest, True, cases[rest - 1].__name__, f" # SKIP {reason}")
    except Exception:  # the fixture: every case that has not run has failed
        comment(traceback.format_exc())
        for rest in range(number + 1, len(cases) + 1):
            report(rest, False, cases[rest - 1].__name__)
        failed += 1
    sys.stdout.flush()
    sys.exit(1 if failed else 0)
