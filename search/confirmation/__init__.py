"""The verdict: what is trained again, what that shows, and how it is said; knows nothing of Ray."""
