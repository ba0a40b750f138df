"""Forks and ends of processes."""

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import urllib.request

import pytest
from conftest import ENDPOINT, assert_stored

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


def test_a_forked_child_is_a_client_of_its_own(make, rough, prefix):
    client = make(rough.url)
    client.count(f"{prefix}_a", 1)
    client.event(f"{prefix}_event")
    children = []
    for _ in range(3):
        pid = os.fork()
        if pid == 0:
            client.count(f"{prefix}_a", 10)
            client.event(f"{prefix}_event")
            ok = client.flush()
            os._exit(0 if ok else 1)
        children.append(pid)
    assert [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children] == [0, 0, 0]
    assert client.flush()
    assert_stored(prefix, {f"{prefix}_a_total": 31, f"{prefix}_event_total": 4})
    assert rough.seqs() == [1, 1, 1, 1]


def test_a_closed_client_is_closed_in_a_forked_child(make, told, prefix):
    client = make()
    client.close()
    pid = os.fork()
    if pid == 0:
        client.count(prefix)
        os._exit(0 if [each.code for each in told] == ["misuse"] else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_fork_while_threads_count(make, prefix):
    client = make(interval=0.1)
    stop = threading.Event()

    def work():
        while not stop.is_set():
            client.count(f"{prefix}_parent")

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=count_and_flush, args=(client, f"{prefix}_child")) for _ in range(10)]
    for child in children:
        child.start()
    for child in children:
        child.join(20)
    stop.set()
    for thread in threads:
        thread.join()
    assert [child.exitcode for child in children] == [0] * 10
    assert_stored(f"{prefix}_child", {f"{prefix}_child_total": 1000})


def count_and_flush(client, name):
    for _ in range(100):
        client.count(name)
    if not client.flush():
        sys.exit(1)


def test_the_end_of_a_process_flushes(prefix):
    run(f"client.count('{prefix}', 7)\nclient.event('{prefix}_event')")
    assert_stored(prefix, {f"{prefix}_total": 7, f"{prefix}_event_total": 1})


def test_the_end_of_a_process_is_not_held_up(prefix):
    # 5 s are the most.
    run(f"client.count('{prefix}', 7)", endpoint="http://127.0.0.1:1", timeout=8)


def test_a_signal_handler_may_count_and_close(prefix):
    source = f"""
    import signal

    def end(*_):
        client.count('{prefix}_end')
        client.close()
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
    print('ready', flush=True)
    while True:
        client.count('{prefix}')
    """
    child = subprocess.Popen([sys.executable, "-c", script(source)], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGTERM)
    assert child.wait(15) == 0
    child.stdout.close()
    assert_stored(f"{prefix}_end", {f"{prefix}_end_total": 1})


def script(source, endpoint=ENDPOINT):
    return f"import weir_client\nclient = weir_client.create_client({endpoint!r})\n{textwrap.dedent(source)}"


def run(source, endpoint=ENDPOINT, timeout=15):
    subprocess.run([sys.executable, "-c", script(source, endpoint)], check=True, timeout=timeout)


GUNICORN_APP = """
import weir_client

client = weir_client.create_client({endpoint!r})
client.count({name!r} + '_loaded')


def app(environ, start_response):
    client.count({name!r}, 1, {{'path': environ['PATH_INFO']}})
    client.event({name!r} + '_event')
    start_response('200 OK', [('content-length', '2')])
    return [b'ok']
"""


def test_workers_of_gunicorn_that_are_forked_from_a_loaded_application(prefix, tmp_path):
    pytest.importorskip("gunicorn")
    (tmp_path / "shop.py").write_text(GUNICORN_APP.format(endpoint=ENDPOINT, name=prefix))
    # Port 0 is a free one, which gunicorn tells in its log.
    options = ["--preload", "--workers", "3", "--bind", "127.0.0.1:0", "shop:app"]
    command = [sys.executable, "-m", "gunicorn", *options]
    server = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    try:
        url = next(found[0] for line in server.stderr if (found := re.findall(r"Listening at: (http://\S+)", line)))
        for _ in range(60):
            with urllib.request.urlopen(f"{url}/pay") as answer:
                assert answer.read() == b"ok"
    finally:
        server.terminate()
        # A worker that is told to end while it begins is only ended after gunicorn's 30 s.
        server.communicate(timeout=60)
    want = {f'{prefix}_total{{path="/pay"}}': 60, f"{prefix}_event_total": 60, f"{prefix}_loaded_total": 1}
    assert_stored(prefix, want)
