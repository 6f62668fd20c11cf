"""The walk: visits the jobs of a graph as soon as what they wait for is done."""
