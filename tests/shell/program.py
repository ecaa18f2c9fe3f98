"""What the program says of itself."""
import re
import subprocess


def listed(overview: str) -> list[str]:
    return re.findall(r"^  (\w+)  +\S", overview, re.M)


class Program:
    def __init__(self, path):
        self.path = path

    def told(self, *words) -> str:
        return subprocess.run([self.path, *words], capture_output=True, text=True, check=True).stdout

    def first_words(self) -> list[str]:
        return listed(self.told("--help"))

    def actions(self, command: str) -> list[str]:
        """The second words of "data check" and the like; none of a plain command."""
        text = self.told(command, "--help")
        return listed(text) if f"Usage: shrike {command} ACTION" in text else []

    def commands(self) -> list[str]:
        """All that can be run: "detect", "data check"."""
        return [f"{word} {action}".strip() for word in self.first_words() for action in self.actions(word) or [""]]

    def options(self, command: str) -> set[str]:
        text = self.told(*command.split(), "--help")
        return set(re.findall(r"^ .*?(--[a-z][-a-z0-9]*)", text, re.M))
