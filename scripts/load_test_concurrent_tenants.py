"""The concurrent-tenants test by its first name: `stress concurrent`, with the same options.

python scripts/load_test_concurrent_tenants.py [OPTIONS of stress concurrent]
"""

from in_environment import run

if __name__ == "__main__":
    run("concurrent")
