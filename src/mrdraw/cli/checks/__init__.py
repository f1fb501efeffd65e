"""What `mrdraw doctor` looks at: one module per subject, each with its facts, how they are gathered, what they mean.

Invariants: what facts mean is said by functions that touch nothing; gathering changes nothing and needs no rights.
"""
