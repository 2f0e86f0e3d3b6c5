#!/usr/bin/env python3
"""Writes the manual page puypuy(1) from the help of the commands.

    puypuy --experimental-dump-help | make-manual.py >man/puypuy.1
"""
import json
import sys

FILES = [
    ("./config.ini, /etc/puypuy/config.ini", "The configuration, unless --config or "
     "PUYPUY_CONFIG names another: a file, or a folder of *.ini files."),
    ("checks_enabled, scripts_enabled", "Beside it: what is in there is collected."),
    ("var/spool.db", "The spool, with spool.lock, control.sock and the log of puypuy start."),
]
ENVIRONMENT = [
    ("PUYPUY_CONFIG", "The configuration."),
    ("NO_COLOR", "No colours, when it is not empty."),
    ("NOTIFY_SOCKET, WATCHDOG_USEC, JOURNAL_STREAM", "Of systemd: see sd_notify(3)."),
]
SIGNALS = [
    ("SIGTERM, SIGINT", "End the daemon in order."),
    ("SIGHUP", "Reads the configuration anew, and opens the log file anew."),
    ("SIGUSR1", "Opens the log file anew."),
]
EXIT = [
    ("0", "Done; status: healthy."), ("1", "Failed; status: degraded."),
    ("2", "Usage or configuration."), ("3", "status: no daemon runs."), ("4", "status: this user may not know."),
]


def escaped(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in ".'" else line for line in text.split("\n"))


def paragraphs(text):
    """The text of a help, its indented and aligned parts as they are."""
    for part in text.strip().split("\n\n"):
        lines = part.split("\n")
        is_plain = not any(line.startswith(" ") for line in lines)
        yield ".PP\n" + escaped(part) if is_plain else ".PP\n.nf\n" + escaped(part) + "\n.fi"


def words(argument):
    """An option or argument as it is typed."""
    value = argument.get("valueName", "")
    if argument["kind"] == "positional":
        return "<" + value + ">"
    names = ["-" * (1 if name["kind"] == "short" else 2) + name["name"]
             for name in argument["names"]]
    return ", ".join(names) + (" <" + value + ">" if argument["kind"] == "option" else "")


def commands(command, path=()):
    """Every command with its path, the program itself first."""
    path = path + (command["commandName"],)
    yield path, command
    for other in command.get("subcommands", []):
        if other["commandName"] != "help":
            yield from commands(other, path)


def terms(title, pairs):
    print(".SH", title)
    for term, text in pairs:
        print(".TP\n.B", escaped(term) + "\n" + escaped(text))


def main():
    root = json.load(sys.stdin)["command"]
    print('.TH PUYPUY 1 "" "PuyPuy" "User Commands"')
    print(".SH NAME\npuypuy \\- " + escaped(root["abstract"].rstrip(".")))
    print(".SH SYNOPSIS\n.B puypuy\n.I command\n[\\fIoption\\fR ...]")
    print(".SH DESCRIPTION")
    for part in paragraphs(root["discussion"]):
        print(part)
    print(".SH COMMANDS")
    for path, command in list(commands(root))[1:]:
        if command.get("subcommands"):
            continue
        print('.SS "' + " ".join(path) + '"')
        print(escaped(command["abstract"]))
        for part in paragraphs(command.get("discussion", "")):
            print(part)
        for argument in command.get("arguments", []):
            names = {name["name"] for name in argument.get("names", [])}
            if argument.get("shouldDisplay", True) and not names & {"help", "version"}:
                help_text = argument.get("abstract", "")
                if argument.get("defaultValue"):
                    help_text += " (default: " + argument["defaultValue"] + ")"
                print(".TP\n.B", escaped(words(argument)) + "\n" + escaped(help_text.strip() or "."))
    terms("FILES", FILES)
    terms("ENVIRONMENT", ENVIRONMENT)
    terms("SIGNALS", SIGNALS)
    terms("EXIT STATUS", EXIT)
    print(".SH SEE ALSO\n.BR systemctl (1),\n.BR sd_notify (3)")


main()
