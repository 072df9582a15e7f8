"""The pages, a module each: what is said and asked; the figures come from `charts`.

The folder is not called `pages`, since Streamlit would take its files for scripts.
"""
