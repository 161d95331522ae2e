"""For benchmarks: prints figures as a table and as a JSON line; reads a process's usage from /proc."""
import json
import os


def report(title, rows, figures):
    """rows: (what, value, unit or remark). figures: the same as numbers, printed last as one JSON object."""
    print(title)
    width = max(len(what) for what, _, _ in rows)
    for what, value, unit in rows:
        shown = f"{value:,.2f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)
        print(f"  {what:{width}}  {shown:>12}  {unit}")
    print(json.dumps(figures))


def resident_bytes(pid):
    """Current and peak RSS."""
    now = peak = 0
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                now = int(line.split()[1]) * 1024
            elif line.startswith("VmHWM:"):
                peak = int(line.split()[1]) * 1024
    return now, peak


def cpu_seconds(pid):
    """User and system time of a process so far."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
