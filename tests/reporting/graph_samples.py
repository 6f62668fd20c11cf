"""Job graphs to draw, for the tests of the drawings."""

from __future__ import annotations

from typing import Final

from runner.reporting.graph.nodes import DrawEdge, DrawNode

HOSTILE: Final = (
    '"];evil [label="x',
    "</title></g><script>alert(1)</script>",
    "<b>bold</b> & co; &lt; &#65;",
    "\\N \\G \\",
    "<<I>html</I>>",
    "\x1b[31mred\x07\x00",
    "two\nlines\tand a tab",
    "\ud800 half \ufffe",
    "safe\u202emysql",
    "清除打印队列并重新启动服务清除打印队列并重新启动服务清除打印队列",
    "x" * 500,
    "]]><!-- --",
    "",
    "%s {0} {nodes}",
)


def fleet() -> tuple[list[DrawNode], list[DrawEdge]]:
    """Plays one after the other and side by side, every kind of node and edge."""
    nodes = [
        DrawNode("facts", "gather facts", "setup · 230 hosts", "look", "facts"),
        DrawNode("services", "record the services", "win_service_info · 230 hosts", "look"),
        DrawNode("canary", "canary: 2 hosts", "", "close SMB", "gate"),
        DrawNode("stop", "stop the Server service", "win_service · 218 hosts", "close SMB"),
        DrawNode("block", "block SMB at the wall", "win_firewall_rule · 230 hosts", "close SMB"),
        DrawNode("files", "file servers last", "win_service · 12 hosts", "close SMB"),
        DrawNode("restart", "restart browser", "win_service · 230 hosts", "close SMB", "handler"),
        DrawNode("queue", "clear the queue", "win_shell · 9 hosts", "printers"),
        DrawNode("report", "write the report", "win_template · 1 host", "report"),
    ]
    edges = [
        DrawEdge("facts", "services"),
        DrawEdge("services", "canary", "play"),
        DrawEdge("services", "queue", "play"),
        DrawEdge("canary", "stop"),
        DrawEdge("canary", "block"),
        DrawEdge("stop", "files", "all", "windows:!fileservers"),
        DrawEdge("block", "restart"),
        DrawEdge("stop", "restart"),
        DrawEdge("files", "report", "play"),
        DrawEdge("restart", "report", "play"),
        DrawEdge("services", "report", "all", "everybody"),
        DrawEdge("queue", "report", "play"),
    ]
    return nodes, edges


def hostile() -> tuple[list[DrawNode], list[DrawEdge]]:
    """A name of every bad kind in every place."""
    nodes = [
        DrawNode(f"{number} {name}", name, name, HOSTILE[number // 3], "task")
        for number, name in enumerate(HOSTILE)
    ]
    edges = [
        DrawEdge(one.id, two.id, "all", name)
        for one, two, name in zip(nodes, nodes[1:], HOSTILE, strict=False)
    ]
    return nodes, edges
