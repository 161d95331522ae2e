#!/usr/bin/env python3
"""MB/s of a file of SIZE_MIB (1,024) up and down on loopback beside curl against nginx; memory of the server with ten at once."""
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import urljoin

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
sys.dont_write_bytecode = True

from bench import report, resident_bytes  # noqa: E402
from grid import Grid  # noqa: E402
from programs import free_ports, scenes  # noqa: E402

SIZE = int(os.environ.get("SIZE_MIB", "1024")) << 20


def megabytes(size, seconds):
    return size / 1e6 / seconds


def timed(command):
    start = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def nginx_figures(folder, file):
    """curl to and from nginx, plain HTTP and TLS; nothing where nginx is not installed."""
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    if not os.path.exists(nginx):
        subprocess.run(["apt-get", "install", "-y", "--no-install-recommends", "nginx-light"], stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, check=False)
    if not os.path.exists(nginx):
        return {}
    http, https = free_ports(2)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    f"{folder}/key.pem", "-out", f"{folder}/cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    with open(f"{folder}/nginx.conf", "w") as config:
        user = "user root;" if os.getuid() == 0 else ""
        config.write(f"""{user} pid {folder}/pid; error_log {folder}/error.log; daemon off; worker_processes 2; events {{}}
http {{ access_log off; client_max_body_size 0; sendfile on; client_body_temp_path {folder}/body; proxy_temp_path {folder}/p;
fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; server {{ listen 127.0.0.1:{http};
listen 127.0.0.1:{https} ssl; ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem; root {folder};
location /up {{ dav_methods PUT; }} }} }}""")
    os.makedirs(f"{folder}/up", exist_ok=True)
    server = subprocess.Popen([nginx, "-c", f"{folder}/nginx.conf"])
    try:
        time.sleep(0.5)
        curl = ["curl", "-fsS", "--cacert", f"{folder}/cert.pem"]
        name = os.path.basename(file)
        figures = {}
        for kind, base in (("http", f"http://127.0.0.1:{http}"), ("https", f"https://localhost:{https}")):
            figures[f"nginx_{kind}_down"] = megabytes(SIZE, timed([*curl, "-o", "/dev/null", f"{base}/{name}"]))
        put = [*curl, "-T", file, f"https://localhost:{https}/up/file"]
        if subprocess.run(put, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            figures["nginx_https_up"] = megabytes(SIZE, timed(put))
        return figures
    finally:
        server.terminate()
        server.wait()


def peak_while(pid, task):
    """Highest RSS seen while the task runs; VmHWM would remember what came before."""
    peak, running = [0], threading.Event()

    def watch():
        while not running.wait(0.02):
            peak[0] = max(peak[0], resident_bytes(pid)[0])
    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.monotonic()
    task()
    seconds = time.monotonic() - start
    running.set()
    watcher.join()
    return seconds, peak[0]


def upload_in_parts(grid, file, salt):
    """As distren uploads: tus in parts of 4 MiB, by the command line's own submit."""
    folder = tempfile.mkdtemp(dir=grid.folder)
    shutil.copy(os.path.join(scenes(), "plain.blend"), folder)
    big = os.path.join(folder, "big.bin")
    shutil.copyfile(file, big)
    with open(big, "r+b") as opened:
        opened.write(salt)  # another file for the server, or it would not be uploaded
    return lambda: grid.submit(os.path.join(folder, "plain.blend"), "--root", folder, "--all-files", "--frames", "1", "--paused", timeout=1200)


def main():
    folder = tempfile.mkdtemp(prefix="distren-bench-")
    try:
        file = os.path.join(folder, "file.bin")
        subprocess.run(["dd", "if=/dev/urandom", f"of={file}", "bs=1M", f"count={SIZE >> 20}"], check=True, capture_output=True)
        figures = nginx_figures(folder, file)
        with Grid() as grid:
            server = grid.child.pid
            start = time.monotonic()
            upload_in_parts(grid, file, b"0")()
            figures["https_up"] = megabytes(SIZE, time.monotonic() - start)
            with_curl = ["curl", "-fsS", "--cacert", grid.ca, "-o", "/dev/null"]
            url = big_file_url(grid)
            figures["https_down"] = megabytes(SIZE, timed([*with_curl, urljoin(grid.url, url)]))
            figures["http_down"] = megabytes(SIZE, timed([*with_curl, f"http://127.0.0.1:{grid.http_port}{url}"]))

            def ten_down():
                children = [subprocess.Popen([*with_curl, urljoin(grid.url, url)]) for _ in range(10)]
                assert all(child.wait() == 0 for child in children)
            seconds, peak = peak_while(server, ten_down)
            figures["ten_down"] = megabytes(10 * SIZE, seconds)
            figures["ten_down_peak_mib"] = peak / 2**20

            uploads = [upload_in_parts(grid, file, b"%d" % (10 + number)) for number in range(10)] if SIZE <= 256 << 20 else []
            if uploads:
                def ten_up():
                    threads = [threading.Thread(target=upload) for upload in uploads]
                    for thread in threads:
                        thread.start()
                    for thread in threads:
                        thread.join()
                seconds, peak = peak_while(server, ten_up)
                figures["ten_up"] = megabytes(10 * SIZE, seconds)
                figures["ten_up_peak_mib"] = peak / 2**20
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures = {name: round(value, 1) for name, value in figures.items()}
    rows = [(name.replace("_", " "), value, "MiB" if name.endswith("mib") else "MB/s") for name, value in figures.items()]
    report(f"{SIZE >> 20} MiB on loopback", rows, {"size_mib": SIZE >> 20, **figures})


def big_file_url(grid):
    """The signed address that a slave's order has for the file."""
    from malicious_slave import Line, slave
    job = grid.api("GET", "/api/v1/jobs")[1]["items"][0]["id"]
    credentials = slave(grid, "bench")
    with Line(grid) as line:
        line.welcome(credentials).announce()
        grid.api("POST", f"/api/v1/jobs/{job}/resume")
        order = line.expect("order")
        return next(each["url"] for each in order["inputs"] if each["path"] == "big.bin")


main()
