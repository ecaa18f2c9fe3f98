"""An interactive shell on a terminal of its own, as a person has it before them."""
import os
import pty
import re
import select
import signal
import time

TIMEOUT_S = 30


class Shell:
    """`words` started in `folder`. What `shrike` is called with is shown, not run."""

    def __init__(self, words, folder, setup):
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            environment = {"PATH": os.environ["PATH"], "TERM": "dumb", "HOME": str(folder)}
            os.execvpe(words[0], words, environment)
        self.seen = ""
        self.send(setup + "\nshrike READY\n")
        while self.await_words() != ["READY"]:
            pass

    def send(self, text):
        os.write(self.terminal, text.encode())

    def await_words(self):
        """The words of the next call of shrike."""
        give_up = time.monotonic() + TIMEOUT_S
        while time.monotonic() < give_up:
            if found := re.search(r"WORDS((<[^>]*>)*)DONE", self.seen):
                self.seen = self.seen[found.end():]
                return re.findall(r"<([^>]*)>", found.group(1))
            if select.select([self.terminal], [], [], 0.1)[0]:
                self.seen += os.read(self.terminal, 65536).decode(errors="replace")
        raise SystemExit(f"the shell is silent after:\n{self.seen}")

    def completed(self, line):
        """The words of `line` after a press of the tabulator at its end."""
        self.send(line + "\t\n")
        return self.await_words()

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.terminal)
