"""The load itself: workers, lanes, gates, and what they leave in shared memory."""
