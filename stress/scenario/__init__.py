"""What to run: options, environment and thresholds become one frozen Scenario."""
