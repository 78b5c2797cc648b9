"""Runs the command as a user would, and judges the outcome."""
import os, resource, signal, subprocess, sys, time

MEGABYTE = 1 << 20
MEMORY_LIMIT = 256 * MEGABYTE  # beyond mapped files, while anything is read


class Outcome:
    def __init__(self, code, output, errors, seconds, memory):
        self.code, self.output, self.errors, self.seconds, self.memory = code, output, errors, seconds, memory

    @property
    def is_orderly(self):
        """Success, or an error with a sentence: neither a signal nor a hang."""
        if self.code == 0:
            return True
        return self.code in (1, 2, 64) and bool(self.errors.strip() or self.output.strip())


class Attack:
    """One row of the table: how often something was tried, and the failures."""

    rows = []

    def __init__(self, name):
        self.name, self.tried, self.failures, self.memory, self.seconds = name, 0, [], 0, 0.0
        Attack.rows.append(self)

    def judge(self, outcome, what, ok=True, reason=""):
        """Counts a trial that must be orderly, and for which `ok` must hold."""
        self.tried += 1
        self.memory, self.seconds = max(self.memory, outcome.memory), max(self.seconds, outcome.seconds)
        if not outcome.is_orderly:
            self.failures.append(f"{what}: exit code {outcome.code}: {outcome.errors.strip()[-300:]}")
        elif not ok:
            self.failures.append(f"{what}: {reason}: {outcome.errors.strip()[-300:]}")

    def expect(self, ok, what):
        self.tried += 1
        if not ok:
            self.failures.append(what)

    @staticmethod
    def table():
        print(f"\n{'attack':58} {'tried':>6} {'failed':>6} {'memory':>8} {'longest':>8}")
        for row in Attack.rows:
            memory = f"{row.memory // MEGABYTE} MB" if row.memory else ""
            longest = f"{row.seconds:.1f} s" if row.seconds else ""
            print(f"{row.name:58} {row.tried:6} {len(row.failures):6} {memory:>8} {longest:>8}")
        failed = [(row.name, failure) for row in Attack.rows for failure in row.failures]
        for name, failure in failed[:40]:
            print(f"\n{name}\n  {failure}")
        tried = sum(row.tried for row in Attack.rows)
        print(f"\n{tried} tried, {tried - len(failed)} survived")
        return not failed and tried > 0


class Zoo:
    def __init__(self, program, home):
        self.program, self.home = os.path.abspath(program), home
        os.makedirs(home, exist_ok=True)

    def environment(self, extra=None):
        kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        return dict(kept, ZOO_HOME=self.home, **(extra or {}))

    def start(self, *arguments, wrapped=(), environment=None, **options):
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen(
            [*wrapped, self.program, *arguments], env=self.environment(environment), stdin=subprocess.DEVNULL, **options)

    def run(self, *arguments, timeout=120, **options):
        """Memory is the larger of the command's and its wrapper's."""
        start = time.monotonic()
        process = self.start(*arguments, **options)
        return finish(process, start, timeout)


def finish(process, start, timeout=120):
    timed_out = False
    try:
        output, errors = communicate(process, timeout)
    except subprocess.TimeoutExpired:
        timed_out = True
        process.send_signal(signal.SIGKILL)
        output, errors = communicate(process, 10)
    code, memory = process.code, process.memory
    seconds = time.monotonic() - start
    if timed_out:
        errors += f"\n(killed after {timeout} s)"
    return Outcome(code, output, errors, seconds, memory)


def communicate(process, timeout):
    """Like `Popen.communicate`, with the process's own peak memory."""
    import threading
    texts = {}

    def read(name, stream):
        texts[name] = stream.read().decode(errors="replace") if stream else ""

    readers = [threading.Thread(target=read, args=pair, daemon=True)
               for pair in (("output", process.stdout), ("errors", process.stderr))]
    for reader in readers:
        reader.start()
    end = time.monotonic() + timeout
    while True:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            break
        if time.monotonic() > end:
            raise subprocess.TimeoutExpired(process.args, timeout)
        time.sleep(0.004)
    process.returncode = process.code = os.waitstatus_to_exitcode(status)
    process.memory = usage.ru_maxrss * 1024
    for reader in readers:
        reader.join(10)
    return texts.get("output", ""), texts.get("errors", "")


def in_child(function, *arguments):
    """Calls a function in a separate process, so that its memory is not counted for commands started later."""
    pid = os.fork()
    if pid == 0:
        try:
            function(*arguments)
            os._exit(0)
        except BaseException as error:
            print(error, file=sys.stderr)
            os._exit(1)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        raise RuntimeError(f"{function} failed")
