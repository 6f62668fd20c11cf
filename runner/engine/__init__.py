"""Graph, walk, visits, sessions. Never names an operating system or a protocol."""
