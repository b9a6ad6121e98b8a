from hypothesis import settings

# No deadline: tests assert no times. No database: runs leave nothing behind.
settings.register_profile("house", deadline=None, database=None)
settings.load_profile("house")
