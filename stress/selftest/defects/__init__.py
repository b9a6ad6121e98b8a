"""Planted defects by family: each class is the reference with one bug, named after it.

Where a race is too narrow for a phase to hit it every time, the defect holds the bad moment open.
"""
