"""The database that studies are in: its address, its safety, who may write."""
