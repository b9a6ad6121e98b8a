"""The main load test by its first name: `stress verify`, with the same options.

python scripts/load_test_tenant_cache.py [OPTIONS of stress verify]
"""

from in_environment import run

if __name__ == "__main__":
    run("verify")
