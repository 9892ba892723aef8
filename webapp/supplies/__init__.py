"""Relief supplies: what a shelter needs, who sends it, and what arrived."""
