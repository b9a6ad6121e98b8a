"""What the instruments and the resolver cost, beside their peers: `python -m benchmarks [NAME…]`.

One file a benchmark; `contest` measures, `table` prints, `__main__` lists them.
"""
