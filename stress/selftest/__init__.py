"""The tester tests itself: targets with one bug each, and the checks that must find them."""
