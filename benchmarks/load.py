"""Requests as fast as they are answered: with wrk where it is installed, else with a generator of our own."""

import asyncio
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

CONNECTIONS = 16
WARM_UP_SECONDS = 3
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


@dataclass(frozen=True)
class Requests:
    """One kind of request, over several paths in turn."""

    paths: list[str]
    headers: dict[str, str]
    method: str = "GET"
    body: str = ""
    # The pages of one kind are asked for in turn; writes go to several tickets, or they would wait for each other.
    name: str = field(default="", compare=False)


@dataclass(frozen=True)
class Result:
    """Requests a second, and the milliseconds that half and 99 % of them took at most."""

    rate: float
    p50: float
    p99: float


def measure(port: int, requests: Requests, seconds: float, warm_up: float = WARM_UP_SECONDS) -> Result:
    """After a warm-up: what is asked often is in memory. Raises `RuntimeError` where any answer is a refusal."""
    generate = _with_wrk if shutil.which("wrk") else _with_our_own
    with suppress(RuntimeError):
        generate(port, requests, warm_up)
    return generate(port, requests, seconds)


def _with_wrk(port: int, requests: Requests, seconds: float) -> Result:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(_lua(requests))
        file.flush()
        command = ["wrk", "--latency", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-s", file.name]
        said = subprocess.run([*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        raise RuntimeError(f"{requests.method} {requests.paths[0]} was refused:\n{said}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert rate, said
    return Result(float(rate[1]), _percentile(said, "50%"), _percentile(said, "99%"))


def _percentile(said: str, name: str) -> float:
    found = re.search(rf"{name}\s+([\d.]+)(us|ms|s)", said)
    assert found, said
    return float(found[1]) * UNITS[found[2]]


def _lua(requests: Requests) -> str:
    lines = [f"wrk.method = {json.dumps(requests.method)}"]
    lines += [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in requests.headers.items()]
    if requests.body:
        lines.append(f"wrk.body = {json.dumps(requests.body)}")
    paths = ", ".join(json.dumps(path) for path in requests.paths)
    lines += [f"local paths = {{{paths}}}", "local turn = 0"]
    lines += ["request = function()", "  turn = turn % #paths + 1", "  return wrk.format(nil, paths[turn])", "end"]
    return "\n".join(lines)


def _with_our_own(port: int, requests: Requests, seconds: float) -> Result:
    # In a process of its own, as wrk is.
    words = json.dumps({"port": port, "seconds": seconds, **asdict(requests)})
    command = [sys.executable, "-m", "benchmarks.load", words]
    folder = Path(__file__).parents[1]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    if done.returncode != 0:
        raise RuntimeError(done.stderr)
    return Result(**json.loads(done.stdout))


async def _generate(port: int, seconds: float, requests: Requests) -> Result:
    deadline = time.perf_counter() + seconds
    messages = [_message(requests, path) for path in requests.paths]
    lanes = await asyncio.gather(
        *(_lane(port, messages[lane % len(messages) :] + messages, deadline) for lane in range(CONNECTIONS))
    )
    took = sorted(one for lane in lanes for one in lane)
    return Result(len(took) / seconds, 1000 * took[len(took) // 2], 1000 * took[len(took) * 99 // 100])


async def _lane(port: int, messages: list[bytes], deadline: float) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    took: list[float] = []
    while (begun := time.perf_counter()) < deadline:
        writer.write(messages[len(took) % len(messages)])
        head = await reader.readuntil(b"\r\n\r\n")
        if head[9:10] != b"2":
            raise RuntimeError(f"refused: {head.decode()}")
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        if length is None:
            raise RuntimeError("an answer did not say how long it is")
        await reader.readexactly(int(length[1]))
        took.append(time.perf_counter() - begun)
    writer.close()
    return took


def _message(requests: Requests, path: str) -> bytes:
    headers = {"Host": "127.0.0.1", **requests.headers}
    if requests.body:
        headers["Content-Length"] = str(len(requests.body.encode()))
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{requests.method} {path} HTTP/1.1\r\n{head}\r\n{requests.body}".encode()


if __name__ == "__main__":
    told = json.loads(sys.argv[1])
    result = asyncio.run(_generate(told.pop("port"), told.pop("seconds"), Requests(**told)))
    print(json.dumps(asdict(result)))
