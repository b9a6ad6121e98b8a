"""From figures and checks to thresholds, caveats and the verdict."""
