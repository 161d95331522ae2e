#!/usr/bin/env python3
"""Memory and CPU that connected, idle slaves cost the server: SLAVES of them (1,000), TLS and plain, for SECONDS (30)."""
import asyncio
import json
import os
import ssl
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from bench import cpu_seconds, report, resident_bytes  # noqa: E402
from grid import Grid  # noqa: E402
from programs import free_ports  # noqa: E402

SLAVES = int(os.environ.get("SLAVES", "1000"))
SECONDS = int(os.environ.get("SECONDS", "30"))


async def connect(port, context, credentials, at_once):
    async with at_once:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context,
                                                       server_hostname="localhost" if context else None)
        writer.write(json.dumps({"type": "sign_on", "protocols": [1], "slavekey": credentials["slavekey"],
                                 "instance": "bench", "slavepassword": credentials["slavepassword"]}).encode() + b"\n")
        welcome = json.loads(await reader.readline())
        assert welcome["type"] == "welcome", welcome
        writer.write(json.dumps({"type": "announce", "os": "none", "cores": 1, "memory_mib": 1000, "slots": 1,
                                 "renderers": [{"method": "blender", "version": "3.4.1"}]}).encode() + b"\n")
    return reader, writer, welcome["heartbeat_ms"] / 1000


async def live(reader, writer, heartbeat, number):
    """A ping each heartbeat, spread evenly over it, as distren-slave does."""
    await asyncio.sleep(heartbeat * number / SLAVES)
    while True:
        writer.write(b'{"type":"ping"}\n')
        await reader.readline()
        await asyncio.sleep(heartbeat)


async def measure(grid, port, context, pairs):
    server = grid.child.pid
    before = resident_bytes(server)[0]
    at_once = asyncio.Semaphore(50)
    lines = await asyncio.gather(*(connect(port, context, credentials, at_once) for credentials in pairs))
    lives = [asyncio.create_task(live(*line, number)) for number, line in enumerate(lines)]
    await asyncio.sleep(3)
    memory = resident_bytes(server)[0] - before
    start = cpu_seconds(server)
    await asyncio.sleep(SECONDS)
    core_percent = 100 * (cpu_seconds(server) - start) / SECONDS
    for task in lives:
        task.cancel()
    for _, writer, _ in lines:
        writer.close()
    await asyncio.sleep(2)
    return memory / len(pairs), core_percent


def main():
    plain_port = free_ports(1)[0]
    with Grid({"listen.line_plain": f"127.0.0.1:{plain_port}"}) as grid:
        pairs = [grid.new_slave(f"idle{number}") for number in range(SLAVES)]
        plain, plain_cpu = asyncio.run(measure(grid, plain_port, None, pairs))
        tls, tls_cpu = asyncio.run(measure(grid, grid.line_port, ssl.create_default_context(cafile=grid.ca), pairs))
    figures = {"slaves": SLAVES, "bytes_per_connection_plain": round(plain), "bytes_per_connection_tls": round(tls),
               "idle_core_percent_plain": round(plain_cpu, 2), "idle_core_percent_tls": round(tls_cpu, 2)}
    report(f"{SLAVES:,} idle slaves, {SECONDS} s, a ping each heartbeat",
           [("plain: memory of one connection", plain / 1024, "KiB"), ("plain: server CPU", plain_cpu, "% of a core"),
            ("TLS: memory of one connection", tls / 1024, "KiB"), ("TLS: server CPU", tls_cpu, "% of a core")], figures)


main()
