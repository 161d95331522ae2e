#!/usr/bin/env python3
"""The help of every program against its man page: each command and option is in both, described, and nothing else is."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ.get("top_srcdir", "."), "tests", "support"))
from programs import SOURCE, program  # noqa: E402

PAGES = {"distren": 1, "distren-slave": 1, "distren-simpleslave": 1, "distren-image": 1, "distren-scene": 1, "distren-load": 1,
         "distren-migrate": 8, "distrend": 8}


def run(name, *words):
    return subprocess.run([program(name), *words], capture_output=True, text=True, timeout=60)


COLUMN = 30  # where CLI11's descriptions begin, on the next line when the names are longer


def entries(text, heading):
    """[names, description] of each entry below a heading of CLI11's help."""
    found, inside = [], False
    lines = text.split("\n")
    for line, following in zip(lines, lines[1:]):
        if line and not line.startswith(" "):
            inside = line == heading + ":"
        elif inside and line.startswith(" " * COLUMN):
            found[-1][1] += line.strip()
        elif inside and line:
            short = not following.startswith(" " * COLUMN)
            found.append([line[:COLUMN].strip(), line[COLUMN:]] if short else [line.strip(), ""])
    return found


class Command:
    """A command with its options and the commands below it."""

    def __init__(self, name, path=()):
        self.path = (name, *path)
        done = run(name, *path, "--help")
        assert done.returncode == 0 and not done.stderr, (self.path, done)
        self.options = {}
        for text, description in entries(done.stdout, "Options"):
            for option in re.findall(r"--([a-z][a-z-]*)", text.split(" ")[0]):
                self.options[option] = description
        self.arguments = entries(done.stdout, "Positionals")
        self.below, self.aliases, self.descriptions = [], [], {}
        for text, description in entries(done.stdout, "Subcommands"):
            word, *aliases = text.split(", ")
            self.aliases += aliases
            self.descriptions[word] = description
            self.below.append(Command(name, (*path, word)))

    def all(self):
        return [self] + [command for each in self.below for command in each.all()]


class Page:
    def __init__(self, name, section):
        with open(os.path.join(SOURCE, "man", f"{name}.{section}"), encoding="utf-8") as file:
            lines = [line for line in file.read().split("\n") if line.startswith(".")]
        self.options = {option for line in lines if re.search(r"\bFl\b", line)
                        for option in re.findall(r"(?<=[ ])-([a-z][a-z-]+)", line)}
        self.words = " ".join(re.sub(r"\bCm ", "", line) for line in lines)


number = 0


def result(sentence, problems):
    global number
    number += 1
    print(f"{'not ok' if problems else 'ok'} {number} - {sentence}")
    for problem in problems[:40]:
        print("# " + problem)


commands = {name: Command(name).all() for name in PAGES}
pages = {name: Page(name, section) for name, section in PAGES.items()}
every = [(name, command) for name in PAGES for command in commands[name]]


def good(description):
    return description[:1].isupper() or description[:1].isdigit() or re.match(r"[a-z]+, ", description)


result("every_option_and_command_has_a_description",
       [f"{' '.join(command.path)}: {word}: '{description}'" for _, command in every
        for word, description in [*command.options.items(), *command.descriptions.items(), *command.arguments]
        if not good(description)])
result("every_option_is_in_the_man_page",
       [f"man/{name}.{PAGES[name]} has no --{option} of {' '.join(command.path)}" for name, command in every
        for option in command.options if option not in pages[name].options])
result("every_option_of_a_man_page_is_one_of_the_program",
       [f"{name} has no option --{option}, which its man page names" for name, page in pages.items()
        for option in sorted(page.options) if not any(option in command.options for command in commands[name])])
result("every_command_and_alias_is_in_the_man_page",
       [f"man/{name}.{PAGES[name]} has no command {word}" for name, command in every
        for word in [" ".join(command.path[1:]), *command.aliases]
        if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", pages[name].words)])
result("every_program_prints_its_version_by_letter_and_by_word",
       [f"{name}: {run(name, '-V')}" for name in PAGES
        if run(name, "-V").returncode != 0 or run(name, "-V").stdout != run(name, "--version").stdout])
result("every_program_answers_a_mistyped_option_with_the_nearest",
       [f"{name}: {done}" for name in PAGES if (done := run(name, "--hepl")).returncode != 2
        or done.stderr != f"{name}: there is no option '--hepl'; did you mean '--help'?\n"])
print(f"1..{number}")
sys.exit(0)
