"""The configuration: its model, and how it is found, read and judged. The only reader of the environment."""
