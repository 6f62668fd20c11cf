"""The job graph: what waits for what. The only home of networkx."""
