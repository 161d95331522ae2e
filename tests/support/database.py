"""A MariaDB server for a test, not made by distrend: tests/support/mariadb.sh, driven through a shell's stdin."""
import os
import subprocess

from programs import SOURCE


class PrivateDatabase:
    def __enter__(self):
        self.shell = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.run(f". '{os.path.join(SOURCE, 'tests', 'support', 'mariadb.sh')}'; trap mariadb_stop EXIT")
        self.run("mariadb_start")
        self.socket = self.run('printf "%s\\n" "$mariadb_socket"')
        return self

    def __exit__(self, *_):
        self.shell.stdin.close()  # the shell ends, and its trap ends the server
        self.shell.wait()

    def run(self, command):
        """Runs a command in the shell; the line that it printed, if any."""
        self.shell.stdin.write(command + "\necho done $?\n")
        printed = ""
        for line in self.shell.stdout:
            if line.startswith("done "):
                assert line == "done 0\n", f"{command}: status {line.split()[1]}"
                return printed
            printed = line.strip()
        raise AssertionError(f"the shell ended in: {command}")

    def suspend(self):
        """Away, cleanly: it is not durable, so a kill would lose what was committed."""
        self.run("mariadb_suspend")

    def resume(self):
        self.run("mariadb_resume")
