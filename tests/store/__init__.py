"""What the tests of saved models are made of; ``torture.py`` uses it too."""
