from hypothesis import settings

# No deadline: a test never asserts how long something takes. No database: runs leave nothing behind.
settings.register_profile("house", deadline=None, database=None)
settings.load_profile("house")
