"""The machines: supervisor of machine hosts and what they last said."""
